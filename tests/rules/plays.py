"""For each built-in rule: how a real book, or real facts, come to give its measure a value."""

from typing import NamedTuple

import msgspec
import numpy as np
from tests.rules.scene import (
    BTC_MARK,
    BTCPERP,
    BTCUSD,
    BTCUSDT,
    ETHUSD,
    ETHUSDT,
    NS,
    PEPE,
    Play,
    Scene,
    position,
)

from marginwatch.model.balance import AccountState
from marginwatch.model.connectivity import LinkState
from marginwatch.risk.var.backtest import backtest
from marginwatch.rules.facts import FactColumn, Reading
from marginwatch.rules.measures.facts import SERVICE

NEUTRAL = ("delta-neutral",)
MAINTENANCE = 0.01
"""Rate of every contract in these books, to which comes a fee for closing."""


def cash_for_initial(scene: Scene, value: float) -> None:
    """Ten times leverage: a tenth of the size, and the fee for closing, out of so much cash."""
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=BTC_MARK * 0.1005 / value)


def cash_for_maintenance(scene: Scene, value: float) -> None:
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=BTC_MARK * (MAINTENANCE + 0.0005) / value)


def cash_for_distance(scene: Scene, value: float) -> None:
    """What the fall takes, and what is required of what is left."""
    scene.hold(
        "a",
        position(BTCUSDT, 1, str(BTC_MARK)),
        cash=BTC_MARK * (value + (MAINTENANCE + 0.0005) * (1.0 - value)),
    )


def isolated_entry(scene: Scene, value: float) -> None:
    entry = BTC_MARK / (1.0 - 0.1 * value)
    row = position(BTCUSDT, 1, str(entry), initial_margin=str(entry * 0.1))
    scene.hold("a", row, mode="isolated")


def cash_for_size(scene: Scene, value: float) -> None:
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=BTC_MARK / value)


def bitcoin_among_hedged_ether(scene: Scene, value: float) -> None:
    """One position in Bitcoin beside 120,000 USD of Ether in eight that cancel each other."""
    for number in range(8):
        quantity = 5 if number % 2 else -5
        scene.hold(f"e{number}", position(ETHUSDT, quantity, "3003"))
    scene.hold("a", position(BTCUSDT, value / (1.0 - value) * 120_120.0 / BTC_MARK, str(BTC_MARK)))


def lost_so_far(scene: Scene, value: float) -> None:
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK * (1.0 + value))))


def of_account(measure: str) -> Play:
    """Return a play that tells a fact as a column of accounts, as histories are told."""

    def play(scene: Scene, value: float) -> None:
        scene.hold("a", desk="d")
        row = scene.code("a")
        values = np.full(row + 1, np.nan)
        values[row] = value
        column = FactColumn(values, np.where(np.isnan(values), 3, 0).astype(np.uint8), "no history yet")
        scene.facts_known.by_row[measure] = column

    return play


def named(measure: str, subject: str, absent: float | None = None) -> Play:
    """Return a play that tells a fact by name; ``absent`` is what it is told as by not naming the subject."""

    def play(scene: Scene, value: float) -> None:
        scene.hold("a", desk="d")
        known = {} if value == absent else {subject: Reading(value)}
        scene.facts_known.by_name[measure] = known

    return play


def cash_for_var(scene: Scene, value: float) -> None:
    scene.returns(0.03)
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=1e6)
    at_that = scene.value("portfolio.var_to_equity", 1)
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=1e6 * at_that / value)


def volatility_for_var(scene: Scene, value: float) -> None:
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.returns(0.03)
    at_that = scene.value("portfolio.var_to_gross", 1)
    scene.returns(0.03 * value / at_that)


def exceptions(scene: Scene, value: float) -> None:
    """Losses beyond 99 % on 2, 6 or 15 of 250 days: green, yellow and red by the Basel table."""
    scene.returns(0.03)
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    gains = np.zeros(250)
    gains[: {0: 2, 1: 6, 2: 15}[round(value)]] = -2.0
    verdict = backtest(np.ones(250), gains, 0.99)
    scene.past.backtests["filtered", 0.99] = verdict


def price_of_bitcoin(scene: Scene, value: float) -> None:
    """Let the price stand for six minutes, then move it, value 0 leaves it there."""
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    for _ in range(12):
        scene.look(30.0)
    if value:
        for contract, price in tuple(scene.prices.items()):
            if contract.underlying_asset == "BTC":
                scene.prices[contract] = str(float(price) * (1.0 + value))


def funding_rate(scene: Scene, value: float) -> None:
    """Three payments a day out of as much equity as the position is large."""
    contract = msgspec.structs.replace(BTCUSDT, funding_interval_s=28_800)
    scene.prices = {contract: "50050", BTCUSD: "50000"}
    scene.funding = {"funding_rate": str(value / 3.0), "next_funding_at_ns": scene.now + 3_600 * NS}
    scene.hold("a", position(contract, 1, str(BTC_MARK)), cash=BTC_MARK)


def row_with(**fields) -> Play:
    """Return a play whose position says something out of the ordinary; ``fields`` by the value."""

    def play(scene: Scene, value: float) -> None:
        said = {name: tell(scene, value) for name, tell in fields.items()}
        sequence = scene.now // NS
        scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK), sequence=sequence, **said))

    return play


def change_in(scene: Scene, value: float) -> int | None:
    return None if value == float("inf") else scene.now + int((value + 5.0) * NS)


def silence(scene: Scene, value: float) -> None:
    """Let an account be lost, and not be read for so long."""
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.quiet.discard("a")
    scene.refresh()
    if value:
        scene.quiet.add("a")
        scene.link("a", LinkState.LOST, reconciled_at_ns=scene.now, socket_replied_at_ns=scene.now)
        scene.clock.ns += int(value * NS)


def venue_says_less(scene: Scene, value: float) -> None:
    """Let the venue require less maintenance margin than we, by a share of the equity."""
    row = position(BTCUSDT, 10, str(BTC_MARK))
    scene.hold("a", row, cash=1e5)
    scene.refresh()
    ours = float(scene.measured().accounts.maintenance_margin_usd[scene.code("a")])
    state = AccountState(
        margin_mode="cross",
        equity="100000",
        adjusted_equity="100000",
        initial_margin="50000",
        maintenance_margin=str(ours - value * 100_000.0),
        available_balance="50000",
        as_of_ns=scene.now + 5 * NS,
    )
    scene.hold("a", row, cash=1e5, state=state)
    scene.refresh()
    scene.measured()


def short_leg(name: str = "a", **spec) -> Play:
    """Return a play of four positions whose shorts are so large a part of the longs."""

    def play(scene: Scene, value: float) -> None:
        scene.hold(
            name,
            position(BTCUSDT, 1, "50050"),
            position(BTCPERP, -value * 50_050.0 / 49_950.0, "49950"),
            position(ETHUSDT, 1, "3003"),
            position(ETHUSD, -value * 3_000.0, "3000"),
            tags=NEUTRAL,
            **spec,
        )

    return play


def against_each_other(scene: Scene, value: float) -> None:
    """Let two neutral accounts with two positions each hold a ratio of long to short in Bitcoin."""
    scene.hold("a", position(BTCUSDT, 1, "50050"), position(BTCPERP, 1, "49950"), tags=NEUTRAL)
    scene.hold("b", position(BTCUSDT, -value, "50050"), position(BTCPERP, -value, "49950"), tags=NEUTRAL)


def cancelling(scene: Scene, value: float) -> None:
    """Two sides of the smaller ÷ both: a ratio of r is 2 r ÷ (1 + r)."""
    against_each_other(scene, value / (2.0 - value))


def one_side_by_count(scene: Scene, value: float) -> None:
    """Let so many more of 40 positions be long than short."""
    n_long = round((1.0 + value) * 20)
    contracts = (BTCUSDT, BTCPERP, ETHUSDT, PEPE)
    for number in range(10):
        rows = [
            position(contract, 1 if number * 4 + place < n_long else -1, "1")
            for place, contract in enumerate(contracts)
        ]
        scene.hold(f"n{number}", *rows, tags=NEUTRAL)


def one_side_by_delta(scene: Scene, value: float) -> None:
    scene.returns(0.03, together=0.95)
    short_leg()(scene, (1.0 - value) / value)


def many_coins(scene: Scene, value: float) -> None:
    """So many USD of Bitcoin: a mark of 50,050 USDT, of which one is worth 50,000 ÷ 50,050 USD."""
    scene.hold("a", position(BTCUSDT, value / 50_000.0, str(BTC_MARK)))


def net_of_gross(scene: Scene, value: float) -> None:
    scene.hold("a", position(BTCUSDT, 1.0 + value, "50050"))
    scene.hold("b", position(BTCUSDT, -1.0 + value, "50050"))


class Trial(NamedTuple):
    """How to play a rule: the subject, the play, the heavy parts it needs, a calm value if not the usual one."""

    subject: str
    play: Play
    heavy: tuple[str, ...] = ()
    calm: float | None = None
    at_most: float = float("inf")


A, BTC = "a", "BTC"
POSITION = "a/BTCUSDT/net"
VAR = ("value_at_risk",)

TRIALS: dict[str, Trial] = {
    "initial-margin": Trial(A, cash_for_initial),
    "maintenance-margin": Trial(A, cash_for_maintenance),
    "liquidation-distance": Trial(A, cash_for_distance, ("distance",)),
    "position-liquidation-distance": Trial(POSITION, cash_for_distance, ("distance",)),
    "isolated-loss": Trial(POSITION, isolated_entry),
    "gross-exposure": Trial(A, cash_for_size),
    "net-exposure": Trial(A, cash_for_size),
    "portfolio-gross-exposure": Trial("all", cash_for_size),
    "portfolio-net-exposure": Trial("all", cash_for_size),
    "asset-concentration": Trial(BTC, bitcoin_among_hedged_ether, at_most=0.9),
    "single-position": Trial(POSITION, bitcoin_among_hedged_ether, at_most=0.9),
    "unrealized-loss": Trial(A, lost_so_far),
    "portfolio-unrealized-loss": Trial("all", lost_so_far),
    "daily-loss": Trial(A, of_account("account.daily_loss_share")),
    "desk-daily-loss": Trial("d", named("desk.daily_loss_share", "d")),
    "portfolio-daily-loss": Trial("all", named("portfolio.daily_loss_share", "all")),
    "drawdown": Trial(A, of_account("account.drawdown")),
    "desk-drawdown": Trial("d", named("desk.drawdown", "d")),
    "portfolio-drawdown": Trial("all", named("portfolio.drawdown", "all")),
    "value-at-risk": Trial("all", cash_for_var, VAR),
    "var-model-rejected": Trial("all", exceptions, VAR, calm=0.0, at_most=2.0),
    "price-move": Trial(BTC, price_of_bitcoin, calm=0.0),
    "funding-cost": Trial(A, funding_rate, ("calendars",)),
    "adl-rank": Trial(POSITION, row_with(adl_rank=lambda _, value: int(value)), calm=1.0, at_most=5.0),
    "position-seized": Trial(
        POSITION, row_with(status=lambda _, value: "liquidating" if value else "normal"), calm=0.0
    ),
    "reduce-only": Trial(POSITION, row_with(is_reduce_only=lambda _, value: bool(value)), calm=0.0),
    "margin-change-announced": Trial(POSITION, row_with(margin_change_at_ns=change_in), calm=float("inf")),
    "liquidation-seen": Trial(A, named("account.liquidation_fills", A, absent=0.0)),
    "adl-seen": Trial(A, named("account.adl_fills", A, absent=0.0)),
    "margin-mode-changed": Trial(A, named("account.margin_mode_changes", A, absent=0.0)),
    "account-type-changed": Trial(A, named("account.type_changes", A, absent=0.0)),
    "maintenance-announced": Trial("bybit", named("venue.maintenance_announced", "bybit", absent=0.0)),
    "account-stale": Trial(A, silence, calm=0.0),
    "reconciliation-breaks": Trial(A, named("account.reconciliation_breaks", A, absent=0.0), calm=0.0),
    "model-error": Trial(A, venue_says_less, calm=0.0),
    "key-expiring": Trial(A, named("account.key_expires_in", A)),
    "unsafe-key": Trial(A, named("account.key_is_unsafe", A, absent=0.0), at_most=1.0),
    "clock-skew": Trial("bybit", named("venue.clock_skew", "bybit")),
    "rate-budget": Trial("bybit", named("venue.rate_budget_used", "bybit"), at_most=1.0),
    "own-memory": Trial(SERVICE, named("service.memory_share", SERVICE)),
    "own-disk": Trial(SERVICE, named("service.disk_free_share", SERVICE)),
    "own-lag": Trial(SERVICE, named("service.loop_lag", SERVICE)),
    "own-frame-age": Trial(SERVICE, named("service.frame_age", SERVICE)),
    "channel-failing": Trial("phone", named("channel.is_failing", "phone"), calm=0.0, at_most=1.0),
    "weak-hedge": Trial(A, short_leg(), calm=0.9),
    "desk-weak-hedge": Trial("quants", short_leg(desk="quants"), calm=0.9),
    "full-hedge": Trial(BTC, against_each_other, calm=0.5, at_most=1.0),
    "opposing-positions": Trial(BTC, cancelling, calm=0.1, at_most=1.0),
    "direction-bias": Trial("delta-neutral", one_side_by_count, calm=0.1, at_most=1.0),
    "one-sided-market": Trial("delta-neutral", one_side_by_delta, VAR, calm=0.52, at_most=0.99),
    "guide-gross": Trial("all", many_coins),
    "guide-net": Trial("all", many_coins),
    "guide-loss": Trial("all", lambda scene, value: lost_so_far(scene, -value / BTC_MARK), calm=0.0),
    "guide-net-share": Trial("all", net_of_gross, at_most=0.99),
    "guide-margin": Trial(A, cash_for_initial),
    "guide-var": Trial("all", volatility_for_var, VAR),
    "guide-single-position": Trial(POSITION, bitcoin_among_hedged_ether, at_most=0.9),
}
"""Name of the rule → how to play it."""
