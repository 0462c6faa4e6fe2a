"""Stress of books small enough to be reckoned by hand: through a real book, with what is missing, empty and isolated."""

import numpy as np
import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.scenario import Scenario
from marginwatch.risk.answers import Answer
from marginwatch.risk.scenarios.stress import stress
from marginwatch.sim import black76

CROSS, ISOLATED = AccountState(margin_mode="cross"), AccountState(margin_mode="isolated")


def cash(**coins):
    return [
        Balance(
            asset=coin,
            wallet_balance=str(amount),
            equity=str(amount),
            order_initial_margin="0",
            is_collateral=True,
        )
        for coin, amount in coins.items()
    ]


@pytest.fixture
def desk(parts, books):
    """Return a function from accounts to a sheet, at BTC 50,000, ETH 3,000 and stablecoins at 1 USD."""

    def make(*accounts, marks=()):
        world = parts.World()
        for instrument, price in (
            (parts.BTCUSD, "50000"),
            (parts.BTCUSDT, "50000"),
            (parts.BTCPERP, "50000"),
            (parts.ETHUSDT, "3000"),
            (parts.ETHUSD, "3000"),
        ):
            world.mark(instrument, price)
        for instrument, price, more in marks:
            world.mark(instrument, price, "50000", **more)
        for name, state, rows, coins, more in accounts:
            world.account(name, *rows, coins=cash(**coins), state=state, **more)
        world.facts()
        return books.sheet_of(world)

    return make


def run(books, sheet, *scenarios):
    return stress(sheet, books.betas_of(sheet), scenarios)


def by_asset(found, place=0):
    return dict(zip(found.assets.names, found.assets.pnl_usd[place].tolist(), strict=True))


def test_a_long_position_in_a_fall(books, parts, desk):
    rows = [parts.position(parts.BTCUSDT, 1, "50000")]
    sheet = desk(("a", CROSS, rows, {"USDT": 10_000}, {}))
    found = run(books, sheet, Scenario(name="x", btc_move=-0.1), Scenario(name="y", btc_move=-0.2))
    assert found.accounts.pnl_usd[:, 0] == pytest.approx([-5_000, -10_000])
    assert found.accounts.equity_left_usd[:, 0] == pytest.approx([5_000, 0.0], abs=1e-9)
    # 1 % of 45,000 and the fee to close at the bankruptcy price of 45,000.
    assert found.accounts.usage[0, 0] == pytest.approx((450 + 45_000 * 0.00055) / 5_000)
    assert found.accounts.is_liquidated[:, 0].tolist() == [False, True]
    assert found.accounts.n_liquidated_legs[:, 0].tolist() == [0, 1]
    assert by_asset(found) == pytest.approx({"USDT": 0.0, "BTC": -5_000})
    assert found.worst_scenario() == 1
    assert found.left_out == ()


def test_a_stablecoin_that_falls_lifts_the_marks_quoted_in_it(books, parts, desk):
    rows = [parts.position(parts.BTCUSDT, 1, "50000")]
    short = [parts.position(parts.BTCUSDT, -1, "50000")]
    sheet = desk(("long", CROSS, rows, {"USDT": 10_000}, {}), ("short", CROSS, short, {"USDT": 10_000}, {}))
    found = run(books, sheet, Scenario(name="depeg", moves={"USDT": -0.05}))
    # Bitcoin keeps its 50,000 USD: the mark rises to 52,631.58 USDT of 95 cents each. The wallet loses 500 USD.
    gain = (50_000 / 0.95 - 50_000) * 0.95
    assert gain == pytest.approx(2_500)
    assert found.accounts.pnl_usd[0] == pytest.approx([gain - 500, -gain - 500])
    assert found.accounts.equity_left_usd[0] == pytest.approx([12_000, 7_000])
    # Who is long owes the stablecoin, who is short owns it: it is not Bitcoin that made the profit.
    assert by_asset(found) == pytest.approx({"USDT": -1_000, "BTC": 0.0}, abs=1e-8)


def test_an_inverse_short_against_its_coin_is_indifferent(books, parts, desk):
    rows = [parts.position(parts.BTCUSD, -50_000, "50000")]
    sheet = desk(("hedged", CROSS, rows, {"BTC": 1}, {}))
    found = run(books, sheet, *(Scenario(name=str(s), btc_move=s) for s in (-0.5, 0.5)))
    assert found.accounts.pnl_usd[:, 0] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert found.accounts.equity_left_usd[:, 0] == pytest.approx([50_000, 50_000])
    # 50,000 USD are 2 BTC at 25,000: of 2 BTC equity, 95 % counted, 1 % and the fee to close are needed.
    fee = 50_000 / (50_000 * 10 / 9) * 0.00055
    assert found.accounts.usage[0, 0] == pytest.approx((0.02 + fee) / (2 * 0.95))


def test_coins_in_the_wallet_follow_with_their_betas(books, desk):
    sheet = desk(("w", CROSS, [], {"BTC": 2, "ETH": 10, "USDT": 500}, {}))
    found = run(
        books,
        sheet,
        Scenario(name="x", btc_move=-0.3, beta_factor=1.5),
        Scenario(name="y", moves={"ETH": 1.0}),
    )
    eth = 0.7 ** (1.2 * 1.5) - 1.0
    assert by_asset(found) == pytest.approx({"USDT": 0.0, "BTC": -30_000, "ETH": 30_000 * eth})
    assert by_asset(found, 1) == pytest.approx({"USDT": 0.0, "BTC": 0.0, "ETH": 30_000})
    assert found.accounts.liquidation_answer[0, 0] == Answer.NOT_APPLICABLE
    assert not found.accounts.is_liquidated.any()
    (borrowed,) = found.borrowed(0)
    assert (borrowed.coin, borrowed.proxy) == ("ETH", "BTC")
    assert borrowed.exponent == pytest.approx(1.8)
    assert borrowed.move == pytest.approx(eth)
    assert found.borrowed(1) == ()


def test_funding_is_paid_by_one_side_and_received_by_the_other(books, parts, desk):
    sheet = desk(
        ("long", CROSS, [parts.position(parts.BTCUSDT, 2, "50000")], {"USDT": 10_000}, {}),
        ("short", CROSS, [parts.position(parts.BTCUSD, -30_000, "50000")], {"BTC": 1}, {}),
        (
            "both",
            CROSS,
            [parts.position(parts.BTCUSDT, 1), parts.position(parts.BTCPERP, -1)],
            {"USDT": 1},
            {},
        ),
    )
    spike = Scenario(name="f", funding_rate=0.01, funding_payments=3)
    later = Scenario(name="g", btc_move=0.1, funding_rate=-0.01, funding_payments=1)
    found = run(books, sheet, spike, later)
    assert found.accounts.pnl_usd[0] == pytest.approx([-3_000, 900, 0.0], abs=1e-9)
    assert by_asset(found)["BTC"] == pytest.approx(-2_100)
    # At the new price: 10,000 from the position, 1 % of 110,000 received; the coin's 5,000 less what the short lost, and paid.
    assert found.accounts.pnl_usd[1, :2] == pytest.approx([10_000 + 1_100, 5_000 - 3_000 - 300])
    assert found.accounts.equity_left_usd[0, 0] == pytest.approx(7_000)


def test_an_isolated_position_loses_its_margin_and_no_more(books, parts, desk):
    rows = [
        parts.position(parts.BTCUSDT, 1, "50000", leverage="10", initial_margin="5024.75"),
        parts.position(parts.ETHUSDT, -10, "3000", leverage="2", initial_margin="15024.75"),
    ]
    sheet = desk(("alone", ISOLATED, rows, {"USDT": 100_000}, {}))
    found = run(books, sheet, Scenario(name="x", btc_move=-0.5), Scenario(name="y", btc_move=-0.05))
    # Put up for the long: a tenth of 50,000 and the fee to close at the bankruptcy price of 45,000.
    eth = 30_000 * (1.0 - 0.5**1.2)
    assert found.accounts.pnl_usd[0, 0] == pytest.approx(-5_000 - 45_000 * 0.00055 + eth)
    assert found.accounts.n_liquidated_legs[:, 0].tolist() == [1, 0]
    assert found.accounts.is_liquidated[:, 0].tolist() == [True, False]
    assert by_asset(found) == pytest.approx({"USDT": 0.0, "BTC": -5_000 - 45_000 * 0.00055, "ETH": eth})
    eth = 30_000 * (1.0 - 0.95**1.2)
    assert found.accounts.pnl_usd[1, 0] == pytest.approx(-2_500 + eth)
    fee = 45_000 * 0.00055
    assert found.accounts.usage[1, 0] == pytest.approx((475 + fee) / (5_000 + fee - 2_500))
    assert found.portfolio.usage_answer[0, 0] == Answer.NOT_APPLICABLE
    assert found.portfolio.worst_usage[1, 0] == found.accounts.usage[1, 0]


def test_options_gain_from_volatility_when_long_and_lose_with_time(books, parts, desk):
    start_ns = parts.World().now
    days, forward, strike, volatility = 30, 50_500.0, 52_000.0, 0.6
    call = parts.contract(
        "BTC-30D-52000-C-USDT",
        "BTC",
        "USDT",
        kind=type(parts.CALL.instrument_kind).OPTION,
        strike_price=str(int(strike)),
        option_kind="call",
        expiry_ns=start_ns + days * 86_400 * parts.NS,
    )

    def worth(price, sigma, days_left):
        return black76.price(price, strike, sigma, days_left / 365.0, is_call=True)

    now = worth(forward, volatility, days)
    more = {"underlying_price": str(forward), "mark_volatility": str(volatility)}
    rows = [parts.position(call, 3, "2000", leverage=None)]
    short = [parts.position(call, -3, "2000", leverage=None)]
    sheet = desk(
        ("long", CROSS, rows, {"USDT": 20_000}, {}),
        ("short", CROSS, short, {"USDT": 20_000}, {}),
        marks=[(call, f"{now:.10f}", more)],
    )
    assert sheet.missing_reasons == (None, None)
    found = run(
        books,
        sheet,
        Scenario(name="vol", volatility_shift=0.25),
        Scenario(name="time", hours_later=10 * 24),
        Scenario(name="all", btc_move=-0.1, volatility_shift=0.25, hours_later=10 * 24),
    )
    want = [
        3 * (worth(forward, 0.85, 30) - now),
        3 * (worth(forward, 0.6, 20) - now),
        3 * (worth(forward * 0.9, 0.85, 20) - now),
    ]
    assert want[0] > 0.0 > want[1]
    assert found.accounts.pnl_usd[:, 0] == pytest.approx(want, rel=1e-6)
    assert found.accounts.pnl_usd[:, 1] == pytest.approx([-gain for gain in want], rel=1e-6)
    assert by_asset(found, 2) == pytest.approx({"BTC": 0.0, "USDT": 0.0}, abs=1e-6)


def test_what_is_missing_is_left_out_of_sums_and_listed(books, parts, desk):
    unpriced = parts.contract("NEWUSDT", "NEW", "USDT")
    sheet = desk(
        ("fine", CROSS, [parts.position(parts.BTCUSDT, 1, "50000")], {"USDT": 10_000}, {"desk": "mm"}),
        ("blind", CROSS, [parts.position(unpriced, 5, "1")], {"USDT": 7_000, "ETH": 1}, {"desk": "mm"}),
        ("dark", CROSS, [parts.position(unpriced, 5, "1")], {"USDT": 7_000}, {"desk": "arb"}),
        ("empty", CROSS, [], {}, {"desk": "mm"}),
    )
    found = run(books, sheet, Scenario(name="x", btc_move=-0.1))
    names = list(sheet.account_ids)
    blind, empty = names.index("blind"), names.index("empty")
    assert np.isnan(found.accounts.pnl_usd[0, blind])
    assert found.accounts.answer[0, blind] == Answer.MISSING
    assert found.accounts.usage_answer[0, blind] == Answer.MISSING
    assert found.accounts.liquidation_answer[0, blind] == Answer.MISSING
    assert not found.accounts.is_liquidated[0, blind]
    assert found.accounts.pnl_usd[0, empty] == 0.0
    assert found.accounts.usage_answer[0, empty] == Answer.NOT_APPLICABLE
    assert [name for name, reason in found.left_out if "NEWUSDT" in reason] == ["blind", "dark"]
    assert found.portfolio.pnl_usd[0, 0] == pytest.approx(-5_000)
    assert found.portfolio.n_left_out[0, 0] == 2
    mm, arb = (sheet.desk_names.index(name) for name in ("mm", "arb"))
    assert found.desks.pnl_usd[0, mm] == pytest.approx(-5_000)
    assert found.desks.n_left_out[0, [mm, arb]].tolist() == [1, 1]
    assert found.desks.answer[0, arb] == found.desks.usage_answer[0, arb] == Answer.MISSING
    assert found.desks.worst_usage_answer[0, arb] == Answer.MISSING
    assert np.isnan(found.desks.pnl_usd[0, arb])
    answers = dict(zip(found.assets.names, found.assets.answer[0].tolist(), strict=True))
    assert answers["NEW"] == answers["ETH"] == Answer.MISSING
    assert answers["BTC"] == answers["USDT"] == Answer.NUMBER
    assert by_asset(found)["BTC"] == pytest.approx(-5_000)


def test_accounts_that_count_in_no_total_keep_their_own_figures(books, parts, desk):
    rows = [parts.position(parts.BTCUSDT, 1, "50000")]
    sheet = desk(
        ("fresh", CROSS, rows, {"USDT": 10_000}, {}), ("stale", CROSS, rows, {"USDT": 10_000, "ETH": 1}, {})
    )
    scenarios = (Scenario(name="x", btc_move=-0.1, funding_rate=0.01, funding_payments=1),)
    found = stress(sheet, books.betas_of(sheet), scenarios, left_out={"stale": "not heard for 90 s"})
    assert found.accounts.answer[0].tolist() == [Answer.NUMBER] * 2
    assert found.portfolio.pnl_usd[0, 0] == found.accounts.pnl_usd[0, 0] == pytest.approx(-5_450)
    assert found.portfolio.n_left_out[0, 0] == 1
    assert found.left_out == (("stale", "not heard for 90 s"),)
    assert by_asset(found)["BTC"] == pytest.approx(-5_450)
    assert np.isnan(by_asset(found)["ETH"])


def test_no_account_and_no_scenario_is_no_error(books, parts, desk):
    nobody = books.sheet_of(parts.World())
    assert run(books, nobody, Scenario(name="x", btc_move=-0.1)).portfolio.answer.tolist() == [
        [Answer.NOT_APPLICABLE]
    ]
    sheet = desk(("a", CROSS, [], {"BTC": 1}, {}))
    found = run(books, sheet)
    assert found.accounts.pnl_usd.shape == (0, 1)
    assert found.worst_scenario() is None
