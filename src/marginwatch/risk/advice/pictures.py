"""Accounts before and after, by the margin model and the distance to liquidation."""

import math

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import FloatArray
from marginwatch.risk.advice.rows import AccountPicture
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.distance import Ways, distances
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.margin import largest_in_group, usage
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]
BITCOIN = "BTC"


def bitcoin_usd(sheet: MarginSheet) -> float:
    """Return the USD price of Bitcoin in the sheet, NaN if it has none."""
    prices = [
        float(usd)
        for name, usd in zip(sheet.coin_names, sheet.coin_usd.tolist(), strict=True)
        if name == BITCOIN and math.isfinite(usd)
    ]
    return prices[0] if prices else math.nan


def usages(sheet: MarginSheet) -> tuple[FloatArray, AnswerArray]:
    """Return initial and maintenance margin usage of every account with their answers, shape (2, k) each.

    That of an isolated account is the largest over its positions, margin required ÷ (put up + profit); its initial margin
    usage is not applicable.
    """
    figures = margins(sheet, prices_now(sheet))
    ratios, answers = usage(
        np.stack((figures.initial_margin, figures.maintenance_margin)), figures.adjusted_equity
    )
    is_isolated = sheet.mode == ISOLATED
    if not is_isolated.any():
        return ratios, answers
    legs, rows = figures.legs, np.flatnonzero(is_isolated[sheet.leg_account])
    each, kinds = usage(legs.maintenance_margin[rows], legs.initial_margin[rows] + legs.unrealized_pnl[rows])
    largest, largest_kinds = largest_in_group(sheet.leg_account[rows], each, kinds, sheet.n_accounts)
    is_there = is_isolated & ~sheet.is_missing
    ratios[1], answers[1] = (
        np.where(is_there, largest, ratios[1]),
        np.where(is_there, largest_kinds, answers[1]),
    )
    answers[0] = np.where(is_there, np.uint8(Answer.NOT_APPLICABLE), answers[0])
    return ratios, answers


def account_pictures(sheet: MarginSheet, betas: Betas, work: Workspace) -> list[AccountPicture]:
    """Return a picture of every account of a sheet, with distances. Cost: that of a liquidation solve."""
    figures = margins(sheet, prices_now(sheet))
    ratios, answers = usages(sheet)
    ways, btc_usd = distances(sheet, betas, work).common, bitcoin_usd(sheet)
    found: list[AccountPicture] = []
    for row in range(sheet.n_accounts):
        nulls = Nulls()
        why = sheet.missing_reasons[row] or "margin figures"
        joint = Answer.NOT_APPLICABLE if sheet.mode[row] == ISOLATED and not sheet.is_missing[row] else None
        shocks = {
            "down": (ways.down[row], ways.down_answer[row]),
            "up": (ways.up[row], ways.up_answer[row]),
        }
        found.append(
            AccountPicture(
                equity_usd=nulls.number("equity_usd", figures.equity[row], why),
                adjusted_equity_usd=nulls.number(
                    "adjusted_equity_usd", figures.adjusted_equity[row], why, joint
                ),
                initial_margin_usd=nulls.number(
                    "initial_margin_usd", figures.initial_margin[row], why, joint
                ),
                maintenance_margin_usd=nulls.number(
                    "maintenance_margin_usd", figures.maintenance_margin[row], why, joint
                ),
                available_usd=nulls.number("available_usd", figures.available[row], why, joint),
                headroom_usd=nulls.number("headroom_usd", figures.headroom[row], why, joint),
                maintenance_margin_usage=nulls.number(
                    "maintenance_margin_usage", ratios[1, row], why, int(answers[1, row])
                ),
                initial_margin_usage=nulls.number(
                    "initial_margin_usage", ratios[0, row], why, int(answers[0, row])
                ),
                **{
                    f"distance_{way}": nulls.number(f"distance_{way}", shock, why, int(answer))
                    for way, (shock, answer) in shocks.items()
                },
                **{
                    f"limit_btc_price_{way}": _limit(
                        nulls, f"limit_btc_price_{way}", shock, int(answer), btc_usd, why
                    )
                    for way, (shock, answer) in shocks.items()
                },
                reasons=nulls.reasons,
            )
        )
    return found


def _limit(nulls: Nulls, field: str, shock: float, answer: int, btc_usd: float, why: str) -> float | None:
    if answer == Answer.NUMBER and math.isnan(btc_usd):
        why = "price of Bitcoin"
    return nulls.number(field, btc_usd * (1.0 + shock), why, answer)


def nearest(ways: Ways) -> FloatArray:
    """Return the nearer of both ways as a size, shape (k,), infinite where there is none, NaN where it is not known."""
    size = np.abs(ways.shock)
    return np.where(
        ways.answer == Answer.NUMBER, size, np.where(ways.answer == Answer.MISSING, np.nan, np.inf)
    )
