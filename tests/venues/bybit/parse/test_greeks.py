from marginwatch.venues.bybit.parse.greeks import parse_coin_greeks, parse_option_assets


def test_coin_greeks(result_of, raw) -> None:
    ((asset, greeks),) = parse_coin_greeks(result_of("rest_coin_greeks_btc_docs.json")).rows
    assert (asset, greeks.delta, greeks.vega) == ("BTC", "0.00004001", "-0.00039689")
    page = parse_coin_greeks(raw({"list": [{"baseCoin": "BTC", "totalDelta": "x"}, {"totalDelta": "1"}]}))
    assert (page.rows, len(page.failures)) == ((), 2)


def test_option_assets_are_nested_once_more(result_of) -> None:
    (row,) = parse_option_assets(result_of("rest_option_asset_info_docs.json")).rows
    assert (row.asset, row.unrealized_pnl, row.initial_margin) == ("BTC", "-47.6318", "0.0000")
    assert row.ts_venue_ns == 1773230923530_000_000
