"""Every total, whoever is fresh: the sum by a slow loop over those that count, and everybody else named."""

import asyncio
import math
import random
from dataclasses import dataclass, replace

import numpy as np
import pytest

from marginwatch.model.connectivity import LinkState
from marginwatch.model.scenario import Scenario
from marginwatch.risk import tables
from marginwatch.risk.calendars import expiry_calendar, funding_calendar
from marginwatch.risk.heavy.inputs import left_out_of
from marginwatch.risk.heavy.levels import measure_levels
from marginwatch.risk.heavy.moves import PastReturns, moves_of
from marginwatch.risk.heavy.value_at_risk import measure_value_at_risk
from marginwatch.risk.margin.build import build_sheet
from marginwatch.risk.measures.prices import price_ages, usd_prices
from marginwatch.risk.scenarios.stress import stress
from marginwatch.risk.scenarios.what_if import answer_of, what_if
from marginwatch.risk.settings import RiskSettings
from marginwatch.risk.tables.values_at_risk import part_rows, whole_rows
from marginwatch.risk.var.measure import account_gains, history_for

FALL = Scenario(name="fall", btc_move=-0.2)
SUMS = ("equity", "initial_margin", "maintenance_margin", "free")


@dataclass
class Picture:
    """A random desk at one moment, and who of it is fresh, as it was made and not as anything reckons it."""

    frame: object
    sheet: object
    codes: dict[str, int]
    fresh: set[str]
    desks: dict[str, str | None]
    tags: dict[str, tuple[str, ...]]
    left_out: dict[str, str]

    @property
    def others(self):
        return set(self.desks) - self.fresh


@pytest.fixture(scope="module")
def pictures(parts):
    """Random desks: some heard, some late, some not yet, lost or stopped; in one nobody counts, in one everybody does."""
    return [
        pictured(parts, seed, share) for seed, share in enumerate((0.5, 0.8, 0.2, 0.6, 0.0, 1.0, 0.4, 0.7))
    ]


def pictured(parts, seed, share):
    world, pick = parts.random_world(seed + 100, 24), random.Random(seed)
    world.register("never heard", desk="mm")
    # Whoever is heard no more was heard an hour ago.
    asyncio.run(world.clock.advance(3_600))
    world.usual_marks()
    fresh, specs = set(), {}
    for entry in world.book.columns.accounts.entries:
        if entry is None:
            continue
        name = entry.spec.account_id
        specs[name] = entry.spec
        if name != "never heard" and pick.random() < share:
            world.link(name, pick.choice([LinkState.STREAMING, LinkState.POLLING]))
            fresh.add(name)
            continue
        state = pick.choice([LinkState.LOST, LinkState.STOPPED, LinkState.STREAMING, LinkState.STARTING])
        world.link(name, state, reconciled_at_ns=0, socket_replied_at_ns=0)
    columns, settings, frame = world.book.columns, RiskSettings(), world.frame()
    ages = price_ages(columns.instruments, world.now, settings)
    prices = usd_prices(columns.assets, columns.instruments, ages, world.now, settings)
    return Picture(
        frame,
        build_sheet(columns, ages, prices, world.now),
        {name: world.code(name) for name in specs},
        fresh,
        {name: spec.desk for name, spec in specs.items()},
        {name: spec.tags for name, spec in specs.items()},
        left_out_of(frame),
    )


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-6)


def sides(exposures):
    known = [one for one in exposures if one is not None]
    return sum(one for one in known if one > 0.0), -sum(one for one in known if one < 0.0)


def test_whoever_is_not_fresh_is_named_with_a_reason_and_nobody_else(pictures):
    n_partial = 0
    for one in pictures:
        told = {
            entry.account_id: entry.reason
            for entry in tables.not_included(one.frame)
            if entry.kind == "account"
        }
        assert set(told) == set(one.left_out) == one.others
        assert all(told.values())
        summary = tables.portfolio_summary(one.frame)
        assert (summary.n_included, summary.n_accounts) == (len(one.fresh), len(one.desks))
        assert not summary.is_complete
        n_partial += 0 < len(one.fresh) < len(one.desks)
    assert n_partial == 7


def test_exposure_of_coins_is_that_of_fresh_accounts_and_says_how_many_are_not(pictures):
    n_unsummed = 0
    for one in pictures:
        positions = tables.position_rows(one.frame)
        rows = {row.name: row for row in tables.exposure_by_asset(one.frame)}
        coins = [
            (name, coin) for name, code in one.codes.items() for coin in tables.coin_rows(one.frame, code)
        ]
        bets = {row.underlying_asset for row in positions} | {
            coin.asset for _, coin in coins if coin.amount != 0.0
        }
        assert bets <= set(rows)
        for name, row in rows.items():
            assert (row.n_left_out, row.n_accounts) == (len(one.others), len(one.fresh))
            mine = [p for p in positions if p.underlying_asset == name and p.account_id in one.fresh]
            owned = [
                c for account, c in coins if c.asset == name and account in one.fresh and c.amount != 0.0
            ]
            if not mine and not owned:
                assert row.long_usd is row.wallet_usd is row.net_with_wallet_usd is row.hedge_ratio is None
                assert "only accounts that do not count" in row.reasons["net_usd"]
                n_unsummed += 1
                continue
            long_usd, short_usd = sides([p.exposure_usd for p in mine])
            assert (row.long_usd, row.short_usd) == (near(long_usd), near(short_usd))
            assert row.n_unvalued == sum(p.exposure_usd is None for p in mine)
    assert n_unsummed > 5


@pytest.mark.parametrize(
    ("by", "table"),
    [
        ("desk", tables.exposure_by_desk),
        ("tag", tables.exposure_by_tag),
        ("venue", tables.exposure_by_venue),
        ("account", tables.exposure_by_account),
    ],
)
def test_sums_of_groups_are_those_of_their_fresh_accounts_and_count_the_others(pictures, by, table):
    for one in pictures:
        positions, accounts = tables.position_rows(one.frame), tables.account_rows(one.frame)
        for row in table(one.frame):
            belongs = {
                "desk": lambda name, row=row, one=one: one.desks[name] == row.name,
                "tag": lambda name, row=row, one=one: row.name in (one.tags[name] or (None,)),
                "venue": lambda name: True,
                "account": lambda name, row=row: name == row.name,
            }[by]
            members = {name for name in one.desks if belongs(name)}
            counting = members & one.fresh
            assert (row.n_accounts, row.n_left_out) == (len(counting), len(members - one.fresh))
            if not counting:
                assert row.net_usd is row.equity_usd is row.unrealized_pnl_usd is None
                continue
            mine = [p for p in positions if p.account_id in counting]
            long_usd, short_usd = sides([p.exposure_usd for p in mine])
            assert (row.long_usd, row.short_usd) == (near(long_usd), near(short_usd))
            profits = [p.unrealized_pnl_usd for p in mine]
            assert row.unrealized_pnl_usd == near(math.fsum(p for p in profits if p is not None))
            assert ("unrealized_pnl_usd" in row.reasons) == (None in profits)
            for figure in SUMS:
                values = [getattr(a, f"{figure}_usd") for a in accounts if a.account_id in counting]
                known = [value for value in values if value is not None]
                total = getattr(row, f"{figure}_usd")
                assert total == (near(math.fsum(known)) if known else None)
                # A sum without somebody says so.
                assert (f"{figure}_usd" in row.reasons) == (len(known) < len(values))


def test_stress_and_what_if_sum_fresh_accounts_and_name_the_others(pictures):
    for one in pictures:
        betas = moves_of(one.sheet, None).betas
        found = stress(one.sheet, betas, (FALL,), left_out=one.left_out)
        named = {name for name, _ in found.left_out}
        pnl = dict(zip(one.sheet.account_ids, found.accounts.pnl_usd[0].tolist(), strict=True))
        counting = [name for name in one.fresh if not math.isnan(pnl[name])]
        assert one.others <= named
        assert named == set(one.desks) - set(counting)
        whole = found.portfolio
        assert whole.n_left_out[0, 0] == len(named)
        answer = answer_of(what_if(one.sheet, betas, FALL, one.left_out), "")
        assert {line.partition(": ")[0] for line in answer.left_out} == named
        if not counting:
            assert math.isnan(whole.pnl_usd[0, 0])
            assert answer.pnl_usd is None
            continue
        assert whole.pnl_usd[0, 0] == near(math.fsum(pnl[name] for name in counting))
        assert np.nansum(found.assets.pnl_usd[0]) == pytest.approx(whole.pnl_usd[0, 0], rel=1e-6, abs=1e-3)
        assert answer.pnl_usd == near(whole.pnl_usd[0, 0])


def test_value_at_risk_is_of_fresh_accounts_says_how_many_are_not_and_names_them(pictures, recorded_returns):
    day = 86_400
    for one in pictures[3:6]:
        past = PastReturns(daily=recorded_returns)
        figures = measure_value_at_risk(one.sheet, past, one.left_out, None, (0.95,), (day,))
        asked = figures.find("historical", 0.95, day)
        named = {name for name, _ in asked.left_out}
        assert one.others <= named
        assert all(why for _, why in asked.left_out)
        history = history_for(figures.exposures, recorded_returns, figures.settings)
        gains = account_gains(figures.exposures, np.expm1(history.values))
        counting = [row for row, name in enumerate(one.sheet.account_ids) if name not in named]
        assert not np.isnan(gains[counting]).any()
        everything = next(
            row for row in whole_rows(figures) if (row.method, row.confidence) == ("historical", 0.95)
        )
        marked = everything.reasons["var_usd"]
        if not counting:
            assert everything.var_usd is None
            assert marked.startswith("missing")
            continue
        total = sorted(-gains[counting].sum(axis=0), reverse=True)
        worst = total[math.floor(len(total) * 0.05 + 1e-9)]
        assert everything.var_usd == pytest.approx(worst, rel=1e-9, abs=1e-6)
        assert marked == f"not included: {len(named)} account{'s' if len(named) > 1 else ''}"
        for row in part_rows(figures, asked, "desk"):
            without = sum(one.desks[name] == row.name for name in named)
            if row.var_usd is not None:
                assert ("var_usd" in row.reasons) == (without > 0)


def test_funding_and_expiries_sum_positions_of_fresh_accounts_and_name_whom_they_leave_out(pictures):
    for one in pictures:
        contracts = one.sheet.mark_price.shape[0]
        sheet = replace(
            one.sheet,
            funding_rate=np.where(np.arange(contracts) % 3 == 0, np.nan, 1e-4),
            next_funding_at_ns=np.full(contracts, one.sheet.at_ns + 3_600 * 10**9),
            funding_interval_s=np.full(contracts, 28_800),
            expiry_ns=np.where(one.sheet.is_option, one.sheet.at_ns + 10**15, 0),
        )
        calendar = funding_calendar(sheet, left_out=one.left_out)
        mine = [row for row in calendar.positions if row.account_id in one.fresh]
        known = [row.horizon_usd for row in mine if row.horizon_usd is not None]
        if known:
            assert calendar.horizon_usd == near(math.fsum(known))
            assert calendar.paid_usd == near(-math.fsum(min(one, 0.0) for one in known))
        else:
            assert calendar.horizon_usd is calendar.paid_usd is None
        told = [line.partition(": ") for line in calendar.left_out]
        assert all(why for _, _, why in told)
        unknown = {f"{row.account_id} {row.instrument_id}" for row in mine if row.horizon_usd is None}
        assert {who for who, _, _ in told} == one.others | unknown
        # Whoever does not count has a row of its own all the same.
        held = {sheet.account_ids[row] for row in np.unique(sheet.leg_account)}
        assert {row.account_id for row in calendar.accounts} >= held & one.others & {
            row.account_id for row in calendar.positions
        }
        for date in expiry_calendar(sheet, one.left_out).dates:
            rows = [row for row in expiry_calendar(sheet).positions if row.expiry_ns == date.expiry_ns]
            deltas = [row.delta_usd for row in rows if row.account_id in one.fresh]
            known = [delta for delta in deltas if delta is not None]
            assert date.delta_usd == (near(math.fsum(known)) if known else None)
            assert ("delta_usd" in date.reasons) == (len(known) < len(rows) == date.n_positions)


def test_margin_sums_are_of_fresh_accounts_and_name_the_others(pictures):
    for one in pictures:
        moves = moves_of(one.sheet, None)
        levels = measure_levels(one.sheet, moves, PastReturns(), None, one.left_out).levels
        accounts = {row.account_id: row for row in tables.account_rows(one.frame)}
        for sums in (levels.total, *levels.sums):
            members = {name for name in one.desks if sums is levels.total or one.desks[name] == sums.name}
            named = {line.partition(": ")[0] for line in sums.left_out}
            assert members - one.fresh <= named <= members
            counting = members & one.fresh
            assert sums.n_accounts == len(members - named)
            free = [accounts[name].free_usd for name in counting if accounts[name].margin_mode == "cross"]
            known = [value for value in free if value is not None]
            if counting - named:
                assert sums.free_usd >= math.fsum(known) - 1e-6
            else:
                assert sums.collateral_usd is None or counting & named
