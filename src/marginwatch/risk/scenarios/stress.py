"""Every account in every scenario: one margin pass for each, in reused buffers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.model.scenario import Scenario
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.margin.figures import LegMargins
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.sheet_plan import with_cash
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.measures.margin import usage
from marginwatch.risk.scenarios.assets import AssetSums
from marginwatch.risk.scenarios.coin_moves import coin_moves
from marginwatch.risk.scenarios.group_sums import GroupSums
from marginwatch.risk.scenarios.isolated_legs import ISOLATED, IsolatedLegs, IsolatedStress
from marginwatch.risk.scenarios.market import ScenarioMarket, holding_funding, leg_funding, scenario_market
from marginwatch.risk.scenarios.results import AccountStress, StressResult
from marginwatch.risk.workspace import Workspace

NO_OPTION_PRICE = "the volatility or forward of an option is not known, so it cannot be valued in scenarios"


class Row(NamedTuple):
    """Figures of all accounts in one scenario, shape (k,): before what is not known is made missing."""

    equity: FloatArray
    usage: FloatArray
    usage_answer: AnswerArray
    is_at_limit: BoolArray
    n_legs: CodeArray
    maintenance: FloatArray
    adjusted: FloatArray


def stress(
    sheet: MarginSheet,
    betas: Betas,
    scenarios: tuple[Scenario, ...],
    work: Workspace | None = None,
    left_out: Mapping[AccountId, str] = MappingProxyType({}),
) -> StressResult:
    """Return what every scenario would do to every account, desk and asset.

    Cost: one margin pass a scenario, and a new plan for each with funding; nothing but tables of (s, k) is allocated.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    betas : Betas
        By coin of the sheet, shape (m,).
    scenarios : tuple of Scenario
        What happens; may be empty.
    work : Workspace, optional
        Buffers to be used again.
    left_out : mapping of AccountId to str
        Accounts that count in no sum (stale, lost, stopped), and why; they have their own figures all the same.
    """
    is_counted = np.array([name not in left_out for name in sheet.account_ids], np.bool_)
    run = _Run(sheet, work or Workspace(), len(scenarios), is_counted)
    moves = coin_moves(sheet, betas, scenarios)
    for place, scenario in enumerate(scenarios):
        run.take(place, scenario, moves.factor[place])
    return StressResult(
        sheet=sheet,
        scenarios=scenarios,
        moves=moves,
        accounts=run.accounts,
        desks=run.groups.desks(),
        portfolio=run.groups.portfolio(),
        assets=run.assets.result(),
        left_out=run.left_out(left_out),
    )


class _Run:
    """The tables of a run, filled scenario by scenario: small arrays that stay in the caches, not whole tables."""

    def __init__(self, sheet: MarginSheet, work: Workspace, n_scenarios: int, is_counted: BoolArray) -> None:
        self._sheet, self._work = sheet, work
        prices = prices_now(sheet)
        now = margins(sheet, prices, work)
        self._equity_now = now.equity
        self._is_isolated = sheet.mode == ISOLATED
        self._isolated: IsolatedLegs | None = None
        if self._is_isolated.any():
            self._isolated = IsolatedLegs(sheet, now.legs, prices)
            self._equity_now = now.equity + _by_account(sheet, self._isolated.gone)
        self._n_legs = np.diff(sheet.first_leg)
        self._if_known: AnswerArray = np.where(
            _idle(sheet), np.uint8(Answer.NOT_APPLICABLE), np.uint8(Answer.NUMBER)
        )
        self._is_counted = is_counted & ~np.isnan(now.equity)
        self.accounts = _blank((n_scenarios, sheet.n_accounts))
        self.groups = GroupSums(sheet, is_counted, n_scenarios)
        self.assets = AssetSums(sheet, self._is_counted, n_scenarios)

    def take(self, place: int, scenario: Scenario, coin_factor: FloatArray) -> None:
        """Fill in one scenario."""
        sheet, work = self._sheet, self._work
        market = scenario_market(sheet, coin_factor, scenario, work)
        funding: FloatArray | None = None
        if scenario.funding_payments and scenario.funding_rate:
            funding = leg_funding(
                sheet, market.contract_mark, scenario.funding_rate, scenario.funding_payments
            )
            sheet = with_cash(sheet, sheet.holding_cash + holding_funding(sheet, funding))
        found = margins(sheet, market.prices, work)
        is_counted = self._is_counted & ~np.isnan(found.equity)
        self.assets.take(place, market, is_counted, funding)
        ratio, answers = usage(found.maintenance_margin, found.adjusted_equity)
        row = Row(
            found.equity,
            ratio,
            answers,
            found.headroom <= 0.0,
            self._n_legs,
            found.maintenance_margin,
            found.adjusted_equity,
        )
        if self._isolated is not None:
            row = self._with_isolated(place, row, self._isolated, market, found.legs, is_counted)
        self._finish(place, row)

    def _with_isolated(
        self,
        place: int,
        row: Row,
        isolated: IsolatedLegs,
        market: ScenarioMarket,
        legs: LegMargins,
        is_counted: BoolArray,
    ) -> Row:
        sheet, of_legs = self._sheet, isolated.stressed(legs, market.prices)
        for one, sign in ((of_legs, 1.0), (isolated.gone, -1.0)):
            is_in = is_counted[sheet.leg_account[one.taken]]
            self.assets.add(place, one.taken, np.where(is_in, sign * one.extra_usd, 0.0))
        n_taken = np.bincount(sheet.leg_account[of_legs.taken], minlength=sheet.n_accounts)
        ratio, answers = row.usage, row.usage_answer
        answers[self._is_isolated] = Answer.NOT_APPLICABLE
        answers[of_legs.accounts] = np.where(np.isnan(of_legs.usage), Answer.MISSING, Answer.NUMBER)
        ratio[of_legs.accounts] = of_legs.usage
        return row._replace(
            equity=row.equity + _by_account(sheet, of_legs),
            is_at_limit=np.where(self._is_isolated, n_taken > 0, row.is_at_limit),
            n_legs=np.where(self._is_isolated, n_taken, row.n_legs),
        )

    def _finish(self, place: int, row: Row) -> None:
        """Put a row into the tables, with what is not known made missing."""
        out, pnl = self.accounts, row.equity - self._equity_now
        is_missing = np.isnan(pnl)
        # Every other account than an isolated one has figures as a whole, or lacks something.
        is_unsure = is_missing | (np.isnan(row.maintenance + row.adjusted) & ~self._is_isolated)
        known = self._if_known
        if is_unsure.any():
            known = np.where(is_unsure, np.uint8(Answer.MISSING), known)
            row.usage_answer[is_unsure] = Answer.MISSING
        row.usage[row.usage_answer != Answer.NUMBER] = np.nan
        out.pnl_usd[place], out.equity_left_usd[place] = pnl, row.equity
        out.equity_left_usd[place, is_missing] = np.nan
        out.answer[place] = np.where(is_missing, np.uint8(Answer.MISSING), np.uint8(Answer.NUMBER))
        out.usage[place], out.usage_answer[place] = row.usage, row.usage_answer
        out.liquidation_answer[place] = known
        out.is_liquidated[place] = is_liquidated = row.is_at_limit & (known == Answer.NUMBER)
        out.n_liquidated_legs[place] = np.where(is_liquidated, row.n_legs, 0)
        self.groups.take(place, out, row.maintenance, row.adjusted)

    def left_out(self, stated: Mapping[AccountId, str]) -> tuple[tuple[AccountId, str], ...]:
        """Return the accounts that are missing somewhere or count in no sum, and why."""
        sheet = self._sheet
        rows = np.flatnonzero(~self._is_counted | (self.accounts.answer == Answer.MISSING).any(axis=0))
        names = ((sheet.account_ids[row], sheet.missing_reasons[row]) for row in rows.tolist())
        return tuple((name, stated.get(name) or reason or NO_OPTION_PRICE) for name, reason in names)


def _blank(shape: tuple[int, int]) -> AccountStress:
    """Return tables to be filled."""
    return AccountStress(
        pnl_usd=np.empty(shape),
        equity_left_usd=np.empty(shape),
        answer=np.empty(shape, np.uint8),
        usage=np.empty(shape),
        usage_answer=np.empty(shape, np.uint8),
        is_liquidated=np.empty(shape, np.bool_),
        liquidation_answer=np.empty(shape, np.uint8),
        n_liquidated_legs=np.empty(shape, np.int64),
    )


def _by_account(sheet: MarginSheet, of_legs: IsolatedStress) -> FloatArray:
    """Return what liquidations change in each account beyond its marks, USD."""
    return grouped(sheet.leg_account[of_legs.taken], of_legs.extra_usd, sheet.n_accounts)


def _idle(sheet: MarginSheet) -> BoolArray:
    """Return which accounts have nothing that could be liquidated: no legs, no debts."""
    owes = grouped(sheet.holding_account, sheet.is_owed.astype(np.float64), sheet.n_accounts)
    return (np.diff(sheet.first_leg) == 0) & (owes == 0.0)
