import pytest

from marginwatch.venues.bybit.parse.orders import parse_open_orders

ORDER = {
    "orderId": "o1",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "qty": "1",
    "leavesQty": "0.4",
    "price": "50000",
    "orderStatus": "New",
    "cancelType": "UNKNOWN",
    "reduceOnly": False,
    "updatedTime": "1697673600012",
}


def only(raw, catalog, **changes):
    page = parse_open_orders(raw({"list": [ORDER | changes]}), "linear", catalog)
    assert page.failures == ()
    return page.rows[0]


@pytest.mark.parametrize(
    ("status", "is_open"),
    [
        ("New", True),
        ("PartiallyFilled", True),
        ("Untriggered", True),
        ("Cancelled", False),
        ("Filled", False),
    ],
)
def test_which_orders_tie_up_margin(raw, catalog, status, is_open) -> None:
    order = only(raw, catalog, orderStatus=status)
    assert (order.is_open, order.status) == (is_open, status)


@pytest.mark.parametrize(
    ("cancel", "kind"),
    [
        ("CancelByPrepareLiq", "liquidation"),
        ("CancelAllBeforeLiq", "liquidation"),
        ("CancelByPrepareAdl", "adl"),
        ("CancelAllBeforeAdl", "adl"),
        ("CancelBySettle", "CancelBySettle"),
        ("UNKNOWN", None),
        ("", None),
        (None, None),
    ],
)
def test_why_the_venue_took_an_order_away(raw, catalog, cancel, kind) -> None:
    assert only(raw, catalog, cancelType=cancel).cancel_kind == kind


def test_option_rows_may_leave_the_rest_empty(raw, catalog) -> None:
    order = only(raw, catalog, leavesQty="", price="")
    assert (order.remaining_quantity, order.price, order.quantity) == (None, None, "1")
    assert (order.side, order.is_reduce_only, order.ts_venue_ns) == ("buy", False, 1697673600012_000_000)


def test_a_bad_order_costs_only_itself(raw, catalog) -> None:
    page = parse_open_orders(raw({"list": [ORDER | {"qty": "x"}, ORDER]}), "linear", catalog)
    assert len(page.rows) == 1
    assert "qty" in page.failures[0].message
