"""Measures that a sample of history holds, or that follow from what it holds."""

from collections.abc import Callable, Mapping

from marginwatch.model.equity import EquitySample
from marginwatch.risk.answers import Answer
from marginwatch.rules.measures.columns import SHARE_MAX
from marginwatch.rules.series import SeriesValue

DayStarts = Mapping[tuple[str, str], float]
"""Scope and name → growth index when the day began."""

Figure = Callable[[EquitySample, DayStarts], float | None]

ALL = "all"
"""What rules call all accounts together, which have no name in history."""


def name_of(sample: EquitySample) -> str:
    """Return the subject's name as rules have it."""
    return sample.name if sample.scope != "portfolio" else ALL


def value_of(figure: Figure, sample: EquitySample, starts: DayStarts) -> SeriesValue:
    """Return a figure of a sample.

    Without an equity the subject was not heard, and all of it is missing. Else what is not there counts as not applicable:
    history does not say whether nothing liquidates an account or that was not known.
    """
    if sample.equity_usd is None:
        return Answer.MISSING
    value = figure(sample, starts)
    return Answer.NOT_APPLICABLE if value is None else value


def _kept(name: str) -> Figure:
    def read(sample: EquitySample, _: DayStarts) -> float | None:
        return getattr(sample, name)

    return read


def _gross(sample: EquitySample) -> float | None:
    long_usd, short_usd = sample.long_usd, sample.short_usd
    return None if long_usd is None or short_usd is None else long_usd + short_usd


def _net(sample: EquitySample) -> float | None:
    long_usd, short_usd = sample.long_usd, sample.short_usd
    return None if long_usd is None or short_usd is None else long_usd - short_usd


def _multiple(amount: float | None, equity: float | None) -> float | None:
    """Return an amount as a multiple of equity, bounded as rules have it."""
    if amount is None or equity is None or (amount == 0.0 and equity == 0.0):
        return None
    if equity <= 0.0:
        return SHARE_MAX * ((amount > 0.0) - (amount < 0.0))
    return max(-SHARE_MAX, min(SHARE_MAX, amount / equity))


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _loss(sample: EquitySample) -> float | None:
    return None if sample.pnl_usd is None else -sample.pnl_usd


def _hedged(sample: EquitySample) -> float | None:
    if sample.long_usd is None or sample.short_usd is None:
        return None
    return _share(min(sample.long_usd, sample.short_usd), max(sample.long_usd, sample.short_usd))


def _one_sided(sample: EquitySample) -> float | None:
    if sample.long_usd is None or sample.short_usd is None:
        return None
    return _share(max(sample.long_usd, sample.short_usd), sample.long_usd + sample.short_usd)


def _drawdown(sample: EquitySample, _: DayStarts) -> float | None:
    fallen = _share(sample.growth_index, sample.peak_index)
    return None if fallen is None else max(0.0, 1.0 - fallen)


def _daily_loss(sample: EquitySample, starts: DayStarts) -> float | None:
    left = _share(sample.growth_index, starts.get((sample.scope, sample.name)))
    return None if left is None else 1.0 - left


_OF_EVERYBODY: Mapping[str, Figure] = {
    "equity_usd": _kept("equity_usd"),
    "drawdown": _drawdown,
    "daily_loss_share": _daily_loss,
}

_OF_ACCOUNTS: Mapping[str, Figure] = {
    "initial_margin_usage": _kept("initial_margin_usage"),
    "maintenance_margin_usage": _kept("maintenance_margin_usage"),
    "liquidation_distance": _kept("liquidation_distance"),
    "unrealized_pnl_usd": _kept("pnl_usd"),
    "gross_exposure_usd": lambda one, _: _gross(one),
    "net_exposure_usd": lambda one, _: _net(one),
    "gross_exposure_to_equity": lambda one, _: _multiple(_gross(one), one.equity_usd),
    "net_exposure_to_equity": lambda one, _: _multiple(_net(one), one.equity_usd),
    "net_exposure_share": lambda one, _: _share(_net(one), _gross(one)),
    "one_sided_delta_share": lambda one, _: _one_sided(one),
    "hedge_ratio": lambda one, _: _hedged(one),
    "unrealized_loss_share": lambda one, _: _share(_loss(one), _gross(one)),
    "unrealized_loss_to_equity": lambda one, _: _multiple(_loss(one), one.equity_usd),
}

RECORDED: Mapping[str, Figure] = {
    **{
        f"{scope}.{name}": figure
        for scope in ("account", "desk", "portfolio")
        for name, figure in _OF_EVERYBODY.items()
    },
    **{f"account.{name}": figure for name, figure in _OF_ACCOUNTS.items()},
}
"""Measure → how it follows from a sample."""
