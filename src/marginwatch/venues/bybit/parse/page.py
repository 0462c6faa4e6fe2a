"""Lists of rows: the good ones, the failures beside them, and where the next page starts."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.failure import Failure
from marginwatch.venues.bybit.parse.envelope import UNDECODABLE, decode_with, describe
from marginwatch.venues.bybit.schemas.envelope import WirePage, WireSymbol

Row = TypeVar("Row")
Noun = TypeVar("Noun")
Noun_co = TypeVar("Noun_co", covariant=True)

_pages = msgspec.json.Decoder(WirePage)
_symbols = msgspec.json.Decoder(WireSymbol)


class Page(msgspec.Struct, Generic[Noun_co], frozen=True):
    """One page of a list endpoint.

    Parameters
    ----------
    rows : tuple
        What could be read, in the venue's order.
    failures : tuple of Failure
        One for each row that could not; nothing of such a row is used.
    next_cursor : str or None
        To be sent back exactly as it came (it is already percent-encoded); None on the last page.
    """

    rows: tuple[Noun_co, ...]
    failures: tuple[Failure, ...] = ()
    next_cursor: str | None = None


def open_page(result: msgspec.Raw, what: str) -> WirePage:
    """Return the rows of a list result, still encoded.

    Raises
    ------
    ProtocolError
        If there is no list: an absent list is not an empty one.
    """
    return decode_with(_pages, result, what)


def read_page(
    page: WirePage, decoder: msgspec.json.Decoder[Row], build: Callable[[Row], Noun], what: str
) -> Page[Noun]:
    """Return the rows of a page as nouns.

    Parameters
    ----------
    page : WirePage
        From :func:`open_page`.
    decoder : msgspec.json.Decoder
        Of one row.
    build : callable
        Wire row to noun; raises ProtocolError for a row that makes no sense.
    what : str
        Names the endpoint in failures.
    """
    rows, failures = read_rows(page.rows, decoder, build, what)
    return Page(rows, failures, page.next_page_cursor or None)


def read_rows(
    raws: list[msgspec.Raw], decoder: msgspec.json.Decoder[Row], build: Callable[[Row], Noun], what: str
) -> tuple[tuple[Noun, ...], tuple[Failure, ...]]:
    """Return rows and failures of a list of encoded rows; one bad row costs only itself."""
    rows: list[Noun] = []
    failures: list[Failure] = []
    for number, raw in enumerate(raws):
        try:
            rows.append(build(decoder.decode(raw)))
        except UNDECODABLE as error:
            failures.append(row_failure(what, number, raw, describe(error)))
        except ProtocolError as error:
            failures.append(row_failure(what, number, raw, error.message))
    return tuple(rows), tuple(failures)


def row_failure(what: str, number: int, raw: msgspec.Raw, message: str) -> Failure:
    """Return the failure of one row, named by its symbol where that can be read."""
    try:
        symbol = _symbols.decode(raw).symbol
    except UNDECODABLE:
        symbol = None
    return Failure("protocol", symbol or f"row {number}", f"{what}, row {number}: {message}")
