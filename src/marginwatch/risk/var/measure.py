"""Value at risk of every account, desk and of everything, for one method, confidence and horizon, with its parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.history.covariance import Covariance, shrunk_covariance
from marginwatch.risk.history.mapping import CoinSource, History, complete_history
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.risk.history.volatility import decay_for
from marginwatch.risk.var.components import (
    Parts,
    by_desk,
    normal_parts,
    simulated_parts,
    simulation_weights,
)
from marginwatch.risk.var.cornish_fisher import cornish_fisher_tail, tail_weights
from marginwatch.risk.var.exposures import Exposures
from marginwatch.risk.var.normal import normal_gradient, normal_multiples, normal_tail
from marginwatch.risk.var.scenarios import Scenarios, filtered_scenarios, historical_scenarios, steps_of
from marginwatch.risk.var.settings import VarMethod, VarSettings
from marginwatch.risk.var.tail import SingleArray, Tail, tail_size, var_and_shortfall

ACCOUNTS_AT_ONCE = 1_024
"""Accounts whose gains are held at once: with a thousand scenarios 4 MB, or 8 in double precision."""

ESTIMATORS = {
    VarMethod.HISTORICAL: "loss of the scenario at the quantile; parts: kernel over the scenarios ranked around it",
    VarMethod.FILTERED: "as historical, each coin's past moves scaled to its volatility now",
    VarMethod.NORMAL: "normal distribution, exponentially weighted covariance shrunk to one correlation; options by delta",
    VarMethod.CORNISH_FISHER: "quantile of the moments of historical gains; parts: slopes of the moments",
}


@dataclass(slots=True, frozen=True, eq=False)
class Figures:
    """Value at risk and expected shortfall of several books, USD, losses positive; NaN unless the answer is a number.

    Parameters
    ----------
    var_usd, shortfall_usd : ndarray of shape (n,), float64
        The figures.
    answer : ndarray of shape (n,), uint8
        ``NOT_APPLICABLE`` for a book that holds nothing, and outside the domain of the Cornish-Fisher expansion;
        ``MISSING`` where an exposure or the history is missing.
    """

    var_usd: FloatArray
    shortfall_usd: FloatArray
    answer: AnswerArray


@dataclass(slots=True, frozen=True, eq=False)
class VarMeasures:
    """One method, confidence and horizon.

    Parameters
    ----------
    method, confidence, horizon_s
        Of the figures.
    interval_s : int
        Of the returns used; longer horizons are scaled by the square root of time.
    n_rows : int
        Returns used, and scenarios where there are any.
    until_s : int or None
        End of the newest of them, UTC seconds; None without any.
    estimator : str
        How, in a sentence.
    missing_reason : str or None
        Why nothing could be measured at all.
    accounts, desks, portfolio : Figures
        Of shape (k,), (n_desks,) and (1,), as :class:`marginwatch.risk.var.exposures.Exposures` has them. Desks and the
        portfolio leave missing accounts out.
    left_out : tuple of (str, str)
        Missing accounts and why.
    var_parts, shortfall_parts : Parts or None
        Contributions to the portfolio's figures; None where it has none.
    sources : tuple of CoinSource
        Coins that lack rows of their own.
    has_options : bool
        Whether options are in it.
    is_revalued : bool
        Whether options were revalued in every scenario; False: they are in it by delta.
    """

    method: VarMethod
    confidence: float
    horizon_s: int
    interval_s: int
    n_rows: int
    until_s: int | None
    estimator: str
    missing_reason: str | None
    accounts: Figures
    desks: Figures
    portfolio: Figures
    left_out: tuple[tuple[str, str], ...]
    var_parts: Parts | None
    shortfall_parts: Parts | None
    sources: tuple[CoinSource, ...]
    has_options: bool
    is_revalued: bool


def measure_var(
    exposures: Exposures, returns: ReturnTable, settings: VarSettings | None = None
) -> VarMeasures:
    """Return value at risk and expected shortfall with their parts.

    Parameters
    ----------
    exposures : Exposures
        Who holds what.
    returns : ReturnTable
        Of the interval that belongs to the horizon (:func:`marginwatch.risk.var.settings.interval_for`); for several
        settings :func:`history_for` once and :func:`measure_with` for each is quicker.
    settings : VarSettings, optional
        Method, confidence, horizon.
    """
    settings = settings or VarSettings()
    try:
        history = history_for(exposures, returns, settings)
    except ValueError as error:
        return _nothing(exposures, returns.interval_s, 0, settings, str(error))
    return measure_with(exposures, history, settings)


def history_for(exposures: Exposures, returns: ReturnTable, settings: VarSettings) -> History:
    """Return the history of the coins held, without holes.

    Raises
    ------
    ValueError
        If there is no history of the benchmark.
    """
    return complete_history(
        returns, exposures.coin_names, rows_max=settings.rows_max, exempt=exposures.exempt
    )


def measure_with(exposures: Exposures, history: History, settings: VarSettings) -> VarMeasures:
    """Return the measures from a history that has exactly the coins of the exposures, in their order.

    Raises
    ------
    ValueError
        If it has others.
    """
    if history.names != exposures.coin_names:
        raise ValueError("the history has other coins than the exposures; make it with history_for")
    n_rows = history.values.shape[0]
    reason = _why_not(n_rows, settings)
    if reason is not None:
        return _nothing(exposures, history.interval_s, n_rows, settings, reason)
    if settings.method is VarMethod.NORMAL:
        return _normal(exposures, history, settings)
    return _simulated(exposures, history, settings)


def _why_not(n_rows: int, settings: VarSettings) -> str | None:
    if n_rows < settings.rows_min:
        return f"{n_rows} returns are known, at least {settings.rows_min} are needed"
    if settings.method in (VarMethod.HISTORICAL, VarMethod.FILTERED):
        try:
            tail_size(n_rows, settings.confidence)
        except ValueError as error:
            return str(error)
    return None


def account_gains(exposures: Exposures, returns: FloatArray) -> FloatArray:
    """Return what every account gains in every scenario, shape (k, n_scenarios), float64, USD.

    Linear and inverse contracts and wallet coins by exposure × simple return, which is exact; options revalued. NaN for
    missing accounts. Cost: one matrix product.
    """
    gains = exposures.linear_usd @ returns.T
    if exposures.curves is not None:
        np.add.at(gains, exposures.curves.account, exposures.curves.gains(returns))
    return gains


def rough_gains(exposures: Exposures, returns: SingleArray, double_returns: FloatArray) -> SingleArray:
    """Return :func:`account_gains` in single precision: in half of the time and half of the memory.

    Each product is rounded by 6e-8 of itself, so that a gain is wrong by about a ten-millionth of the account's gross
    exposure × move: far less than a quantile of a thousand scenarios is uncertain by. What must add up exactly is
    not made from it.
    """
    gains = exposures.linear_usd.astype(np.float32) @ returns.T
    if exposures.curves is not None:
        of_options = exposures.curves.gains(double_returns).astype(np.float32)
        np.add.at(gains, exposures.curves.account, of_options)
    return gains


def _simulated(exposures: Exposures, history: History, settings: VarSettings) -> VarMeasures:
    is_expansion = settings.method is VarMethod.CORNISH_FISHER
    # The expansion takes its moments over one interval and scales those.
    horizon_s = history.interval_s if is_expansion else settings.horizon_s
    scenarios = _scenarios(history, settings.method, horizon_s)
    n_steps = steps_of(history, settings.horizon_s)

    def figures(gains: FloatArray | SingleArray, holds: _Holds) -> Figures:
        if is_expansion:
            found = cornish_fisher_tail(np.asarray(gains, np.float64), n_steps, settings.confidence)
            return _answered(found.tail, holds, found.is_valid)
        return _answered(var_and_shortfall(gains, settings.confidence), holds)

    desks, whole = _sums_of_gains(exposures, scenarios.returns)
    of_whole = figures(whole[None, :], _whole_holds(exposures))
    accounts = [
        figures(gains, _accounts_hold(part))
        for part, gains in _gains_in_blocks(exposures, scenarios.returns, is_rough=not is_expansion)
    ]
    var_parts = shortfall_parts = None
    if of_whole.answer[0] == Answer.NUMBER and whole.any():
        weights = (
            tail_weights(whole, n_steps, settings.confidence)
            if is_expansion
            else simulation_weights(whole, settings.confidence)
        )
        var_parts = simulated_parts(exposures, scenarios.returns, weights.var)
        shortfall_parts = simulated_parts(exposures, scenarios.returns, weights.shortfall)
    found = (_joined(accounts), figures(desks, _desks_hold(exposures)), of_whole)
    return _measures(exposures, history, settings, found, (var_parts, shortfall_parts), is_revalued=True)


def _sums_of_gains(exposures: Exposures, returns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the gains of desks, shape (n_desks, n_scenarios), and of everything, shape (n_scenarios,)."""
    desks = by_desk(exposures, exposures.linear_usd) @ returns.T
    if exposures.curves is not None:
        curves = exposures.curves
        counts = ~exposures.is_missing[curves.account]
        np.add.at(desks, exposures.desk[curves.account[counts]], curves.gains(returns)[counts])
    return desks, desks.sum(axis=0)


def _gains_in_blocks(
    exposures: Exposures, returns: FloatArray, *, is_rough: bool
) -> Iterator[tuple[Exposures, FloatArray | SingleArray]]:
    """Yield accounts with their gains in blocks, so that the gains of ten thousand of them never exist at once.

    Fourth powers, which the expansion needs, are beyond what is left of single precision.
    """
    n = len(exposures.account_ids)
    single = returns.astype(np.float32)
    for first in range(0, max(n, 1), ACCOUNTS_AT_ONCE):
        last = min(first + ACCOUNTS_AT_ONCE, n)
        part = exposures if (first, last) == (0, n) else exposures.of_accounts(first, last)
        yield part, rough_gains(part, single, returns) if is_rough else account_gains(part, returns)


def _joined(parts: Sequence[Figures]) -> Figures:
    return Figures(
        np.concatenate([part.var_usd for part in parts]),
        np.concatenate([part.shortfall_usd for part in parts]),
        np.concatenate([part.answer for part in parts]),
    )


def _scenarios(history: History, method: VarMethod, horizon_s: int) -> Scenarios:
    make = filtered_scenarios if method is VarMethod.FILTERED else historical_scenarios
    return make(history, horizon_s)


def _normal(exposures: Exposures, history: History, settings: VarSettings) -> VarMeasures:
    covariance = covariance_of(history)
    n_steps = steps_of(history, settings.horizon_s)
    counts = ~exposures.is_missing
    whole = exposures.delta_usd[counts].sum(axis=0)
    figures = [
        _answered(normal_tail(each, covariance.values, n_steps, settings.confidence), holds)
        for each, holds in (
            (exposures.delta_usd, _accounts_hold(exposures)),
            (by_desk(exposures, exposures.delta_usd), _desks_hold(exposures)),
            (whole[None, :], _whole_holds(exposures)),
        )
    ]
    gradient = normal_gradient(whole, covariance.values, n_steps)
    multiples = normal_multiples(settings.confidence)
    has_number = figures[2].answer[0] == Answer.NUMBER
    parts = tuple(normal_parts(exposures, gradient, each) if has_number else None for each in multiples)
    return _measures(exposures, history, settings, figures, (parts[0], parts[1]), is_revalued=False)


def covariance_of(history: History) -> Covariance:
    """Return the covariance that the parametric method uses: exponentially weighted, shrunk by the data's own measure."""
    return shrunk_covariance(history.values, decay_for(history.interval_s))


class _Holds(NamedTuple):
    """Whether somebody known holds anything, and whether it is not known of anybody although it may be; one per subject."""

    is_known: BoolArray
    is_unknown: BoolArray


def _accounts_hold(exposures: Exposures) -> _Holds:
    is_missing = exposures.is_missing
    return _Holds(~exposures.is_empty & ~is_missing, is_missing)


def _desks_hold(exposures: Exposures) -> _Holds:
    def any_of(accounts: BoolArray) -> BoolArray:
        return np.bincount(exposures.desk[accounts], minlength=len(exposures.desk_names)) > 0

    return _of_group(*map(any_of, _accounts_hold(exposures)))


def _whole_holds(exposures: Exposures) -> _Holds:
    return _of_group(*(np.array([bool(accounts.any())]) for accounts in _accounts_hold(exposures)))


def _of_group(has_known: BoolArray, has_unknown: BoolArray) -> _Holds:
    # With somebody known it is the figure of those; with nobody it is nothing only if nobody is left out.
    return _Holds(has_known, has_unknown & ~has_known)


def _answered(tail: Tail, holds: _Holds, is_valid: BoolArray | None = None) -> Figures:
    answer = np.where(holds.is_known, Answer.NUMBER, Answer.NOT_APPLICABLE).astype(np.uint8)
    if is_valid is not None:
        answer[~is_valid] = Answer.NOT_APPLICABLE
    unknown = holds.is_unknown | (np.isnan(tail.var) & (answer == Answer.NUMBER))
    answer[unknown] = Answer.MISSING
    is_number = answer == Answer.NUMBER
    return Figures(np.where(is_number, tail.var, np.nan), np.where(is_number, tail.shortfall, np.nan), answer)


def _measures(
    exposures: Exposures,
    history: History,
    settings: VarSettings,
    figures: Sequence[Figures],
    parts: tuple[Parts | None, Parts | None],
    *,
    is_revalued: bool,
) -> VarMeasures:
    return VarMeasures(
        method=settings.method,
        confidence=settings.confidence,
        horizon_s=settings.horizon_s,
        interval_s=history.interval_s,
        n_rows=history.values.shape[0],
        until_s=int(history.times_s[-1]),
        estimator=ESTIMATORS[settings.method],
        missing_reason=None,
        accounts=figures[0],
        desks=figures[1],
        portfolio=figures[2],
        left_out=_left_out(exposures),
        var_parts=parts[0],
        shortfall_parts=parts[1],
        sources=tuple(one for one in history.sources if one.n_borrowed),
        has_options=exposures.curves is not None,
        is_revalued=is_revalued,
    )


def _left_out(exposures: Exposures) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(name), reason)
        for name, reason in zip(exposures.account_ids, exposures.missing_reasons, strict=True)
        if reason is not None
    )


def _nothing(
    exposures: Exposures, interval_s: int, n_rows: int, settings: VarSettings, reason: str
) -> VarMeasures:
    """Return that nothing can be measured, and why; an account that holds nothing still needs no number."""

    def figures(holds: _Holds) -> Figures:
        nothing = np.full(holds.is_known.shape[0], np.nan)
        return _answered(Tail(nothing, nothing), holds)

    return VarMeasures(
        method=settings.method,
        confidence=settings.confidence,
        horizon_s=settings.horizon_s,
        interval_s=interval_s,
        n_rows=n_rows,
        until_s=None,
        estimator=ESTIMATORS[settings.method],
        missing_reason=reason,
        accounts=figures(_accounts_hold(exposures)),
        desks=figures(_desks_hold(exposures)),
        portfolio=figures(_whole_holds(exposures)),
        left_out=_left_out(exposures),
        var_parts=None,
        shortfall_parts=None,
        sources=(),
        has_options=exposures.curves is not None,
        is_revalued=False,
    )
