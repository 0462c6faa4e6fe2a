"""A book frozen at a day's end: to rows that can be kept, and back; what is forecast of it, and what it gained."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.model.ids import AccountId, Asset
from marginwatch.model.risk_history import Forecast, ForecastSubject, FrozenExposure, Scope
from marginwatch.risk.answers import Answer
from marginwatch.risk.var.exposures import Exposures
from marginwatch.risk.var.measure import Figures, VarMeasures
from marginwatch.risk.var.option_curves import FACTORS, OptionCurves


def freeze(exposures: Exposures) -> tuple[FrozenExposure, ...]:
    """Return what every account holds, a row for each coin; missing accounts are left out, as they are of forecasts."""
    found: dict[tuple[int, int], float] = {}
    held = np.where(exposures.is_missing[:, None], 0.0, exposures.linear_usd)
    for account, coin in zip(*np.nonzero(held), strict=True):
        found[int(account), int(coin)] = float(held[account, coin])
    curves: dict[tuple[int, int], bytes] = {}
    if exposures.curves is not None:
        whose = zip(exposures.curves.account.tolist(), exposures.curves.coin.tolist(), strict=True)
        for row, (account, coin) in enumerate(whose):
            if not exposures.is_missing[account]:
                curves[account, coin] = _packed(exposures.curves.gain_usd[row])
    return tuple(
        FrozenExposure(
            account_id=exposures.account_ids[account],
            desk=exposures.desk_names[int(exposures.desk[account])],
            coin=Asset(exposures.coin_names[coin]),
            exposure_usd=found.get((account, coin), 0.0),
            is_exempt=exposures.coin_names[coin] in exposures.exempt,
            curve=curves.get((account, coin)),
        )
        for account, coin in sorted(found.keys() | curves.keys())
    )


def thaw(rows: Iterable[FrozenExposure]) -> Exposures:
    """Return the exposures that were frozen; accounts that held nothing are not among them."""
    kept = list(rows)
    accounts = {name: row for row, name in enumerate(dict.fromkeys(one.account_id for one in kept))}
    coins = {name: row for row, name in enumerate(sorted({one.coin for one in kept}))}
    desks: dict[str | None, int] = {None: 0}
    desk: dict[AccountId, int] = {}
    linear: FloatArray = np.zeros((len(accounts), len(coins)))
    whose: list[tuple[int, int, FloatArray]] = []
    for one in kept:
        desk[one.account_id] = desks.setdefault(one.desk, len(desks))
        place = accounts[one.account_id], coins[one.coin]
        linear[place] = one.exposure_usd
        if one.curve is not None:
            whose.append((*place, _unpacked(one.curve)))
    curves = None
    if whose:
        curves = OptionCurves(
            np.array([row for row, _, _ in whose], np.int64),
            np.array([row for _, row, _ in whose], np.int64),
            np.stack([gains for _, _, gains in whose]),
        )
    delta = linear.copy()
    if curves is not None:
        np.add.at(delta, (curves.account, curves.coin), curves.delta_usd)
    return Exposures(
        account_ids=tuple(accounts),
        desk=np.array([desk[name] for name in accounts], np.int64),
        desk_names=tuple(desks),
        coin_names=tuple(coins),
        exempt=frozenset(one.coin for one in kept if one.is_exempt),
        linear_usd=linear,
        delta_usd=delta,
        is_missing=np.zeros(len(accounts), np.bool_),
        missing_reasons=(None,) * len(accounts),
        curves=curves,
    )


def forecasts_of(
    exposures: Exposures, measures: VarMeasures, day_s: int, *, with_accounts: bool
) -> list[tuple[ForecastSubject, Forecast]]:
    """Return the forecasts of one day's end: of everything, of each desk with a name, of each account if wanted.

    What has no number makes no forecast.
    """
    groups: list[tuple[Scope, Sequence[str | None], Figures]] = [
        ("portfolio", ("",), measures.portfolio),
        ("desk", exposures.desk_names, measures.desks),
    ]
    if with_accounts:
        groups.append(("account", exposures.account_ids, measures.accounts))
    return [
        (
            ForecastSubject(scope, name, str(measures.method), measures.confidence, measures.horizon_s),
            Forecast(day_s, float(figures.var_usd[row]), float(figures.shortfall_usd[row])),
        )
        for scope, names, figures in groups
        for row, name in enumerate(names)
        if name is not None and figures.answer[row] == Answer.NUMBER
    ]


def gains_by_subject(frozen: Exposures, gains: FloatArray) -> Mapping[tuple[Scope, str], float]:
    """Return the gains of accounts, of desks and of everything, by scope and name.

    A desk, or everything, is left out where the gain of one of its accounts is not known: the forecast had it in.

    Parameters
    ----------
    frozen : Exposures
        The book.
    gains : ndarray of shape (k,), float64
        Of each account (:func:`marginwatch.risk.var.backtest.hypothetical_gains`).
    """
    found: dict[tuple[Scope, str], float] = {("portfolio", ""): float(gains.sum())}
    for code, name in enumerate(frozen.desk_names):
        if name is not None:
            found["desk", name] = float(gains[frozen.desk == code].sum())
    for row, name in enumerate(frozen.account_ids):
        found["account", name] = float(gains[row])
    return {subject: gain for subject, gain in found.items() if gain == gain}


def _packed(gains: FloatArray) -> bytes:
    """Return pairs of factor and gain: the range of factors may change in a later version."""
    return np.column_stack((FACTORS, gains)).astype("<f8").tobytes()


def _unpacked(packed: bytes) -> FloatArray:
    pairs = np.frombuffer(packed, "<f8").reshape(-1, 2)
    return np.interp(FACTORS, pairs[:, 0], pairs[:, 1])
