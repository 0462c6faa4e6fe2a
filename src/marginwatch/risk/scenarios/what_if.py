"""One move of the market over all accounts, whenever somebody asks: the same reckoning as stress, before and after."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.model.scenario import Scenario
from marginwatch.risk.answers import Answer
from marginwatch.risk.betas import Betas
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.scenarios.isolated_legs import ISOLATED, IsolatedLegs
from marginwatch.risk.scenarios.market import scenario_market
from marginwatch.risk.scenarios.results import StressResult
from marginwatch.risk.scenarios.stress import NO_OPTION_PRICE, stress
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.what_if_rows import WhatIfAnswer, WhatIfAsset, WhatIfFigures, WhatIfRow, WhatIfSums
from marginwatch.risk.workspace import Workspace

ROWS_MAX = 200
ASSETS_MAX = 20
LEFT_OUT_MAX = 50
BEFORE, AFTER = 0, 1
PRESENT = Scenario(name="now")


class Required(NamedTuple):
    """Adjusted equity and maintenance margin of each account in the two markets, shape (2, k), USD; NaN where none."""

    adjusted: FloatArray
    maintenance: FloatArray


@dataclass(slots=True, frozen=True, eq=False)
class WhatIf:
    """All accounts before and after a move.

    Parameters
    ----------
    result : StressResult
        The present and the move as two scenarios.
    required : Required
        What stress does not keep.
    counts : ndarray of shape (k,), bool
        Accounts that are part of sums.
    """

    result: StressResult
    required: Required
    counts: BoolArray


def what_if(
    sheet: MarginSheet,
    betas: Betas,
    move: Scenario,
    left_out: Mapping[AccountId, str] = MappingProxyType({}),
    work: Workspace | None = None,
) -> WhatIf:
    """Return what a move makes of every account: tiers, haircuts, debts and options reckoned anew.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    betas : Betas
        By coin of the sheet, shape (m,).
    move : Scenario
        What happens; without funding payments.
    left_out : mapping of AccountId to str
        Accounts that count in no sum, and why.
    work : Workspace, optional
        Buffers to be used again.

    Raises
    ------
    ValueError
        If the move has funding payments, which the margins beside the profit would not know.
    """
    if move.funding_payments:
        raise ValueError("move must have no funding payments; a stress scenario may have them")
    work = work or Workspace()
    result = stress(sheet, betas, (PRESENT, move), work, left_out)
    counts: BoolArray = np.array([name not in left_out for name in sheet.account_ids], np.bool_)
    return WhatIf(result, _required(sheet, result, work), counts)


def _required(sheet: MarginSheet, result: StressResult, work: Workspace) -> Required:
    shape = (len(result.scenarios), sheet.n_accounts)
    found = Required(np.empty(shape), np.empty(shape))
    is_isolated = sheet.mode == ISOLATED
    alone: IsolatedLegs | None = None
    for place, scenario in enumerate(result.scenarios):
        market = scenario_market(sheet, result.moves.factor[place], scenario, work)
        reckoned = margins(sheet, market.prices, work)
        found.adjusted[place], found.maintenance[place] = (
            reckoned.adjusted_equity,
            reckoned.maintenance_margin,
        )
        if is_isolated.any():
            alone = alone or IsolatedLegs(sheet, reckoned.legs, market.prices)
            worth = reckoned.legs.maintenance_margin * market.prices.leg_settle_usd(sheet)
            worth[alone.stressed(reckoned.legs, market.prices).taken] = 0.0
            of_legs = grouped(sheet.leg_account, worth, sheet.n_accounts)
            np.copyto(found.maintenance[place], of_legs, where=is_isolated & ~sheet.is_missing)
    return found


def answer_of(found: WhatIf, betas_source: str) -> WhatIfAnswer:
    """Return the sums, the worst accounts and the coins that matter most, for people."""
    result, nulls = found.result, Nulls()
    whole = result.portfolio
    kind, pnl = int(whole.answer[AFTER, 0]), float(whole.pnl_usd[AFTER, 0])
    before, after = _sums(found, BEFORE), _sums(found, AFTER)
    equity = before.equity_usd
    # Without equity there is nothing that it could be a share of.
    has_share = kind != Answer.NUMBER or (equity is not None and equity > 0.0)
    return WhatIfAnswer(
        before=before,
        after=after,
        pnl_usd=nulls.number("pnl_usd", pnl, "every account", kind),
        pnl_share=nulls.number(
            "pnl_share",
            pnl / equity if equity else math.nan,
            "every account",
            kind if has_share else Answer.NOT_APPLICABLE,
        ),
        n_accounts=result.sheet.n_accounts,
        n_left_out=int(whole.n_left_out[AFTER, 0]),
        left_out=tuple(f"{name}: {why}" for name, why in result.left_out[:LEFT_OUT_MAX]),
        rows=tuple(_row(found, row) for row in _worst_first(result)[:ROWS_MAX].tolist()),
        assets=_assets(result),
        betas_source=betas_source,
        reasons=nulls.reasons,
    )


def _sums(found: WhatIf, place: int) -> WhatIfSums:
    nulls, whole = Nulls(), found.result.portfolio
    why = "every account"
    sums: dict[str, float | None] = {}
    for name, values in (
        ("adjusted_equity_usd", found.required.adjusted[place]),
        ("maintenance_margin_usd", found.required.maintenance[place]),
    ):
        known = values[found.counts & ~np.isnan(values)]
        sums[name] = nulls.number(name, float(known.sum()) if known.shape[0] else math.nan, why)
    return WhatIfSums(
        equity_usd=nulls.number(
            "equity_usd", whole.equity_left_usd[place, 0], why, int(whole.answer[place, 0])
        ),
        adjusted_equity_usd=sums["adjusted_equity_usd"],
        maintenance_margin_usd=sums["maintenance_margin_usd"],
        maintenance_margin_usage=nulls.number(
            "maintenance_margin_usage", whole.usage[place, 0], why, int(whole.usage_answer[place, 0])
        ),
        worst_usage=nulls.number(
            "worst_usage", whole.worst_usage[place, 0], why, int(whole.worst_usage_answer[place, 0])
        ),
        n_liquidated=int(whole.n_liquidated[place, 0]),
        n_liquidated_positions=int(whole.n_liquidated_legs[place, 0]),
        reasons=nulls.reasons,
    )


def _worst_first(result: StressResult) -> CodeArray:
    """Return the rows of all accounts: liquidated, by usage, missing, idle."""
    of = result.accounts
    answer = of.usage_answer[AFTER]
    group = np.select(
        [of.is_liquidated[AFTER], answer == Answer.NUMBER, answer == Answer.MISSING], [0, 1, 2], 3
    )
    return np.lexsort((-np.nan_to_num(of.usage[AFTER], nan=0.0), group))


def _row(found: WhatIf, row: int) -> WhatIfRow:
    sheet, of, nulls = found.result.sheet, found.result.accounts, Nulls()
    return WhatIfRow(
        account_id=sheet.account_ids[row],
        desk=sheet.desk_names[int(sheet.desk[row])],
        is_included=bool(found.counts[row]),
        pnl_usd=nulls.number("pnl_usd", of.pnl_usd[AFTER, row], _why(sheet, row), int(of.answer[AFTER, row])),
        before=_figures(found, BEFORE, row),
        after=_figures(found, AFTER, row),
        reasons=nulls.reasons,
    )


def _figures(found: WhatIf, place: int, row: int) -> WhatIfFigures:
    sheet, of, nulls = found.result.sheet, found.result.accounts, Nulls()
    why, answer = _why(sheet, row), int(of.answer[place, row])
    is_alone = bool(sheet.mode[row] == ISOLATED and not sheet.is_missing[row])
    known = int(of.liquidation_answer[place, row])
    is_liquidated = nulls.number("is_liquidated", float(of.is_liquidated[place, row]), why, known)
    return WhatIfFigures(
        equity_usd=nulls.number("equity_usd", of.equity_left_usd[place, row], why, answer),
        adjusted_equity_usd=nulls.number(
            "adjusted_equity_usd",
            found.required.adjusted[place, row],
            why,
            Answer.NOT_APPLICABLE if is_alone else None,
        ),
        maintenance_margin_usd=nulls.number(
            "maintenance_margin_usd", found.required.maintenance[place, row], why
        ),
        maintenance_margin_usage=nulls.number(
            "maintenance_margin_usage", of.usage[place, row], why, int(of.usage_answer[place, row])
        ),
        is_liquidated=None if is_liquidated is None else bool(is_liquidated),
        n_liquidated_positions=int(of.n_liquidated_legs[place, row]),
        reasons=nulls.reasons,
    )


def _why(sheet: MarginSheet, row: int) -> str:
    return sheet.missing_reasons[row] or NO_OPTION_PRICE


def _assets(result: StressResult) -> tuple[WhatIfAsset, ...]:
    pnl = np.nan_to_num(result.assets.pnl_usd[AFTER])
    order: list[int] = np.argsort(-np.abs(pnl), kind="stable")[:ASSETS_MAX].tolist()
    return tuple(
        WhatIfAsset(asset=result.assets.names[place], pnl_usd=float(pnl[place]))
        for place in order
        if pnl[place]
    )
