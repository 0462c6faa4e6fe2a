"""Scenarios, worst cases and cascades as rows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy_rows import CascadeRow, PartBasis, StressRow, WorstRow
from marginwatch.risk.liquidation.cascade import Cascade, Round
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.scenarios.results import GroupStress
from marginwatch.risk.scenarios.worst_case import CoinWorst
from marginwatch.risk.tables.nulls import Nulls

if TYPE_CHECKING:
    from marginwatch.risk.heavy.stress import StressFigures

MISSING = "a price or fact of an account"
WORST_ACCOUNTS_MAX = 500
"""Pairs of an account and a coin that are shown, the largest losses first."""


def stress_basis(frame: Frame) -> PartBasis:
    """Return when scenarios were reckoned and what they leave out."""
    held = frame.heavy.stress.held_at(frame.at_ns)
    if held.value is None:
        return PartBasis(age_s=held.age_s, reason=held.reason)
    result = held.value.result
    borrowed = {one.coin for place in range(len(result.scenarios)) for one in result.borrowed(place)}
    sources = [f"betas: {held.value.betas_source}"]
    if borrowed:
        sources.append(
            f"without a move of their own on some recorded days: {', '.join(sorted(borrowed)[:20])}"
        )
    return PartBasis(
        age_s=held.age_s,
        sources=tuple(sources),
        left_out=tuple(f"{name}: {why}" for name, why in result.left_out),
    )


def stress_rows(frame: Frame, by: str = "portfolio", scenario: str | None = None) -> list[StressRow]:
    """Return scenarios for everything, or of each desk, account or asset.

    Parameters
    ----------
    frame : Frame
        Whose latest results are shown; none if there are none.
    by : {'portfolio', 'desk', 'account', 'asset'}
        Of what. Everything has a row for each scenario; the others one each, for the scenario asked for, or else for the
        one in which they lose most.
    scenario : str, optional
        Its name.
    """
    figures = frame.heavy.stress.held_at(frame.at_ns).value
    if figures is None:
        return []
    result = figures.result
    places = [place for place, one in enumerate(result.scenarios) if scenario in (None, one.name)]
    if by == "portfolio":
        return [_group_row(figures, result.portfolio, place, 0, "portfolio", None) for place in places]
    if by == "desk":
        groups = [code for code in range(len(result.sheet.desk_names)) if result.desks.n_accounts[code]]
        return [
            _group_row(figures, result.desks, place, code, "desk", result.sheet.desk_names[code])
            for code in groups
            for place in _worst(result.desks.pnl_usd, places, code)
        ]
    if by == "account":
        return [
            _account_row(figures, place, row)
            for row in range(result.sheet.n_accounts)
            for place in _worst(result.accounts.pnl_usd, places, row)
        ]
    return [
        _asset_row(figures, place, column)
        for column in range(len(result.assets.names))
        for place in _worst(result.assets.pnl_usd, places, column)
    ]


def _worst(
    pnl: np.ndarray[tuple[int, int], np.dtype[np.float64]], places: list[int], column: int
) -> Iterable[int]:
    """Return the place with the largest loss; the first one where nothing is known, none without places."""
    if not places:
        return ()
    mine = pnl[places, column]
    return (places[0] if np.isnan(mine).all() else places[int(np.nanargmin(mine))],)


def _group_row(
    figures: "StressFigures", of: GroupStress, place: int, group: int, scope: str, name: str | None
) -> StressRow:
    scenario, nulls = figures.result.scenarios[place], Nulls()
    answer = int(of.answer[place, group])
    pnl = nulls.number("pnl_usd", of.pnl_usd[place, group], MISSING, answer)
    left = nulls.number("equity_left_usd", of.equity_left_usd[place, group], MISSING, answer)
    return StressRow(
        scenario=scenario.name,
        kind=scenario.kind,
        scope="desk" if scope == "desk" else "portfolio",
        name=name,
        pnl_usd=pnl,
        equity_left_usd=left,
        pnl_share=_share(pnl, left),
        maintenance_margin_usage=nulls.number(
            "maintenance_margin_usage",
            of.worst_usage[place, group],
            MISSING,
            int(of.worst_usage_answer[place, group]),
        ),
        n_liquidated=int(of.n_liquidated[place, group]),
        n_liquidated_positions=int(of.n_liquidated_legs[place, group]),
        n_left_out=int(of.n_left_out[place, group]),
        btc_move=scenario.btc_move,
        beta_factor=scenario.beta_factor,
        volatility_shift=scenario.volatility_shift,
        reasons=nulls.reasons,
    )


def _share(pnl: float | None, left: float | None) -> float | None:
    if pnl is None or left is None or left - pnl <= 0.0:
        return None
    return pnl / (left - pnl)


def _account_row(figures: "StressFigures", place: int, row: int) -> StressRow:
    result = figures.result
    of, sheet, nulls, scenario = result.accounts, result.sheet, Nulls(), result.scenarios[place]
    why, answer = sheet.missing_reasons[row] or MISSING, int(of.answer[place, row])
    pnl = nulls.number("pnl_usd", of.pnl_usd[place, row], why, answer)
    left = nulls.number("equity_left_usd", of.equity_left_usd[place, row], why, answer)
    is_known = of.liquidation_answer[place, row] == Answer.NUMBER
    return StressRow(
        scenario=scenario.name,
        kind=scenario.kind,
        scope="account",
        name=sheet.account_ids[row],
        pnl_usd=pnl,
        equity_left_usd=left,
        pnl_share=_share(pnl, left),
        maintenance_margin_usage=nulls.number(
            "maintenance_margin_usage", of.usage[place, row], why, int(of.usage_answer[place, row])
        ),
        is_liquidated=bool(of.is_liquidated[place, row]) if is_known else None,
        n_liquidated_positions=int(of.n_liquidated_legs[place, row]) if is_known else None,
        btc_move=scenario.btc_move,
        beta_factor=scenario.beta_factor,
        volatility_shift=scenario.volatility_shift,
        reasons=nulls.reasons,
    )


def _asset_row(figures: "StressFigures", place: int, column: int) -> StressRow:
    of, nulls, scenario = figures.result.assets, Nulls(), figures.result.scenarios[place]
    whole = figures.result.portfolio
    pnl = nulls.number("pnl_usd", of.pnl_usd[place, column], MISSING, int(of.answer[place, column]))
    return StressRow(
        scenario=scenario.name,
        kind=scenario.kind,
        scope="asset",
        name=of.names[column],
        pnl_usd=pnl,
        n_left_out=int(whole.n_left_out[place, 0]),
        reasons=nulls.reasons,
    )


def worst_rows(frame: Frame) -> list[WorstRow]:
    """Return what each coin could do to everything, then to single accounts, the largest losses of each first."""
    figures = frame.heavy.stress.held_at(frame.at_ns).value
    if figures is None:
        return []
    worst, sheet = figures.worst, figures.worst.sheet
    whole = [_worst_row(worst.assets, place, name, None) for place, name in enumerate(worst.asset_names)]
    order: list[int] = np.argsort(-np.nan_to_num(worst.pairs.loss_usd), kind="stable")[
        :WORST_ACCOUNTS_MAX
    ].tolist()
    single = [
        _worst_row(
            worst.pairs,
            place,
            sheet.coin_names[int(worst.coin[place])] or "",
            int(worst.account[place]),
            sheet,
        )
        for place in order
    ]
    return sorted(whole, key=lambda row: -(row.loss_usd or 0.0)) + single


def _worst_row(
    of: CoinWorst, place: int, asset: str, account: int | None, sheet: MarginSheet | None = None
) -> WorstRow:
    nulls, answer = Nulls(), int(of.answer[place])
    fields = {
        name: nulls.number(name, getattr(of, name)[place], "an option on it cannot be valued", answer)
        for name in ("to_zero_usd", "doubled_usd", "loss_usd")
    }
    share = nulls.number("share_of_equity", of.share_of_equity[place], "equity", int(of.share_answer[place]))
    name = None if account is None or sheet is None else sheet.account_ids[account]
    return WorstRow(asset=asset, account_id=name, share_of_equity=share, reasons=nulls.reasons, **fields)


def cascade_basis(frame: Frame) -> PartBasis:
    """Return when cascades were reckoned and what they leave out; without rows, whether nobody dies or it is not known."""
    held = frame.heavy.cascades.held_at(frame.at_ns)
    if held.value is None:
        return PartBasis(age_s=held.age_s, reason=held.reason or "not reckoned yet")
    left_out: list[str] = []
    for direction, one in (("down", held.value.down), ("up", held.value.up)):
        if one.n_left_out:
            left_out.append(f"{direction}: {one.n_left_out} isolated accounts or ones with missing figures")
        if one.is_cut:
            left_out.append(f"{direction}: whatever comes after {len(one.rounds)} rounds")
    return PartBasis(age_s=held.age_s, left_out=tuple(left_out))


def cascade_rows(frame: Frame) -> list[CascadeRow]:
    """Return the rounds of both cascades."""
    figures = frame.heavy.cascades.held_at(frame.at_ns).value
    if figures is None:
        return []
    return [*_rounds(figures.sheet, figures.down, "down"), *_rounds(figures.sheet, figures.up, "up")]


def _by_coin(sheet: MarginSheet, of: Round, usd: FloatArray) -> dict[str, float]:
    """Return amounts of the coins that a round sells."""
    return {sheet.coin_names[coin] or "": float(usd[coin]) for coin in np.flatnonzero(of.sold_usd).tolist()}


def _rounds(sheet: MarginSheet, of: Cascade, direction: str) -> list[CascadeRow]:
    return [
        CascadeRow(
            direction="down" if direction == "down" else "up",
            round=number,
            shock=one.shock,
            is_caused=one.is_caused,
            accounts=tuple(sheet.account_ids[int(row)] for row in one.accounts),
            loss_usd=one.loss_usd,
            left_usd=_by_coin(sheet, one, one.left_usd),
            sold_usd=_by_coin(sheet, one, one.sold_usd),
        )
        for number, one in enumerate(of.rounds, 1)
    ]
