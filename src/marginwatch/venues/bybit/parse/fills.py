"""Executions, from REST pages and from pushes."""

from typing import Final, Literal

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.activity import Fill, FillKind
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page
from marginwatch.venues.bybit.parse.text import number_or_none, sequence_or_none, time_ns_or_none
from marginwatch.venues.bybit.schemas.activity import WireExecution

ENDPOINT = "/v5/execution/list"

SIDES: Final[dict[str | None, Literal["buy", "sell"]]] = {"Buy": "buy", "Sell": "sell"}

_KINDS: Final[dict[str | None, FillKind]] = {
    "Trade": "trade",
    "AdlTrade": "adl",
    "BustTrade": "liquidation",
    "Funding": "funding",
    "Delivery": "delivery",
    "Settle": "delivery",
}
"""``execType`` (docs: v5/enum). What is not listed, or listed later, is ``other``."""

_FORCED: Final[dict[str | None, FillKind]] = {
    "CreateByLiq": "liquidation",
    "CreateByTakeOver_PassThrough": "liquidation",
    "CreateByAdl_PassThrough": "adl",
}
"""``createType`` (docs: v5/enum) of trades that the venue itself made."""

_rows = msgspec.json.Decoder(WireExecution)


def parse_fills(result: msgspec.Raw, category: str | None, catalog: InstrumentCatalog) -> Page[Fill]:
    """Return one page of ``/v5/execution/list``, newest first as the venue sends it.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    page = open_page(result, ENDPOINT)
    said = category or page.category
    return read_page(page, _rows, lambda row: fill_of(row, said, catalog), ENDPOINT)


def fill_of(
    row: WireExecution, category: str | None, catalog: InstrumentCatalog, *, is_fast: bool = False
) -> Fill:
    """Return one execution.

    Parameters
    ----------
    row : WireExecution
        Decoded row.
    category : str or None
        Used where the row does not say.
    catalog : InstrumentCatalog
        Contracts.
    is_fast : bool
        From ``execution.fast``, which carries trades only and therefore names no type.

    Raises
    ------
    ProtocolError
        If a number is none or the side is unknown.
    """
    exec_type = "Trade" if is_fast and row.exec_type is None else row.exec_type
    kind = _KINDS.get(exec_type, "other")
    if kind == "trade":
        kind = _FORCED.get(row.create_type, kind)
    return Fill(
        fill_id=row.exec_id or None,
        order_id=row.order_id or None,
        instrument=catalog.resolve(row.category or category, row.symbol),
        side=side_of(row.side, row.symbol),
        quantity=number_or_none(row.exec_qty, "execQty"),
        price=number_or_none(row.exec_price, "execPrice"),
        fee=number_or_none(row.exec_fee, "execFee"),
        kind=kind,
        sequence=sequence_or_none(row.seq),
        ts_venue_ns=time_ns_or_none(row.exec_time, "execTime"),
    )


def side_of(side: str | None, symbol: str) -> Literal["buy", "sell"] | None:
    """Return the side in our words; None where none is said.

    Raises
    ------
    ProtocolError
        If it is a word that is neither: which way it went would be a guess.
    """
    if side in ("", "None", None):
        return None
    found = SIDES.get(side)
    if found is None:
        raise ProtocolError(f"{symbol[:40]}: side {str(side)[:40]!r} is neither Buy nor Sell")
    return found
