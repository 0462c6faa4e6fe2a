"""Numbers that exchanges have published or sent, and the rules of the exposure that follow from them."""

import math

import numpy as np
import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.position import Greeks
from marginwatch.risk.answers import Answer
from marginwatch.risk.measures.margin import usage as margin_usage
from marginwatch.risk.tables import account_rows, position_rows


def pnl_coin(world, parts, instrument, quantity, entry, mark):
    world.mark(instrument, mark)
    world.account("a", parts.position(instrument, quantity, entry))
    frame = world.frame()
    (row,) = world.book.entry("a").rows.values()
    return frame.rows.pnl_coin[row]


@pytest.mark.parametrize(
    ("symbol", "base", "quote", "inverse", "multiplier", "quantity", "entry", "mark", "published", "within"),
    [
        # Bybit help center, P&L calculations (USDT contract): long and short.
        ("BTCUSDT", "BTC", "USDT", False, "1", "0.2", "7000", "7500", 100.0, 1e-9),
        ("BTCUSDT", "BTC", "USDT", False, "1", "-0.4", "6000", "5000", 400.0, 1e-9),
        # A row of a real Binance USD-M account (ccxt pull request 21174).
        ("LTCUSDT", "LTC", "USDT", False, "1", "-2", "63.005", "69.07", -12.13, 1e-9),
        # Bybit documentation, position list, inverse example: 300 USD short, unrealisedPnl as sent.
        ("BTCUSD", "BTC", "USD", True, "1", "-300", "27464.50441675", "28224.5", -0.00029413, 5e-9),
        # OKX coin-margined example: one contract of 10 USD.
        ("XRPUSD", "XRP", "USD", True, "10", "1", "0.233", "0.2361", 0.5635, 1e-4),
    ],
)
def test_unrealized_pnl_as_published(
    world, parts, symbol, base, quote, inverse, multiplier, quantity, entry, mark, published, within
):
    instrument = parts.contract(symbol, base, quote, inverse=inverse, multiplier=multiplier)
    assert pnl_coin(world, parts, instrument, quantity, entry, mark) == pytest.approx(published, abs=within)


def test_stablecoins_are_priced_and_not_taken_for_dollars(world, parts):
    world.account("a", coins=[Balance(asset="USDT", wallet_balance="1")])
    assert math.isnan(world.usd("USDT"))
    world.usual_marks()
    assert world.usd("USDT") == pytest.approx(0.999000999)
    assert world.usd("USDC") == pytest.approx(1.001001001)
    assert world.usd("BTC") == pytest.approx(50000.0)
    assert world.usd("PEPE") == pytest.approx(9.99000999e-06)
    assert world.usd("USD") == 1.0


def test_spot_index_wins_while_fresh_and_wallet_value_is_the_last_resort(world, parts):
    world.usual_marks()
    sol = parts.contract("SOLUSDT", "SOL", "USDT")
    world.mark(sol, "150")
    world.mark(parts.SPOT, None, usd_index_price="149")
    world.account("a", coins=[Balance(asset="XYZ", wallet_balance="10", equity="10", usd_value="25")])
    assert world.usd("SOL") == 149.0
    assert world.usd("XYZ") == 2.5
    world.clock._elapsed_ns += 15 * parts.NS
    world.usual_marks()
    world.mark(sol, "150")
    assert world.usd("SOL") == pytest.approx(150 * 50000 / 50050)
    frame = world.frame()
    assert frame.prices.is_stale[world.book.columns.assets.row("bybit", "XYZ")]
    world.clock._elapsed_ns += 400 * parts.NS
    assert math.isnan(world.usd("XYZ"))


def test_ten_bitcoin_against_ten_of_perpetual_is_no_exposure(world, parts):
    world.usual_marks()
    world.account(
        "a",
        parts.position(parts.BTCUSDT, "-10", "50050"),
        coins=[
            Balance(asset="BTC", wallet_balance="10", equity="10"),
            Balance(asset="USDT", wallet_balance="7"),
        ],
    )
    of, code = world.frame().accounts, world.code("a")
    assert of.net_usd[code] == pytest.approx(-500_000)
    assert of.net_with_wallet_usd[code] == pytest.approx(0.0, abs=1e-6)
    assert of.gross_with_wallet_usd[code] == pytest.approx(1_000_000)


def test_inverse_short_of_the_whole_wallet_is_flat_in_dollars_at_any_mark(world, parts):
    # Sold at 40000 with 2 BTC: 80000 contracts. The wallet's live PnL makes up for the move.
    world.usual_marks()
    coin = Balance(asset="BTC", wallet_balance="2", equity="2.2", unrealized_pnl="0.2")
    world.account("a", parts.position(parts.BTCUSD, "-80000", "40000"), coins=[coin])
    for mark in ("30000", "50000", "90000"):
        world.mark(parts.BTCUSD, mark)
        of, code = world.frame().accounts, world.code("a")
        assert of.net_usd[code] == pytest.approx(-80000)
        assert of.net_with_wallet_usd[code] == pytest.approx(0.0, abs=1e-6)


def test_option_counts_by_delta_and_without_delta_is_missing(world, parts):
    world.usual_marks()
    world.account("a", parts.position(parts.CALL, "-2", "1000"))
    code = world.code("a")
    of = world.frame().accounts
    assert of.net_usd[code] == pytest.approx(-2 * 0.4 * 50100 * 50000 / 50050)
    assert of.notional_usd[code] == pytest.approx(2 * 50100 * 50000 / 50050)
    world.mark(parts.CALL, "1200", "50000", underlying_price="50100", greeks=Greeks())
    of = world.frame().accounts
    assert (of.n_unvalued[code], of.n_positions[code]) == (1, 1)


def test_old_price_is_stale_and_then_missing(world, parts):
    world.usual_marks()
    world.account("a", parts.position(parts.ETHUSDT, 1, "3000"))
    code = world.code("a")
    world.clock._elapsed_ns += 11 * parts.NS
    of = world.frame().accounts
    assert (of.n_stale[code], of.n_unvalued[code]) == (1, 0)
    world.clock._elapsed_ns += 20 * parts.NS
    of = world.frame().accounts
    assert (of.n_stale[code], of.n_unvalued[code], of.net_usd[code]) == (0, 1, 0.0)
    assert of.hedge_ratio_answer[code] == Answer.MISSING


def test_isolated_account_takes_the_largest_usage_of_its_positions(world, parts):
    world.usual_marks()
    world.account(
        "a",
        parts.position(parts.BTCUSDT, "1", "50050", initial_margin="1000", maintenance_margin="250"),
        parts.position(parts.ETHUSDT, "10", "3053", initial_margin="1000", maintenance_margin="150"),
        coins=[
            Balance(
                asset="USDT",
                wallet_balance="5000",
                initial_margin="2000",
                maintenance_margin="400",
                locked="50",
            )
        ],
        state=AccountState(equity="4500", margin_mode="isolated"),
    )
    world.facts(taker_fee="0")
    of, code = world.frame().accounts, world.code("a")
    # The ETH position lost 500 of the 1000 put up and needs 1 % of 30,030; the BTC position needs 500.5 of 1000.
    assert of.maintenance_margin_usage[code] == pytest.approx(300.3 / 500)
    assert of.initial_margin_usage_answer[code] == Answer.NOT_APPLICABLE
    assert of.free_usd[code] == pytest.approx(2950 * 50000 / 50050)
    assert of.maintenance_margin_usd[code] == pytest.approx(800.8 * 50000 / 50050)
    assert of.venue_maintenance_margin_usd[code] == pytest.approx(400 * 50000 / 50050)
    assert (of.effective_leverage[code], of.lack[code]) == (pytest.approx(80_080 / 4500.0), 0)


@pytest.mark.parametrize(
    ("margin", "equity", "usage", "answer"),
    [
        (70.0, 100.0, 0.7, Answer.NUMBER),
        (0.0, 100.0, 0.0, Answer.NUMBER),
        (0.0, 0.0, math.nan, Answer.NOT_APPLICABLE),
        (1.0, -5.0, 1000.0, Answer.NUMBER),
        (math.nan, 100.0, math.nan, Answer.MISSING),
        (1.0, math.nan, math.nan, Answer.MISSING),
    ],
)
def test_four_kinds_of_usage(margin, equity, usage, answer):
    ratio, answers = margin_usage(np.array([margin]), np.array([equity]))
    assert ratio[0] == pytest.approx(usage, nan_ok=True)
    assert answers[0] == answer


def test_nearest_liquidation_is_the_venues(world, parts):
    world.usual_marks()
    world.account(
        "a",
        parts.position(parts.BTCUSDT, 1, "50000", liquidation_price="40040"),
        parts.position(parts.ETHUSDT, -1, "3000", liquidation_price="3303.3"),
        parts.position(parts.CALL, 1, "100"),
    )
    world.account("none", parts.position(parts.BTCUSDT, 1, "50000"))
    world.account("flat")
    world.account(
        "dark", parts.position(parts.contract("QUSDT", "Q", "USDT"), 1, "1", liquidation_price="0.5")
    )
    of = world.frame().accounts
    assert of.liquidation_distance[world.code("a")] == pytest.approx(0.1)
    answers = [of.liquidation_distance_answer[world.code(name)] for name in ("a", "none", "flat", "dark")]
    assert answers == [Answer.NUMBER, Answer.NONE_IN_RANGE, Answer.NOT_APPLICABLE, Answer.MISSING]


def test_a_price_of_zero_is_no_price_but_an_option_may_be_worthless(world, parts):
    world.usual_marks()
    world.account(
        "a",
        parts.position(parts.BTCUSDT, "1", "50000"),
        parts.position(parts.BTCUSD, "100", "50000"),
        parts.position(parts.CALL, "2", "1200"),
    )
    for instrument in (parts.BTCUSDT, parts.BTCUSD):
        world.mark(instrument, "0")
    world.mark(parts.CALL, "0", "50000", underlying_price="50000", greeks=Greeks(delta="0"))
    frame = world.frame()
    rows = {key[0]: row for key, row in world.book.entry("a").rows.items()}
    linear, inverse, call = (rows[one.instrument_id] for one in (parts.BTCUSDT, parts.BTCUSD, parts.CALL))
    assert math.isnan(frame.rows.pnl_coin[linear])
    assert math.isnan(frame.rows.exposure_usd[linear])
    assert math.isnan(frame.rows.pnl_coin[inverse])
    assert frame.rows.pnl_coin[call] == -2400.0
    assert not np.isinf(frame.prices.usd).any()


def test_silence_about_liquidation_says_nothing_in_a_margin_mode_that_is_not_known(world, parts):
    world.usual_marks()
    row = parts.position(parts.BTCUSDT, "1", "50000")
    world.account("new", row, state=AccountState(margin_mode="unknown", equity="100", initial_margin="7"))
    world.account("usual", row, state=AccountState(margin_mode="cross"))
    frame = world.frame()
    of = frame.accounts
    answers = [of.liquidation_distance_answer[world.code(name)] for name in ("new", "usual")]
    assert answers == [Answer.MISSING, Answer.NONE_IN_RANGE]
    assert of.venue_equity_usd[world.code("new")] == 100.0
    assert of.equity_usd[world.code("new")] == pytest.approx(50 / 1.001)
    assert of.maintenance_margin_usage_answer[world.code("new")] == Answer.MISSING
    shown = {one.account_id: one.reasons["venue_liquidation_distance"] for one in account_rows(frame)}
    assert shown["new"] == "missing: the venue names a margin mode that is not known here"
    rows = {one.account_id: one.reasons["venue_liquidation_distance"] for one in position_rows(frame)}
    assert rows == {"new": shown["new"], "usual": "none_in_range"}
