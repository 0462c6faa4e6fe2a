"""Rules over recorded minutes: what fires follows from the samples by counting minutes."""

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfo

import pytest

from marginwatch.app.recorded_measures import RECORDED, value_of
from marginwatch.app.replaying import Replay, Replayer, recorded_rules
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.equity import EquitySample
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.risk.answers import Answer
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import default_rules
from marginwatch.rules.rulebook import RuleSettings

NOON_S = 1_772_366_400  # 2026-03-01 12:00 UTC


def rule(measure: str, bound: float, **others: object) -> Rule:
    step = Step(severity=Severity.HIGH, bound=bound, clear=bound)
    return Rule(name="own", measure=measure, side="above", steps=(step,), **others)


def sample(minute: int, usage: float | None = None, name: str = "mm-1", **others: object) -> EquitySample:
    figures = {"equity_usd": 1_000.0, "maintenance_margin_usage": usage, **others}
    return EquitySample(**{"scope": "account", "name": name, "minute_s": NOON_S + 60 * minute, **figures})


async def minutes_of(samples: list[EquitySample]) -> AsyncIterator[tuple[int, tuple[EquitySample, ...]]]:
    for minute_s in sorted({one.minute_s for one in samples}):
        yield minute_s, tuple(one for one in samples if one.minute_s == minute_s)


async def replayed(*samples: EquitySample, of: Rule, from_minute: int = 0) -> Replay:
    spec = AccountSpec(
        account_id=AccountId("mm-1"),
        exchange="bybit",
        venue=VenueId("bybit"),
        endpoints=Endpoints(rest="", private="", public={}),
        api_key=Secret("k"),
        api_secret=Secret("s"),
        desk="mm",
    )
    replayer = Replayer((of,), RuleSettings(unknown_after_s=180.0), (spec,), ZoneInfo("UTC"))
    return await replayer.run(minutes_of(list(samples)), (NOON_S + 60 * from_minute) * 10**9)


def told(found: Replay) -> list[tuple[int, str, str]]:
    return [
        ((one.at_ns // 10**9 - NOON_S) // 60, str(one.kind), one.alert.subject.name)
        for one in found.transitions
    ]


USAGE = "account.maintenance_margin_usage"


async def test_what_would_have_fired_when() -> None:
    usages = [0.4, 0.8, 0.8, 0.8, 0.4]
    found = await replayed(
        *(sample(n, usage) for n, usage in enumerate(usages)), of=rule(USAGE, 0.7, for_s=120.0)
    )
    assert told(found) == [(1, "pending", "mm-1"), (3, "fired", "mm-1"), (4, "resolved", "mm-1")]
    assert (found.n_minutes, found.n_gaps, found.judged, found.left_out) == (5, 0, ("own",), ())
    assert found.transitions[1].alert.labels["desk"] == "mm"


async def test_time_in_which_nothing_was_recorded_moves_no_timer_and_resolves_nothing() -> None:
    usages = {0: 0.8, 30: 0.8, 31: 0.8, 60: 0.8, 90: 0.4}
    found = await replayed(
        *(sample(n, usage) for n, usage in usages.items()), of=rule(USAGE, 0.7, for_s=60.0)
    )
    assert [one for one in told(found) if "known" not in one[1]] == [
        (0, "pending", "mm-1"),
        (31, "fired", "mm-1"),
        (90, "resolved", "mm-1"),
    ]
    assert found.n_gaps == 3


async def test_full_hours_of_old_history_are_no_gaps() -> None:
    found = await replayed(*(sample(60 * n, 0.8) for n in range(4)), of=rule(USAGE, 0.7, for_s=60.0))
    assert (found.n_gaps, found.is_thinned) == (0, True)
    assert told(found) == [(0, "pending", "mm-1"), (60, "fired", "mm-1")]


async def test_who_was_not_heard_is_missing_and_never_resolved() -> None:
    unheard = sample(3, None, equity_usd=None)
    late = sample(4, 0.2, name="other")
    found = await replayed(*(sample(n, 0.8) for n in range(3)), unheard, late, of=rule(USAGE, 0.7))
    assert told(found) == [(0, "fired", "mm-1"), (3, "went_unknown", "mm-1")]


async def test_who_has_no_sample_for_long_is_gone() -> None:
    others = [sample(n, 0.2, name="other") for n in range(1, 14)]
    found = await replayed(sample(0, 0.8), *others, of=rule(USAGE, 0.7))
    assert told(found)[-1] == (11, "resolved", "mm-1")


async def test_labels_choose_and_other_measures_hold_back() -> None:
    big = {"long_usd": 700.0, "short_usd": 400.0}
    chosen = rule("account.gross_exposure_usd", 1_000.0, only=(Matcher.parse("desk=mm"),))
    found = await replayed(sample(0, **big), sample(0, name="other", **big), of=chosen)
    assert told(found) == [(0, "fired", "mm-1")]
    least = rule(USAGE, 0.7, at_least={"gross_exposure_usd": 2_000.0})
    assert told(await replayed(sample(0, 0.8, **big), of=least)) == []


async def test_the_loss_of_a_day_counts_from_midnight() -> None:
    yesterday = sample(-721, growth_index=2.0, peak_index=2.0)
    today = sample(0, growth_index=1.9, peak_index=2.0)
    found = await replayed(yesterday, today, of=rule("account.daily_loss_share", 0.04))
    assert told(found) == [(0, "fired", "mm-1")]
    assert found.transitions[-1].alert.value == pytest.approx(0.05)
    assert told(await replayed(yesterday, today, of=rule("account.daily_loss_share", 0.06))) == []
    assert (await replayed(yesterday, today, of=rule("account.drawdown", 0.04))).transitions[
        -1
    ].alert.value == (pytest.approx(0.05))


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("equity_usd", 500.0),
        ("gross_exposure_usd", 1_000.0),
        ("net_exposure_usd", 500.0),
        ("gross_exposure_to_equity", 2.0),
        ("net_exposure_to_equity", 1.0),
        ("net_exposure_share", 0.5),
        ("one_sided_delta_share", 0.75),
        ("hedge_ratio", 1 / 3),
        ("unrealized_pnl_usd", -50.0),
        ("unrealized_loss_share", 0.05),
        ("unrealized_loss_to_equity", 0.1),
        ("drawdown", 0.2),
    ],
)
def test_figures_follow_from_what_is_recorded(measure: str, expected: float) -> None:
    one = sample(
        0, equity_usd=500.0, long_usd=750.0, short_usd=250.0, pnl_usd=-50.0, growth_index=0.8, peak_index=1.0
    )
    assert value_of(RECORDED[f"account.{measure}"], one, {}) == pytest.approx(expected)


def test_nothing_is_made_up_where_nothing_is() -> None:
    flat, unheard = sample(0, long_usd=0.0, short_usd=0.0), sample(0, 0.5, equity_usd=None)
    broke = sample(0, equity_usd=-1.0, long_usd=2.0, short_usd=0.0)
    shares = (
        "net_exposure_share",
        "hedge_ratio",
        "unrealized_loss_share",
        "drawdown",
        "liquidation_distance",
    )
    assert {value_of(RECORDED[f"account.{name}"], flat, {}) for name in shares} == {Answer.NOT_APPLICABLE}
    assert {value_of(figure, unheard, {}) for figure in RECORDED.values()} == {Answer.MISSING}
    assert value_of(RECORDED["account.gross_exposure_to_equity"], broke, {}) == 1_000.0


def test_rules_that_history_cannot_judge_are_named() -> None:
    assert set(RECORDED) <= set(MEASURES)
    judged, left_out = recorded_rules(default_rules())
    assert {"maintenance-margin", "liquidation-distance", "daily-loss", "drawdown"} <= {
        one.name for one in judged
    }
    named = {one.rule: one.measures for one in left_out}
    assert named["price-move"] == ("asset.price",)
    assert len(judged) + len(left_out) == len(default_rules())
