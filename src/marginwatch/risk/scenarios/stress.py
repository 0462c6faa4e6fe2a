"""Every account in every scenario: one margin pass for each, in reused buffers."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.model.scenario import Scenario
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.margin.figures import AccountMargins
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.sheet_plan import with_cash
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.measures.margin import usage
from marginwatch.risk.scenarios.assets import AssetSums
from marginwatch.risk.scenarios.coin_moves import coin_moves
from marginwatch.risk.scenarios.group_sums import group_stress
from marginwatch.risk.scenarios.isolated_legs import ISOLATED, IsolatedLegs
from marginwatch.risk.scenarios.market import ScenarioMarket, holding_funding, leg_funding, scenario_market
from marginwatch.risk.scenarios.results import AccountStress, StressResult
from marginwatch.risk.workspace import Workspace

NO_OPTION_PRICE = "the volatility or forward of an option is not known, so it cannot be valued in scenarios"


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
    accounts = run.accounts()
    desks, portfolio = group_stress(sheet, accounts, run.maintenance, run.adjusted, is_counted)
    return StressResult(
        sheet=sheet,
        scenarios=scenarios,
        moves=moves,
        accounts=accounts,
        desks=desks,
        portfolio=portfolio,
        assets=run.assets.result(),
        left_out=run.left_out(accounts.answer, left_out),
    )


class _Run:
    """The tables of a run, filled scenario by scenario."""

    def __init__(self, sheet: MarginSheet, work: Workspace, n_scenarios: int, is_counted: BoolArray) -> None:
        shape = (n_scenarios, sheet.n_accounts)
        self._sheet, self._work = sheet, work
        now = margins(sheet, prices_now(sheet), work)
        self._equity_now = now.equity
        is_isolated = sheet.mode == ISOLATED
        self._is_isolated = is_isolated
        self._isolated = IsolatedLegs(sheet, now.legs) if is_isolated.any() else None
        self._is_idle = _idle(sheet)
        self._is_counted = is_counted & ~np.isnan(now.equity)
        self.assets = AssetSums(sheet, self._is_counted, n_scenarios)
        self.equity, self.maintenance, self.adjusted = np.empty(shape), np.empty(shape), np.empty(shape)
        self.usage, self.usage_answer = np.empty(shape), np.empty(shape, np.uint8)
        self.n_legs = np.zeros(shape, np.int64)

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
        self.equity[place] = found.equity
        self.maintenance[place], self.adjusted[place] = found.maintenance_margin, found.adjusted_equity
        self.usage[place], self.usage_answer[place] = usage(found.maintenance_margin, found.adjusted_equity)
        self.n_legs[place] = np.where(found.headroom <= 0.0, np.diff(sheet.first_leg), 0)
        is_counted = self._is_counted & ~np.isnan(found.equity)
        self.assets.take(place, market, is_counted, funding)
        if self._isolated is not None:
            self._take_isolated(place, self._isolated, market, found, is_counted)

    def _take_isolated(
        self,
        place: int,
        isolated: IsolatedLegs,
        market: ScenarioMarket,
        found: AccountMargins,
        is_counted: BoolArray,
    ) -> None:
        sheet, of_legs = self._sheet, isolated.stressed(found.legs)
        taken = of_legs.taken
        account = sheet.leg_account[taken]
        extra = of_legs.extra_pnl * market.prices.holding_usd[sheet.leg_settle_holding[taken]]
        self.equity[place] += grouped(account, extra, sheet.n_accounts)
        self.assets.add(place, taken, np.where(is_counted[account], extra, 0.0))
        self.n_legs[place, self._is_isolated] = np.bincount(account, minlength=sheet.n_accounts)[
            self._is_isolated
        ]
        self.usage_answer[place, self._is_isolated] = Answer.NOT_APPLICABLE
        is_met = of_legs.usage > -np.inf
        self.usage_answer[place, of_legs.accounts] = np.where(is_met, Answer.NUMBER, Answer.MISSING)
        self.usage[place, of_legs.accounts] = of_legs.usage

    def accounts(self) -> AccountStress:
        """Return the figures of accounts."""
        pnl = self.equity - self._equity_now
        is_missing = np.isnan(pnl)
        answer = np.where(is_missing, np.uint8(Answer.MISSING), np.uint8(Answer.NUMBER))
        is_unsure = is_missing | (~self._is_isolated & (np.isnan(self.maintenance) | np.isnan(self.adjusted)))
        liquidation = np.where(is_unsure, np.uint8(Answer.MISSING), np.uint8(Answer.NUMBER))
        liquidation = np.where(self._is_idle & ~is_unsure, np.uint8(Answer.NOT_APPLICABLE), liquidation)
        usage_answer = np.where(is_unsure, np.uint8(Answer.MISSING), self.usage_answer)
        is_liquidated = self._is_at_limit() & (liquidation == Answer.NUMBER)
        return AccountStress(
            pnl_usd=pnl,
            equity_left_usd=np.where(is_missing, np.nan, self.equity),
            answer=answer,
            usage=np.where(usage_answer == Answer.NUMBER, self.usage, np.nan),
            usage_answer=usage_answer,
            is_liquidated=is_liquidated,
            liquidation_answer=liquidation,
            n_liquidated_legs=np.where(is_liquidated, self.n_legs, 0),
        )

    def _is_at_limit(self) -> BoolArray:
        return np.where(self._is_isolated, self.n_legs > 0, self.adjusted - self.maintenance <= 0.0)

    def left_out(
        self, answer: AnswerArray, stated: Mapping[AccountId, str]
    ) -> tuple[tuple[AccountId, str], ...]:
        """Return the accounts that are missing somewhere or count in no sum, and why."""
        sheet = self._sheet
        rows = np.flatnonzero(~self._is_counted | (answer == Answer.MISSING).any(axis=0))
        names = ((sheet.account_ids[row], sheet.missing_reasons[row]) for row in rows.tolist())
        return tuple((name, stated.get(name) or reason or NO_OPTION_PRICE) for name, reason in names)


def _idle(sheet: MarginSheet) -> BoolArray:
    """Return which accounts have nothing that could be liquidated: no legs, no debts."""
    owes = grouped(
        sheet.holding_account,
        ((sheet.holding_cash < 0.0) | (sheet.holding_borrowed > 0.0)).astype(np.float64),
        sheet.n_accounts,
    )
    return (np.diff(sheet.first_leg) == 0) & (owes == 0.0)
