"""Rows that are in the store, newest first, page by page up to a limit."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

PAGE = 1_000


class Record(Protocol):
    """Something stored."""

    @property
    def id(self) -> int:
        """Rises with every row."""
        ...


R = TypeVar("R", bound=Record)


async def pages(
    read: Callable[[int | None, int], Awaitable[Sequence[R]]], limit: int
) -> AsyncIterator[Sequence[R]]:
    """Yield pages of records until there are no more or ``limit`` were read.

    Parameters
    ----------
    read : callable
        Id before which, and how many → records, newest first.
    limit : int
        At most so many in all.
    """
    before: int | None = None
    while limit > 0:
        found = await read(before, min(PAGE, limit))
        if found:
            yield found
        if len(found) < min(PAGE, limit):
            return
        before, limit = found[-1].id, limit - len(found)
