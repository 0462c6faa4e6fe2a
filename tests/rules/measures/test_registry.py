"""Every measure over awkward books: what kind of answer it gives, within its reach, with a reason for what is missing."""

from dataclasses import replace

import numpy as np
import pytest
from tests.risk.conftest import World, random_world
from tests.rules.scene import BTCUSD, BTCUSDT, Scene, position

from marginwatch.model.connectivity import LinkState
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.chances import measure_chances
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.levels import measure_calendars, measure_levels
from marginwatch.risk.heavy.moves import PastReturns, moves_of
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.risk.heavy.value_at_risk import measure_value_at_risk
from marginwatch.risk.history.closes import DAY_S, HOUR_S
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.rules.facts import Facts
from marginwatch.rules.measures.columns import SHARE_MAX, multiple, share
from marginwatch.rules.measures.facts import FACTS
from marginwatch.rules.measures.registry import FAMILIES, MEASURES
from marginwatch.rules.sources import FrameSource
from marginwatch.rules.subjects.book import SubjectBook

COINS = ("BTC", "ETH", "PEPE", "USDT", "USDC")
SCOPES = ("portfolio", "venue", "desk", "tag", "account", "asset", "position", "service", "channel")


def past() -> PastReturns:
    dice = np.random.default_rng(1)
    tables = [
        ReturnTable(COINS, interval, np.arange(400) * interval, dice.normal(0.0, size, (400, len(COINS))))
        for interval, size in ((DAY_S, 0.03), (HOUR_S, 0.006))
    ]
    return PastReturns(daily=tables[0], hourly=tables[1])


PAST = past()


def heavy_of(world: World, frame: Frame) -> Heavy:
    sheet = world.press.sheet(world.now)
    moves = moves_of(sheet, PAST.daily)

    def part(value: object) -> Part:
        return Part(at_ns=world.now, value=value, reason=None)

    left_out: dict = {}
    return Heavy(
        distance=part(measure_distance(sheet, moves)),
        chances=part(measure_chances(sheet, moves, PAST)),
        levels=part(measure_levels(sheet, moves, PAST, None, left_out)),
        calendars=part(measure_calendars(sheet, np.full(frame.book.opened.shape[0], -1), {})),
        value_at_risk=part(measure_value_at_risk(sheet, PAST, left_out)),
    )


def test_each_is_named_by_its_scope_and_once() -> None:
    assert len(MEASURES) == sum(map(len, FAMILIES))
    for name, measure in MEASURES.items():
        assert name == measure.name
        assert name.partition(".")[0] == measure.scope
        assert measure.scope in SCOPES
        assert measure.lowest < measure.highest
        assert measure.description.endswith(".")


@pytest.mark.parametrize("has_heavy", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_answers_are_of_four_kinds_and_never_mixed(seed: int, has_heavy: bool) -> None:
    world, subjects = random_world(seed, 20), SubjectBook()
    frame = world.frame()
    if has_heavy:
        frame.heavy = heavy_of(world, frame)
    source = FrameSource(frame, Facts(), subjects)
    for measure in MEASURES.values():
        column = source.column(measure)
        if column is None:
            assert measure in FAMILIES[-1]
            continue
        identities = source.subjects(measure.scope).identities
        assert column.values.shape == column.answers.shape == identities.shape, measure.name
        assert column.values.dtype == np.float64
        live = np.flatnonzero(identities)
        answers, values = column.answers[live], column.values[live]
        numbers = values[answers == Answer.NUMBER]
        assert np.isfinite(numbers).all(), measure.name
        slack = 1e-9 * max(1.0, float(np.abs(numbers).max(initial=1.0)))
        assert (numbers >= measure.lowest - slack).all(), measure.name
        assert (numbers <= measure.highest + slack).all(), measure.name
        assert np.isnan(values[answers != Answer.NUMBER]).all(), measure.name
        for row in live[answers == Answer.MISSING].tolist():
            assert column.reason(row).strip(), measure.name
        if column.is_doubtful is not None:
            for row in live[column.is_doubtful[live]].tolist():
                assert column.doubt is not None
                assert column.doubt(row).strip(), measure.name


@pytest.mark.parametrize("seed", range(3))
def test_a_lane_and_a_frame_agree(seed: int) -> None:
    world, subjects = random_world(seed, 12), SubjectBook()
    frame = world.frame()
    whole = FrameSource(frame, Facts(), subjects)
    entries = tuple(entry for entry in world.book.columns.accounts.entries if entry is not None)[::2]
    rows = [entry.row for entry in entries]
    lane = FrameSource(world.press.lane(entries, world.now), Facts(), subjects)
    assert lane.rows("account") is not None
    assert lane.rows("account").tolist() == rows
    n_compared = 0
    for measure in MEASURES.values():
        part, column = lane.column(measure), whole.column(measure)
        assert (part is not None) == measure.in_lane
        if part is None or column is None:
            continue
        n_compared += 1
        np.testing.assert_allclose(part.values, column.values[rows], rtol=1e-12, err_msg=measure.name)
        assert part.answers.tolist() == column.answers[rows].tolist(), measure.name
        doubts = np.zeros(len(rows), np.bool_) if column.is_doubtful is None else column.is_doubtful[rows]
        assert (part.is_doubtful is None and not doubts.any()) or part.is_doubtful.tolist() == doubts.tolist()
    assert n_compared == 21
    for scope in SCOPES[:4]:
        assert lane.rows(scope).tolist() == []


@pytest.mark.parametrize("seed", range(4))
def test_what_is_not_fresh_is_doubted(seed: int) -> None:
    """By a plain loop over accounts, their groups and positions."""
    world = random_world(seed, 20)
    frame = world.frame()
    source = FrameSource(frame, Facts(), SubjectBook())
    doubted = {
        row
        for row, kind in enumerate(frame.inclusion.tolist())
        if kind in (Inclusion.STALE, Inclusion.LOST, Inclusion.STOPPED)
    }
    awaited = {row for row in doubted if frame.inclusion[row] != Inclusion.STOPPED}
    specs = frame.book.specs
    names = {"desk": frame.desk_names, "tag": frame.tag_names, "venue": frame.venue_names}

    def groups(scope: str, row: int) -> set[str | None]:
        spec = specs[row]
        return set(spec.tags) if scope == "tag" else {getattr(spec, scope)}

    def is_doubted(name: str, size: int) -> set[int]:
        flags = source.column(MEASURES[name]).is_doubtful
        return set() if flags is None else set(np.flatnonzero(flags[:size]).tolist())

    assert is_doubted("account.n_positions", 10_000) == doubted
    positions = {row for row, account in enumerate(frame.book.account.tolist()) if account in doubted}
    assert is_doubted("position.notional_usd", 10_000) == positions
    for scope, known in names.items():
        wanted = {known.index(name) for row in awaited for name in groups(scope, row)} - {0}
        assert is_doubted(f"{scope}.n_accounts", 10_000) - {0} == wanted, scope
    assert is_doubted("portfolio.n_accounts", 2) == ({1} if awaited else set())


def test_sums_keep_the_legs_of_accounts_that_are_not_heard() -> None:
    """A hedge does not come undone because one of its accounts is stale, and a fall is seen while all of them are."""
    scene = Scene(heavy=("value_at_risk",))
    scene.returns(0.03)
    scene.hold("a", position(BTCUSDT, 1, "50050"), cash=1e6, desk="d")
    scene.hold("b", position(BTCUSDT, -1, "50050"), cash=1e6, desk="d")

    def seen(name: str) -> tuple[float, bool]:
        scene.refresh()
        column = scene.source().column(MEASURES[name])
        return float(column.values[1]), column.is_doubtful is not None and bool(column.is_doubtful[1])

    assert seen("portfolio.net_exposure_to_equity") == (0.0, False)
    equity, _ = seen("portfolio.equity_usd")
    scene.quiet |= {"a", "b"}
    scene.link("b", LinkState.LOST)
    assert seen("portfolio.net_exposure_to_equity") == (0.0, True)
    assert seen("portfolio.equity_usd") == (pytest.approx(equity), True)
    assert seen("desk.hedge_ratio") == (1.0, True)
    subjects = scene.source().subjects("portfolio")
    assert subjects.context(1)["unheard"] == "1 accounts"
    assert "not_included" not in subjects.context(1)
    scene.link("a", LinkState.LOST)
    scene.prices |= {contract: str(0.8 * float(price)) for contract, price in scene.prices.items()}
    assert seen("portfolio.unrealized_pnl_usd") == (pytest.approx(0.0, abs=1e-6), True)
    assert seen("portfolio.gross_exposure_usd") == (pytest.approx(80_000.0, rel=1e-2), True)


def test_value_at_risk_is_no_multiple_of_nothing_when_nobody_is_heard() -> None:
    scene = Scene(heavy=("value_at_risk",))
    scene.returns(0.03)
    scene.hold("a", position(BTCUSDT, 1, "50050"), cash=1e6, desk="d")
    scene.refresh()
    frame, names = (
        scene.measured(),
        ("portfolio.var_to_equity", "desk.var_to_equity", "portfolio.var_to_gross"),
    )
    wanted = [scene.value(name, 1) for name in names]
    assert all(value > 0.0 for value in wanted)
    heavy = frame.heavy
    scene.quiet.add("a")
    scene.link("a", LinkState.LOST)
    scene.refresh()
    late = scene.measured()
    late.heavy = heavy
    source = FrameSource(late, Facts(), SubjectBook())
    for name, value in zip(names, wanted, strict=True):
        column = source.column(MEASURES[name])
        assert column.values[1] == pytest.approx(value)
        assert column.is_doubtful[1]
    # Nor a share of the few positions whose price is still known.
    scene.prices = {BTCUSD: "50000"}
    scene.hold("b", position(BTCUSD, 100, "50000"))
    scene.clock.ns += 60 * 10**9
    scene.refresh()
    late = scene.measured()
    late.heavy = Heavy(value_at_risk=replace(heavy.value_at_risk, at_ns=scene.now))
    source = FrameSource(late, Facts(), SubjectBook())
    assert source.column(MEASURES["portfolio.var_to_gross"]).answers[1] == Answer.MISSING


def test_a_stopped_account_has_its_own_alert_and_spoils_no_total() -> None:
    world = World()
    world.usual_marks()
    for name, state in (("a", "streaming"), ("b", "stopped")):
        world.account(name, link=state)
    world.facts()
    column = FrameSource(world.frame(), Facts(), SubjectBook()).column(MEASURES["portfolio.equity_usd"])
    assert column.is_doubtful is None


def test_multiples_of_no_equity_are_as_bad_as_it_gets() -> None:
    amount = np.array([3.0, -3.0, 3.0, 0.0, np.nan, 3.0, 0.0])
    equity = np.array([2.0, 2.0, 0.0, 0.0, 1.0, np.nan, -5.0])
    values, answers, partial = multiple(amount, equity)
    assert partial is None
    assert answers.tolist() == [0, 0, 0, 1, 3, 3, 0]
    assert values[:3].tolist() == [1.5, -1.5, SHARE_MAX]
    assert values[6] == 0.0


def test_a_share_of_nothing_is_no_question() -> None:
    values, answers, _ = share(np.array([1.0, 0.0, np.nan, 1.0]), np.array([4.0, 0.0, 4.0, np.nan]))
    assert answers.tolist() == [Answer.NUMBER, Answer.NOT_APPLICABLE, Answer.MISSING, Answer.MISSING]
    assert values[0] == 0.25


def test_facts_are_listed_where_those_look_who_fill_them() -> None:
    assert {one.name for one in FACTS} == {measure.name for measure in FAMILIES[-1]}
