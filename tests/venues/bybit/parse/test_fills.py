import pytest

from marginwatch.venues.bybit.parse.fills import parse_fills

FILL = {
    "symbol": "BTCUSDT",
    "side": "Sell",
    "execId": "e1",
    "orderId": "o1",
    "execQty": "0.5",
    "execPrice": "95900.1",
    "execFee": "26.37",
    "execType": "Trade",
    "execTime": "1746270400353",
    "seq": 9,
}


def only(raw, catalog, **changes):
    page = parse_fills(raw({"list": [FILL | changes]}), "linear", catalog)
    assert page.failures == ()
    return page.rows[0]


@pytest.mark.parametrize(
    ("exec_type", "create_type", "kind"),
    [
        ("Trade", "CreateByUser", "trade"),
        ("Trade", None, "trade"),
        ("Trade", "CreateByLiq", "liquidation"),
        ("Trade", "CreateByTakeOver_PassThrough", "liquidation"),
        ("Trade", "CreateByAdl_PassThrough", "adl"),
        ("AdlTrade", "", "adl"),
        ("BustTrade", "", "liquidation"),
        ("Funding", "", "funding"),
        ("Delivery", "", "delivery"),
        ("Settle", "", "delivery"),
        ("CorporateAction", "", "other"),
        (None, None, "other"),
    ],
)
def test_kinds(raw, catalog, exec_type, create_type, kind) -> None:
    assert only(raw, catalog, execType=exec_type, createType=create_type).kind == kind


@pytest.mark.parametrize("extra", [[{"feeCoin": "USDT", "fee": "1"}], "", None, {"a": 1}])
def test_extra_fees_of_any_type_do_not_matter(raw, catalog, extra) -> None:
    fill = only(raw, catalog, extraFees=extra)
    assert (fill.fill_id, fill.order_id, fill.quantity, fill.price, fill.fee) == (
        "e1",
        "o1",
        "0.5",
        "95900.1",
        "26.37",
    )
    assert (fill.sequence, fill.ts_venue_ns, fill.side) == (9, 1746270400353_000_000, "sell")


def test_a_funding_payment_has_a_fee_as_the_venue_signs_it(raw, catalog) -> None:
    fill = only(raw, catalog, execType="Funding", execFee="-0.7506234", side="None", execId="")
    assert (fill.kind, fill.fee, fill.side, fill.fill_id) == ("funding", "-0.7506234", None, None)


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"side": "Up"}, "side"), ({"execQty": "x"}, "execQty"), ({"execTime": "x"}, "execTime")],
)
def test_a_bad_fill_costs_only_itself(raw, catalog, changes, named) -> None:
    page = parse_fills(raw({"list": [FILL, FILL | changes]}), "linear", catalog)
    assert len(page.rows) == 1
    assert named in page.failures[0].message
