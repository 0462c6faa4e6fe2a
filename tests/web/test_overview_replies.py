"""The first page: it agrees with the tables of the same frame, and says why a number is not there."""

import json
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.risk.conftest import BTCUSDT, World, position, random_world, recorded_returns, recorded_series
from tests.web.alerts import alert_of
from tests.web.reckoned import frame_with

from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import HeavyWork
from marginwatch.model.alert import AlertState
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import AccountRemoved
from marginwatch.model.ids import AccountId
from marginwatch.model.severity import Severity
from marginwatch.risk.answers import Answer
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.tables import account_rows, ladder_rows, not_included, portfolio_summary
from marginwatch.risk.var.backtest import backtest
from marginwatch.rules.facts import Performed, Reading
from marginwatch.web.account_ports import KeyChecks
from marginwatch.web.overview_replies import overview_reply
from marginwatch.web.replies import summary_reply
from marginwatch.web.risk_replies import levels_reply, margin_reply, var_reply

__all__ = ["recorded_returns", "recorded_series"]
"""Fixtures."""

HEAVY = ("distance", "levels", "value_at_risk")


async def reckoned(world: World, past: PastReturns | None = None):
    return await frame_with(world, HEAVY, past)


def hedged_world() -> World:
    world = World()
    world.usual_marks()
    coins = [Balance(asset="USDT", wallet_balance="20000", equity="20000", is_collateral=True)]
    for name, quantity, link in (
        ("long", "2", LinkState.STREAMING),
        ("short", "-1", LinkState.STREAMING),
        ("lost", "3", LinkState.LOST),
    ):
        world.account(
            name,
            position(BTCUSDT, quantity, "50000"),
            coins=coins,
            state=AccountState(margin_mode="cross"),
            link=link,
        )
    world.facts()
    return world


@pytest.mark.parametrize("seed", range(6))
async def test_it_agrees_with_the_tables_of_the_same_frame(seed: int) -> None:
    frame = await reckoned(random_world(seed, 40))
    page = overview_reply(frame)
    rows = account_rows(frame)
    counting = [row for row in rows if row.is_included]
    whole = portfolio_summary(frame)

    def shown(summary):
        return {name: getattr(summary, name) for name in summary.__struct_fields__ if name != "not_included"}

    assert shown(page.summary) == shown(whole)
    assert (page.sequence, page.taken_at_ns) == (frame.sequence, frame.at_ns)
    assert page.n_not_included == len(whole.not_included)
    assert page.summary.not_included == whole.not_included[:50]

    both = [
        row
        for row in counting
        if None not in (row.adjusted_equity_usd, row.maintenance_margin_usd, row.initial_margin_usd)
    ]
    assert page.n_combined == len(both)
    equity = sum(row.adjusted_equity_usd for row in both)
    if equity > 0:
        for name in ("maintenance_margin", "initial_margin"):
            total = sum(getattr(row, f"{name}_usd") for row in both)
            assert getattr(page, f"{name}_usage") == pytest.approx(total / equity)
    if rows[0].maintenance_margin_usage is None:
        assert page.worst_usage is None
        assert page.reasons["worst_usage"] == "missing: no account has a usage"
    else:
        assert page.worst_usage is not None
        assert page.worst_usage.maintenance_margin_usage == rows[0].maintenance_margin_usage
        worst = next(row for row in rows if row.account_id == page.worst_usage.account_id)
        assert page.worst_usage.maintenance_margin_usage == worst.maintenance_margin_usage
        assert page.worst_usage.is_included == worst.is_included
    assert page.oldest_data is not None
    assert page.oldest_data.data_age_s == max(row.data_age_s for row in counting)

    near = [row for row in margin_reply(frame).rows if row.liquidation_distance is not None]
    if near:
        nearest = min(near, key=lambda row: row.liquidation_distance)
        assert page.nearest_liquidation is not None
        assert page.nearest_liquidation.liquidation_distance == nearest.liquidation_distance
        [same] = [row for row in near if row.account_id == page.nearest_liquidation.account_id]
        for name in ("liquidation_shock", "liquidation_btc_price", "worst_position", "is_included", "desk"):
            assert getattr(page.nearest_liquidation, name) == getattr(same, name)
        down = same.liquidation_distance_down
        assert (page.nearest_liquidation.side == "down") == (
            down is not None and down == same.liquidation_distance
        )
    else:
        assert "nearest_liquidation" in page.reasons
    assert page.ladder == tuple(row for row in ladder_rows(frame) if row.rank <= 20)
    levels = levels_reply(frame).levels
    assert levels is not None
    # Reckoned from a margin sheet by another way, with each account looked at by itself.
    assert page.idle_usd == pytest.approx(levels.total.idle_usd)
    assert (page.level.risk_level, page.level.risk_score) == (levels.portfolio.level, levels.portfolio.score)


@pytest.mark.parametrize("seed", range(6))
async def test_each_null_has_its_reason(seed: int) -> None:
    frame = await reckoned(random_world(seed, 3))
    for page in (overview_reply(frame), overview_reply(Engine(World().book, World().clock).run_frame())):
        for part in (page, page.summary, page.level, page.value_at_risk):
            nulls = {name for name in part.__struct_fields__ if getattr(part, name) is None}
            # What others are null with: an age or a driver of something that is not there.
            nulls -= {
                "age_s",
                "driver",
                "performance_age_s",
                "method",
                "confidence",
                "horizon_s",
                "wire_to_frame_ms",
            }
            assert nulls <= part.reasons.keys(), part


async def test_a_lost_account_may_still_be_the_nearest_and_says_that_it_does_not_count() -> None:
    page = overview_reply(await reckoned(hedged_world()))
    assert page.nearest_liquidation is not None
    assert (page.nearest_liquidation.account_id, page.nearest_liquidation.is_included) == ("lost", False)
    assert page.nearest_liquidation.side == "down"
    assert page.worst_usage is not None
    assert page.worst_usage.account_id == "lost"
    assert page.n_combined == page.summary.n_included == 2
    assert page.btc_price == pytest.approx(50_000)
    # Two accounts of 20,000 with 2 and −1 BTC at 50,050: 1 % of 150,150 and what closing costs.
    assert page.maintenance_margin_usage == pytest.approx((1_501.5 + 75) / 40_000, rel=0.02)
    assert page.worst_usage.maintenance_margin_usage > page.maintenance_margin_usage


async def test_where_only_isolated_accounts_count_a_combined_usage_does_not_apply() -> None:
    world = World()
    world.usual_marks()
    coins = [Balance(asset="USDT", wallet_balance="20000", equity="20000", is_collateral=True)]
    row = position(BTCUSDT, "1", "50000", margin_mode="isolated", initial_margin="10000")
    world.account("alone", row, coins=coins, state=AccountState(margin_mode="isolated"))
    world.facts()
    page = overview_reply(await reckoned(world))
    assert (page.maintenance_margin_usage, page.initial_margin_usage, page.n_combined) == (None, None, 0)
    assert page.reasons["maintenance_margin_usage"] == "not_applicable"
    assert page.reasons["initial_margin_usage"] == "not_applicable"
    assert page.idle_usd == 0.0
    # Its own usage is that of its positions.
    assert page.worst_usage is not None
    assert page.worst_usage.account_id == "alone"
    world.account("dark", position(BTCUSDT, "1", "50000"), coins=coins)
    page = overview_reply(await reckoned(world))
    assert page.reasons["maintenance_margin_usage"].startswith("missing: ")


async def test_an_account_removed_since_is_nowhere() -> None:
    world = hedged_world()
    engine = Engine(world.book, world.clock)
    engine.run_frame()
    await HeavyWork(engine, world.clock).answer(Asked(parts=HEAVY))
    world.book.apply(AccountRemoved(AccountId("lost")))
    page = overview_reply(engine.run_frame())
    assert page.nearest_liquidation is not None
    assert page.nearest_liquidation.account_id == "long"
    assert {row.account_id for row in page.ladder} == {"long", "short"}
    assert [row.rank for row in page.ladder if row.direction == "down"] == [1]


async def test_value_at_risk_with_its_traffic_light(recorded_returns) -> None:
    gains = np.full(250, 1.0)
    for n_losses, light, why in ((2, "green", None), (12, "red", None)):
        gains[:n_losses] = -5.0
        past = backtest(np.full(250, 2.0), gains, 0.99)
        frame = await reckoned(
            hedged_world(), PastReturns(daily=recorded_returns, backtests={("filtered", 0.99): past})
        )
        line = overview_reply(frame).value_at_risk
        [row] = var_reply(frame, by="portfolio").rows
        assert line.var_usd == row.var_usd
        assert line.var_usd is not None
        assert line.expected_shortfall_usd == row.expected_shortfall_usd
        assert (line.method, line.confidence, line.horizon_s) == ("filtered", 0.99, 86_400)
        assert (line.light, line.reasons.get("light")) == (light, why)
        assert line.n_left_out == 1
    past = backtest(np.full(20, 2.0), np.full(20, -5.0), 0.99)
    frame = await reckoned(
        hedged_world(), PastReturns(daily=recorded_returns, backtests={("filtered", 0.99): past})
    )
    line = overview_reply(frame).value_at_risk
    assert line.light is None
    assert line.reasons["light"] == "missing: 20 of 250 days, red already certain"


class Kept:
    """Figures of all accounts together, two of them known."""

    def portfolio_figures(self) -> Performed:
        return Performed(
            World().now,
            {
                "daily_pnl_usd": Reading(-12.5, reason="not included: 1 account without it"),
                "daily_loss_share": Reading(math.nan, Answer.NOT_APPLICABLE),
                "drawdown": Reading(math.nan, Answer.MISSING, "the ledger was not read"),
            },
        )


async def test_performance_and_alerts_come_from_their_keepers() -> None:
    frame = await reckoned(hedged_world())
    alerts = (
        alert_of("1", severity=Severity.CRITICAL),
        alert_of("2", severity=Severity.CRITICAL, unknown_since_ns=5),
        alert_of("3", severity=Severity.HIGH, state=AlertState.PENDING),
        alert_of("4", severity=Severity.INFO),
    )
    page = overview_reply(frame, Kept(), SimpleNamespace(open_alerts=lambda: alerts))
    assert (page.daily_pnl_usd, page.daily_loss_share, page.drawdown) == (-12.5, None, None)
    # A number that is of not all of them says so.
    assert page.reasons["daily_pnl_usd"] == "not included: 1 account without it"
    assert page.reasons["daily_loss_share"] == "not_applicable"
    assert page.reasons["drawdown"] == "missing: the ledger was not read"
    assert page.performance_age_s == pytest.approx((frame.at_ns - World().now) / 1e9)
    counts = page.alerts
    assert counts is not None
    assert (counts.n_firing, counts.n_pending, counts.n_unknown) == (3, 1, 1)
    assert (counts.n_critical, counts.n_high, counts.n_warning, counts.n_info) == (2, 0, 0, 1)
    alone = overview_reply(frame)
    assert alone.alerts is None
    assert "alerts" in alone.reasons
    assert alone.reasons["daily_pnl_usd"].startswith("missing: ")
    assert alone.performance_age_s is None


async def test_keys_that_can_trade_are_those_that_a_check_found_and_not_those_that_are_allowed_to() -> None:
    world = hedged_world()
    world.account("bold", state=AccountState(margin_mode="cross"), allow_unsafe_key=True)
    frame = await reckoned(world)

    def keys_of(found: KeyChecks) -> tuple[Any, ...]:
        page = overview_reply(frame, accounts=SimpleNamespace(keys=lambda: found))
        assert "n_unsafe_keys" not in page.reasons
        return page.unsafe_keys, page.n_unsafe_keys, page.n_unchecked_keys

    assert keys_of(KeyChecks(unchecked=("bold", "long"))) == ((), 0, 2), "allowed, but nobody looked yet"
    assert keys_of(KeyChecks()) == ((), 0, 0), "allowed, and reads only"
    assert keys_of(KeyChecks(unsafe=("bold",), unchecked=("long",))) == (("bold",), 1, 1)
    many = tuple(f"a{number}" for number in range(70))
    assert keys_of(KeyChecks(unsafe=many)) == (many[:50], 70, 0)
    alone = overview_reply(frame)
    assert (alone.unsafe_keys, alone.n_unsafe_keys, alone.n_unchecked_keys) == ((), None, None)
    assert alone.reasons["n_unsafe_keys"].startswith("missing: ")


async def test_hundreds_left_out_are_counted_and_the_first_are_listed() -> None:
    world = hedged_world()
    for number in range(120):
        world.register(f"cold-{number}")
    frame = await reckoned(world)
    page = overview_reply(frame)
    assert page.n_not_included == len(not_included(frame)) == 121
    assert page.summary.not_included == tuple(not_included(frame)[:50])
    assert not page.summary.is_complete


async def test_the_route_answers_of_the_latest_frame_or_not_at_all(service: SimpleNamespace) -> None:
    reply = await service.get("/api/v1/overview")
    assert reply.status == 200
    body = json.loads(reply.body)
    summary = json.loads((await service.get("/api/v1/summary")).body)["summary"]
    assert body["summary"] == summary
    assert body["sequence"] == summary_reply(service.picture.frame).sequence
    assert body["worst_usage"] == {
        "account_id": "mm-main",
        "desk": "market-making",
        "is_included": True,
        "maintenance_margin_usage": pytest.approx(0.5),
    }
    assert body["reasons"]["nearest_liquidation"] == "missing: not reckoned yet"
    service.picture.is_running = False
    assert (await service.get("/api/v1/overview")).status == 503
