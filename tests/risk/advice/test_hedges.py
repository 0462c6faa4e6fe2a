"""Hedges: targets reached, variance that nothing beats, costs by hand, and what they do to every account."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from marginwatch.risk.advice.hedges import advise_hedges
from marginwatch.risk.advice.scope import coin_covariance, scope_of
from marginwatch.risk.advice.settings import HedgeSettings
from marginwatch.risk.advice.trades import Trade, with_trades
from marginwatch.risk.liquidation.exposures import coin_exposures

COINS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LTC", "LINK", "AVAX", "OP", "TRX", "PEPE")


def covariance_of(sheet, seed=1):
    rng = np.random.default_rng(seed)
    names = sorted({str(name) for name in sheet.coin_names if name} - {"USDT", "USDC", "USD"})
    market = rng.normal(0.0, 0.03, (400, 1))
    returns = market * rng.uniform(0.7, 1.6, len(names)) + rng.normal(0.0, 0.02, (400, len(names)))
    return coin_covariance(sheet, names, returns.T @ returns / 400)


def a_desk(tools):
    desk = tools.Desk()
    uids = [
        tools.trader(desk, "long-eth", 200_000, "ETHUSDT", "80"),
        tools.trader(desk, "long-sol", 100_000, "SOLUSDT", "900"),
        tools.trader(desk, "short-btc", 150_000, "BTCUSDT", "-0.6"),
    ]
    return desk, uids


def advised(tools, desk, settings=None, covariance=True, **options):
    sheet = tools.read(desk)
    accounts = np.arange(sheet.n_accounts)
    advice = advise_hedges(
        sheet,
        accounts,
        tools.betas_of(sheet),
        covariance_of(sheet) if covariance else None,
        tools.terms_of(desk),
        settings,
        **options,
    )
    return sheet, {hedge.kind: hedge for hedge in advice.hedges}


def after(sheet, hedge, leverage=10.0):
    names = [str(name) for name in sheet.contract_names]
    trades = tuple(
        Trade(
            sheet.account_ids.index(one.account_id), names.index(one.instrument_id), one.quantity, 0.0, 0.0005
        )
        for one in hedge.trades
    )
    return with_trades(sheet, trades, leverage)


def deltas(sheet):
    """USD delta by coin of positions alone: wallets change by what closing realizes."""
    pairs = coin_exposures(replace(sheet, holding_cash=np.zeros(sheet.n_holdings)))
    return np.bincount(pairs.coin, pairs.usd, minlength=len(sheet.coin_names))


@pytest.mark.parametrize("target", [0.0, 150_000.0, -80_000.0])
def test_the_beta_weighted_delta_reaches_its_target(tools, target):
    desk, _ = a_desk(tools)
    sheet, hedges = advised(tools, desk, HedgeSettings(target_usd=target))
    hedge, betas = hedges["beta"], tools.betas_of(sheet).value
    (trade,) = hedge.trades
    unit = abs(trade.delta_usd / trade.quantity)
    step = float(desk.exchange._world.contract("BTCUSDT").step)
    assert trade.instrument_id == "bybit:linear:BTCUSDT"
    assert trade.is_step_known
    assert Decimal(str(trade.quantity)) % Decimal(str(step)) == 0
    stable = betas @ (deltas(after(sheet, hedge)) - deltas(sheet))
    assert hedge.beta_delta_before_usd + stable == pytest.approx(target, abs=unit * step / 2 + 1e-6)
    assert hedge.beta_delta_after_usd == pytest.approx(target, abs=unit * step / 2 + 1e-6)
    assert hedge.is_delta_neutral == (target == 0.0)


def test_nothing_near_the_least_variance_has_less(tools):
    desk, _ = a_desk(tools)
    sheet, hedges = advised(tools, desk, HedgeSettings(coins=("BTC", "ETH")))
    hedge, covariance = hedges["minimum_variance"], np.nan_to_num(covariance_of(sheet))
    names = [str(name) for name in sheet.contract_names]
    coins = [int(sheet.underlying_coin[names.index(one.instrument_id)]) for one in hedge.trades]
    start = scope_of(sheet, np.arange(3), tools.betas_of(sheet), None).exposure
    best = start.copy()
    best[coins] += [one.delta_usd for one in hedge.trades]
    least = best @ covariance @ best
    assert hedge.sigma_after_usd == pytest.approx(np.sqrt(least))
    assert hedge.sigma_before_usd == pytest.approx(np.sqrt(start @ covariance @ start))
    assert hedge.sigma_after_usd < hedge.sigma_before_usd
    rng = np.random.default_rng(0)
    for _ in range(300):
        other = best.copy()
        # Beyond what rounding to whole steps can be better by.
        other[coins] += rng.choice((-1.0, 1.0), len(coins)) * rng.uniform(500.0, 20_000.0, len(coins))
        assert other @ covariance @ other > least


def test_the_largest_contributor_is_reduced_and_never_turned(tools):
    desk, uids = a_desk(tools)
    _, hedges = advised(tools, desk)
    (trade,) = hedges["largest_contributor"].trades
    assert trade.account_id == uids[0]
    assert trade.instrument_id == "bybit:linear:ETHUSDT"
    assert -80.0 <= trade.quantity < 0.0
    left = hedges["largest_contributor"]
    assert left.sigma_after_usd < left.sigma_before_usd
    assert left.is_margin_neutral


def test_costs_by_hand(tools):
    desk, _ = a_desk(tools)
    sheet, hedges = advised(tools, desk)
    hedge = hedges["beta"]
    (trade,) = hedge.trades
    quote = next(row for row in desk.exchange.tickers("linear") if row.symbol == "BTCUSDT")
    usd = float(sheet.coin_usd[sheet.coin_names.index("USDT")])
    quantity, mark = abs(trade.quantity), trade.mark_price
    assert trade.fee_usd == pytest.approx(quantity * mark * 0.00055 * usd)
    spread = float(quote.ask_price) - float(quote.bid_price)
    assert trade.half_spread_usd == pytest.approx(quantity * spread / 2 * usd)
    # Eight-hourly funding: three payments in 24 h, and a short receives a positive rate.
    rate = float(sheet.funding_rate[[str(n) for n in sheet.contract_names].index(trade.instrument_id)])
    assert trade.funding_usd == pytest.approx(-trade.quantity * mark * rate * 3 * usd)
    assert trade.cost_usd == pytest.approx(trade.fee_usd + trade.half_spread_usd - trade.funding_usd)
    assert hedge.cost_usd == pytest.approx(trade.cost_usd)


def test_a_hedge_on_another_account_is_delta_neutral_but_not_margin_neutral(tools):
    desk, uids = a_desk(tools)
    rich = desk.account("rich", USDT=40_000)
    sheet = tools.read(desk)
    sheet, hedges = advised(tools, desk, trade_on=sheet.account_ids.index(rich))
    hedge = hedges["beta"]
    assert hedge.is_delta_neutral
    assert hedge.is_margin_neutral is False
    assert hedge.warnings[0] == "delta-neutral but not margin-neutral"
    assert any(rich in line and "more maintenance margin" in line for line in hedge.warnings)
    assert any(rich in line and "nearer to its limit" in line for line in hedge.warnings)
    effects = {one.account_id: one for one in hedge.accounts}
    for uid in uids:
        assert effects[uid].before == effects[uid].after
    (trade,) = hedge.trades
    # The short hedge dies in a rise: its stop is the contract's mark where the account reaches its limit then.
    picture = effects[rich].after
    assert picture.distance_up is not None
    assert trade.stop_price == pytest.approx(trade.mark_price * (1.0 + picture.distance_up))
    btc = sheet.coin_usd[sheet.coin_names.index("BTC")]
    assert picture.limit_btc_price_up == pytest.approx(btc * (1.0 + picture.distance_up))
    desk.exchange.open_position(rich, "BTCUSDT", f"{trade.quantity:f}")
    truth = desk.truth(rich)
    assert picture.maintenance_margin_usd == pytest.approx(truth.maintenance, rel=1e-6)


def test_the_exchange_liquidates_at_the_stop_level(tools):
    desk, _ = a_desk(tools)
    rich = desk.account("rich", USDT=40_000)
    sheet = tools.read(desk)
    _, hedges = advised(tools, desk, trade_on=sheet.account_ids.index(rich))
    (trade,) = hedges["beta"].trades
    desk.exchange.open_position(rich, "BTCUSDT", f"{trade.quantity:f}")
    tick = desk.exchange._world.contract("BTCUSDT").tick

    def at(factor):
        price = Decimal(str(trade.stop_price * factor))
        desk.exchange.set_price("BTCUSDT", (price / tick).to_integral_value() * tick)
        truth = desk.truth(rich)
        return truth.balance - truth.maintenance, desk.exchange._account(rich).is_liquidated

    # Costs of the trade differ by the spread, which the exchange's trade at mark does not pay.
    room, is_liquidated = at(0.999)
    assert room > 0.0
    assert not is_liquidated
    _, is_liquidated = at(1.001)
    assert is_liquidated


def test_what_is_not_known_is_missing(tools):
    desk, _ = a_desk(tools)
    sheet, hedges = advised(tools, desk, covariance=False)
    hedge = hedges["minimum_variance"]
    assert hedge.status == "missing"
    assert hedge.trades == ()
    assert hedge.cost_usd is None
    assert hedge.is_margin_neutral is None
    assert hedge.beta_delta_after_usd is None
    assert "no price history" in hedge.reasons["trades"]
    assert hedges["beta"].sigma_before_usd is None
    terms = tools.terms_of(desk)
    unquoted = replace(terms, bid_price=terms.bid_price * np.nan)
    accounts = np.arange(sheet.n_accounts)
    advice = advise_hedges(sheet, accounts, tools.betas_of(sheet), None, unquoted)
    (trade,) = advice.hedges[0].trades
    assert trade.half_spread_usd is None
    assert trade.cost_usd is None
    assert trade.fee_usd is not None
    assert trade.reasons["half_spread_usd"] == "missing: bid and ask price"
    assert advice.hedges[0].cost_usd is None
    nothing = advise_hedges(
        sheet, accounts, tools.betas_of(sheet), None, terms, left_out=dict.fromkeys(accounts.tolist(), "lost")
    )
    assert nothing.hedges == ()
    assert {one.reason for one in nothing.left_out} == {"lost"}


def test_unknown_coins_and_shapes_are_named(tools):
    desk, _ = a_desk(tools)
    _, hedges = advised(tools, desk, HedgeSettings(coins=("NOSUCH",)))
    assert "NOSUCH" in hedges["beta"].reasons["trades"]
    assert hedges["minimum_variance"].status == "missing"
    sheet = tools.read(desk)
    with pytest.raises(ValueError, match="covariance must have shape"):
        scope_of(sheet, np.arange(3), tools.betas_of(sheet), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="values must have shape"):
        coin_covariance(sheet, ("BTC",), np.zeros((2, 2)))
    partly = coin_covariance(sheet, ("BTC", "ETH"), np.diag((9e-4, 16e-4)))
    advice = advise_hedges(sheet, np.arange(3), tools.betas_of(sheet), partly, tools.terms_of(desk))
    assert "SOL" in advice.hedges[1].reasons["trades"]


@pytest.mark.parametrize(
    "wrong", [{"coins": ()}, {"coins": ("BTC", "BTC")}, {"leverage": 0.5}, {"hours": -1.0}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        HedgeSettings(**wrong)
