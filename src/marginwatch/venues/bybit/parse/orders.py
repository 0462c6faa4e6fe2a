"""Orders, from REST pages and from pushes: for the margin they tie up and for how the venue ended them."""

from typing import Final

import msgspec

from marginwatch.model.activity import OpenOrder
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.fills import side_of
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page
from marginwatch.venues.bybit.parse.text import NONE, number_or_none, time_ns_or_none
from marginwatch.venues.bybit.schemas.activity import WireOrder

ENDPOINT = "/v5/order/realtime"

_OPEN_STATUSES: Final = frozenset({"New", "PartiallyFilled", "Untriggered"})
"""``orderStatus`` (docs: v5/enum, "open status")."""

_CANCEL_KINDS: Final = {
    "CancelByPrepareLiq": "liquidation",
    "CancelAllBeforeLiq": "liquidation",
    "CancelByPrepareAdl": "adl",
    "CancelAllBeforeAdl": "adl",
}
"""``cancelType`` (docs: v5/enum) of orders that the venue took away before it acted on a position."""

_UNSAID_CANCELS: Final = NONE | {"UNKNOWN"}

_rows = msgspec.json.Decoder(WireOrder)


def parse_open_orders(
    result: msgspec.Raw, category: str | None, catalog: InstrumentCatalog
) -> Page[OpenOrder]:
    """Return one page of ``/v5/order/realtime``.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    page = open_page(result, ENDPOINT)
    said = category or page.category
    return read_page(page, _rows, lambda row: order_of(row, said, catalog), ENDPOINT)


def order_of(row: WireOrder, category: str | None, catalog: InstrumentCatalog) -> OpenOrder:
    """Return one order; a cancel type that is neither liquidation nor ADL is kept in the venue's words.

    Raises
    ------
    ProtocolError
        If a number is none or the side is unknown.
    """
    cancel = row.cancel_type
    return OpenOrder(
        order_id=row.order_id,
        instrument=catalog.resolve(row.category or category, row.symbol),
        side=side_of(row.side, row.symbol),
        quantity=number_or_none(row.qty, "qty"),
        remaining_quantity=number_or_none(row.leaves_qty, "leavesQty"),
        price=number_or_none(row.price, "price"),
        is_open=row.order_status in _OPEN_STATUSES,
        status=row.order_status or None,
        cancel_kind=None if cancel in _UNSAID_CANCELS else _CANCEL_KINDS.get(str(cancel), cancel),
        is_reduce_only=row.reduce_only,
        ts_venue_ns=time_ns_or_none(row.updated_time, "updatedTime"),
        created_at_ns=time_ns_or_none(row.created_time, "createdTime"),
        is_conditional=row.order_status == "Untriggered",
    )
