from marginwatch.venues.bybit.parse.haircuts import parse_borrow_tiers, parse_collateral_tiers


def test_collateral_bands_ascend_and_the_last_has_no_end(raw) -> None:
    bands = [
        {"minQty": "1000000", "maxQty": "", "collateralRatio": "0"},
        {"minQty": "0", "maxQty": "1000000", "collateralRatio": "0.85"},
    ]
    page = parse_collateral_tiers(raw({"list": [{"currency": "BTC", "collateralRatioList": bands}]}))
    assert [(t.quantity_from, t.quantity_to, t.collateral_rate) for t in page.rows] == [
        ("0", "1000000", "0.85"),
        ("1000000", None, "0"),
    ]


def test_borrow_tiers_ascend(raw) -> None:
    steps = [
        {"tier": "2", "borrowLimit": "2", "positionMMR": "0.05", "positionIMR": "0.2", "maxLeverage": "5"},
        {"tier": "1", "borrowLimit": "1", "positionMMR": "0.04", "positionIMR": "0.1", "maxLeverage": "10"},
    ]
    page = parse_borrow_tiers(raw({"list": [{"currency": "BTC", "positionTiersRatioList": steps}]}))
    assert [(t.asset, t.tier, t.limit, t.maintenance_margin_rate) for t in page.rows] == [
        ("BTC", 1, "1", "0.04"),
        ("BTC", 2, "2", "0.05"),
    ]


def test_a_coin_with_a_bad_band_is_left_out_whole(raw) -> None:
    good = {
        "currency": "ETH",
        "collateralRatioList": [{"minQty": "0", "maxQty": "", "collateralRatio": "0.9"}],
    }
    for bad_band in ({"minQty": "x", "collateralRatio": "1"}, {"minQty": "0", "collateralRatio": ""}, {}):
        bad = {"currency": "BTC", "collateralRatioList": [*good["collateralRatioList"], bad_band]}
        page = parse_collateral_tiers(raw({"list": [bad, good]}))
        assert [tier.asset for tier in page.rows] == ["ETH"]
        assert len(page.failures) == 1
    page = parse_borrow_tiers(
        raw({"list": [{"currency": "BTC", "positionTiersRatioList": [{"borrowLimit": ""}]}]})
    )
    assert page.rows == ()
    assert "borrowLimit" in page.failures[0].message
