"""Lists to their last page, however the venue ends them."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.failure import Failure
from marginwatch.venues.bybit.parse.page import Page

PAGES_MAX = 2000
"""A list longer than this is a venue that hands out cursors without end."""

Noun = TypeVar("Noun")


class Listing(msgspec.Struct, Generic[Noun], frozen=True):
    """All rows of a list endpoint.

    Parameters
    ----------
    rows : tuple
        In the venue's order.
    failures : tuple of Failure
        Rows that could not be read.
    n_pages : int
        How many calls it took.
    as_of_ns : int
        The venue's time of the first page, UTC nanoseconds.
    """

    rows: tuple[Noun, ...]
    failures: tuple[Failure, ...]
    n_pages: int
    as_of_ns: int


async def collect_pages(
    fetch: Callable[[str | None], Awaitable[tuple[Page[Noun], int]]], *, what: str
) -> Listing[Noun]:
    """Return a whole list.

    It ends where the cursor is empty, where a page is (some endpoints send a cursor with their last page, and then
    an empty one with yet another), or where a cursor comes that was used before.

    Parameters
    ----------
    fetch : callable
        Cursor (None for the first page) to the page and the venue's time of its reply.
    what : str
        Names the endpoint in the error.

    Raises
    ------
    ProtocolError
        If there are more than :data:`PAGES_MAX` pages.
    """
    rows: list[Noun] = []
    failures: list[Failure] = []
    used: set[str] = set()
    cursor: str | None = None
    as_of_ns: int | None = None
    for number in range(1, PAGES_MAX + 1):
        page, at_ns = await fetch(cursor)
        as_of_ns = at_ns if as_of_ns is None else min(as_of_ns, at_ns)
        rows += page.rows
        failures += page.failures
        cursor = page.next_cursor
        is_empty = not page.rows and not page.failures
        if not cursor or is_empty or cursor in used:
            return Listing(tuple(rows), tuple(failures), number, as_of_ns)
        used.add(cursor)
    raise ProtocolError(f"{what}: more than {PAGES_MAX} pages", endpoint=what)
