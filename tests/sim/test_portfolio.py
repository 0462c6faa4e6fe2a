"""Portfolio margin: what hedges needs little, what does not needs its worst loss."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim.exchange import Exchange

PORTFOLIO = "PORTFOLIO_MARGIN"


@pytest.fixture
def stressed(quiet: Exchange) -> Callable[..., str]:
    """Open an account in portfolio margin with coins; returns its UID."""

    def open_one(**coins: str) -> str:
        info = quiet.open_account("stressed", margin_mode=PORTFOLIO)
        for coin, amount in (coins or {"USDT": "100000"}).items():
            quiet.deposit(info.uid, coin, amount)
        return info.uid

    return open_one


def margins(exchange: Exchange, uid: str) -> tuple[float, float]:
    totals = exchange.wallet(uid).totals
    assert totals.total_initial_margin is not None
    assert totals.total_maintenance_margin is not None
    return float(totals.total_initial_margin), float(totals.total_maintenance_margin)


def usd(exchange: Exchange, uid: str, coin: str) -> float:
    row = next(row for row in exchange.wallet(uid).coins if row.coin == coin)
    return float(row.usd_value / row.equity)


def option(exchange: Exchange, kind: str, nth: int = 3) -> str:
    """A USDT option of the last expiry on BTC; 3 is at the money."""
    listed = [
        row
        for row in exchange.instruments("option")
        if row.base_coin == "BTC" and row.settle_coin == "USDT" and row.option_kind == kind
    ]
    last = max(row.delivery_ms for row in listed)
    return [row.symbol for row in listed if row.delivery_ms == last][nth]


@pytest.mark.parametrize("side", ["1", "-1"])
def test_a_naked_future_needs_a_tenth_and_a_contingency(
    quiet: Exchange, stressed: Callable[..., str], side: str
) -> None:
    """80,000 USDT of Bitcoin lose 8,000 in the worst shock, and 0.5 % of their value are the contingency."""
    uid = stressed()
    quiet.set_price("BTCUSDT", "80000.0")
    quiet.open_position(uid, "BTCUSDT", side)
    initial, maintenance = margins(quiet, uid)
    assert maintenance == pytest.approx(8_400 * usd(quiet, uid, "USDT"), rel=1e-9)
    assert initial == pytest.approx(1.2 * maintenance)
    (book,) = quiet.stress(uid)
    assert len(book.grid) == 11
    assert book.grid[0.0, 1.0] == 0.0


def test_a_hedge_over_contracts_needs_little(quiet: Exchange, stressed: Callable[..., str]) -> None:
    hedged, naked = stressed(USDT="50000", USDC="50000", BTC="1"), stressed()
    quiet.set_price("BTCUSDT", "80000.0")
    for uid in (hedged, naked):
        quiet.open_position(uid, "BTCUSDT", "1")
    quiet.open_position(hedged, "BTCPERP", "-0.5")
    quiet.open_position(hedged, "BTCUSD", "-40000")
    assert margins(quiet, hedged)[1] < 0.2 * margins(quiet, naked)[1]
    (book,) = quiet.stress(hedged)
    assert book.contingencies["spread"] > 0
    assert book.contingencies["calendar"] == book.contingencies["vega"] == 0


def test_books_of_different_coins_do_not_hedge(quiet: Exchange, stressed: Callable[..., str]) -> None:
    uid = stressed()
    quiet.open_position(uid, "BTCUSDT", "0.1")
    alone = margins(quiet, uid)[1]
    quiet.open_position(uid, "ETHUSDT", "-3")
    assert [book.coin for book in quiet.stress(uid)] == ["BTC", "ETH"]
    assert margins(quiet, uid)[1] > 1.5 * alone


def test_a_straddle_sold_is_worst_at_an_edge_with_volatility_up(
    quiet: Exchange, stressed: Callable[..., str]
) -> None:
    uid = stressed()
    for kind in ("Call", "Put"):
        quiet.open_position(uid, option(quiet, kind), "-1")
    (book,) = quiet.stress(uid)
    worst = min(book.grid, key=lambda shock: book.grid[shock])
    assert abs(worst[0]) == pytest.approx(0.1)
    assert worst[1] > 1.0
    assert book.contingencies["short_option"] > 0
    assert book.contingencies["vega"] > 0


def test_a_long_option_cannot_need_more_than_its_worth_and_vega(
    quiet: Exchange, stressed: Callable[..., str]
) -> None:
    uid, symbol = stressed(), option(quiet, "Call")
    quiet.open_position(uid, symbol, "1")
    (book,) = quiet.stress(uid)
    (ticker,) = quiet.tickers("option", symbol)
    assert 0 < book.worst_loss <= float(ticker.mark_price) * usd(quiet, uid, "USDT")
    totals = quiet.wallet(uid).totals
    assert totals.total_margin_balance == pytest.approx(totals.total_equity, abs=Decimal("0.0001"))


def test_a_put_protects_a_future(quiet: Exchange, stressed: Callable[..., str]) -> None:
    uid = stressed()
    quiet.open_position(uid, "BTCUSDT", "1")
    naked = quiet.stress(uid)[0].worst_loss
    quiet.open_position(uid, option(quiet, "Put"), "1")
    assert quiet.stress(uid)[0].worst_loss < 0.6 * naked


def test_positions_and_coins_show_no_margins(quiet: Exchange, stressed: Callable[..., str]) -> None:
    uid = stressed()
    quiet.open_position(uid, "BTCUSDT", "0.5")
    (row,) = quiet.positions(uid, "linear")
    assert row.leverage is row.initial_margin is row.maintenance_margin is row.liquidation_price is None
    assert (row.risk_id, row.risk_limit_value) == (0, 0)
    coin = quiet.wallet(uid).coins[0]
    assert (
        coin.order_initial_margin is coin.position_initial_margin is coin.position_maintenance_margin is None
    )
    assert quiet.wallet(uid).totals.account_mm_rate is not None


def test_the_account_is_liquidated_when_stress_exceeds_what_it_has(
    quiet: Exchange, stressed: Callable[..., str]
) -> None:
    uid = stressed(USDT="10000")
    quiet.set_price("BTCUSDT", "80000.0")
    quiet.open_position(uid, "BTCUSDT", "1")
    quiet.set_price("BTCUSDT", "79000.0")
    assert quiet.stats().liquidations == 0
    quiet.set_price("BTCUSDT", "78000.0")
    assert quiet.stats().liquidated_uids == (uid,)
    assert quiet.positions(uid, "linear") == ()
    quiet.check_books()


def test_orders_need_margin_but_no_maintenance(quiet: Exchange, stressed: Callable[..., str]) -> None:
    uid = stressed()
    quiet.place_order(uid, "BTCUSDT", "1", "50000")
    initial, maintenance = margins(quiet, uid)
    assert maintenance == 0
    assert initial > 5_000


def test_small_accounts_and_leverage_are_refused(
    quiet: Exchange, stressed: Callable[..., str], funded
) -> None:
    with pytest.raises(ValueError, match="1000 USD"):
        quiet.set_margin_mode(funded("900"), PORTFOLIO)
    with pytest.raises(ValueError, match="cannot be set"):
        quiet.set_leverage(stressed(), "BTCUSDT", "5")
    uid = funded("90000")
    quiet.open_position(uid, "BTCUSDT", "0.1")
    before = margins(quiet, uid)[1]
    quiet.set_margin_mode(uid, PORTFOLIO)
    assert margins(quiet, uid)[1] > before
    quiet.set_margin_mode(uid, "REGULAR_MARGIN")
    assert margins(quiet, uid)[1] == before


def hedging(exchange: Exchange, uid: str) -> Decimal:
    return next(row.spot_hedging_quantity for row in exchange.wallet(uid).coins if row.coin == "BTC")


def test_a_coin_held_spot_hedges_a_short_if_its_owner_wants(
    quiet: Exchange, stressed: Callable[..., str]
) -> None:
    """1 BTC against 1 BTC of short futures: the worst loss goes, the contingency of the future stays."""
    uid = stressed(USDT="20000", BTC="1")
    quiet.set_price("BTCUSDT", "80000.0")
    quiet.open_position(uid, "BTCUSDT", "-1")
    naked = margins(quiet, uid)[1]
    assert (quiet.settings(uid).spot_hedging, hedging(quiet, uid)) == (False, 0)
    quiet.set_spot_hedging(uid, is_on=True)
    assert quiet.settings(uid).spot_hedging is True
    assert hedging(quiet, uid) == pytest.approx(Decimal(1), rel=Decimal("0.001"))
    assert margins(quiet, uid)[1] < 0.06 * naked
    (book,) = quiet.stress(uid)
    assert abs(book.worst_loss) < 20
    quiet.set_spot_hedging(uid, is_on=False)
    assert margins(quiet, uid)[1] == naked


@pytest.mark.parametrize(
    ("btc", "side", "hedge"),
    [("3", "-1", "1"), ("0.25", "-1", "0.25"), ("1", "1", "0"), ("-0.1", "1", "-0.1")],
)
def test_it_hedges_no_more_than_there_is_of_either(
    quiet: Exchange, stressed: Callable[..., str], btc: str, side: str, hedge: str
) -> None:
    uid = stressed(USDT="200000", BTC=btc)
    quiet.set_price("BTCUSDT", "80000.0")
    quiet.open_position(uid, "BTCUSDT", side)
    quiet.set_spot_hedging(uid, is_on=True)
    assert hedging(quiet, uid) == pytest.approx(Decimal(hedge), rel=Decimal("0.001"))
    (book,) = quiet.stress(uid)
    sizes = float(side) + float(hedge)
    assert book.grid[-0.1, 1.0] == pytest.approx(-8000 * sizes * usd(quiet, uid, "USDT"), rel=0.005, abs=15)


def test_only_portfolio_margin_has_spot_hedging(
    quiet: Exchange, stressed: Callable[..., str], funded
) -> None:
    with pytest.raises(ValueError, match="needs portfolio margin"):
        quiet.set_spot_hedging(funded(), is_on=True)
    uid = stressed(USDT="20000", BTC="1")
    quiet.open_position(uid, "BTCUSDT", "-1")
    quiet.set_spot_hedging(uid, is_on=True)
    quiet.set_margin_mode(uid, "REGULAR_MARGIN")
    assert (quiet.settings(uid).spot_hedging, hedging(quiet, uid)) == (False, 0)


def test_the_legs_of_a_book_add_up_to_it(quiet: Exchange, stressed: Callable[..., str]) -> None:
    uid = stressed()
    quiet.open_position(uid, "BTCUSDT", "0.5")
    quiet.open_position(uid, "BTCPERP", "-0.2")
    quiet.open_position(uid, option(quiet, "Put"), "-1")
    quiet.place_order(uid, "BTCUSDT", "0.3", "50000")
    (book,), legs = quiet.stress(uid), quiet.stressed_legs(uid, "BTC")
    assert [(str(leg.size), str(leg.ordered)) for leg in legs] == [("0.5", "0.3"), ("-0.2", "0"), ("-1", "0")]
    for shock, profit in book.grid.items():
        assert sum(leg.grid[shock] for leg in legs) == pytest.approx(profit)
    assert quiet.stressed_legs(uid, "ETH") == ()
