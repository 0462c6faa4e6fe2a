"""Minutes thinned out to the points of a chart: each keeps its lowest and highest, and gaps stay gaps."""

import itertools
from collections.abc import Iterator, Sequence

import msgspec

from marginwatch.model.equity import EquitySample

MINUTE_S, HOUR_S = 60, 3_600
NS = 1_000_000_000


class EquityPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a history; null where nothing is known, which is a gap.

    Parameters
    ----------
    at_ns : int
        Minute of its last sample, or at which a gap begins, UTC nanoseconds.
    equity_usd, equity_usd_min, equity_usd_max : float or None
        Last, lowest and highest of its minutes, USD.
    unrealized_pnl_usd, long_usd, short_usd : float or None
        Last; of accounts alone.
    maintenance_margin_usage_max, liquidation_distance_min : float or None
        The most dangerous of its minutes, fractions; of accounts alone.
    drawdown_max : float or None
        The deepest, fraction ≥ 0.
    """

    at_ns: int
    equity_usd: float | None = None
    equity_usd_min: float | None = None
    equity_usd_max: float | None = None
    unrealized_pnl_usd: float | None = None
    long_usd: float | None = None
    short_usd: float | None = None
    maintenance_margin_usage_max: float | None = None
    liquidation_distance_min: float | None = None
    drawdown_max: float | None = None


def bucket_for(from_s: int, to_s: int, points: int) -> int:
    """Return the seconds of a stretch, whole minutes, so that about so many fit between two moments."""
    return max(1, -(-(to_s - from_s) // (points * MINUTE_S))) * MINUTE_S


def thinned(
    samples: Sequence[EquitySample], from_s: int, bucket_s: int, full_from_s: int
) -> tuple[EquityPoint, ...]:
    """Return a point for each stretch with samples, and an empty one where at least a whole stretch has none.

    Parameters
    ----------
    samples : sequence of EquitySample
        Of one subject, oldest first.
    from_s : int
        Where the first stretch begins, UTC seconds.
    bucket_s : int
        Length of a stretch.
    full_from_s : int
        Before it only full hours are kept: that there is nothing between two of them is no gap.
    """
    return tuple(_points(samples, from_s, bucket_s, full_from_s))


def _points(
    samples: Sequence[EquitySample], from_s: int, bucket_s: int, full_from_s: int
) -> Iterator[EquityPoint]:
    last: EquitySample | None = None
    for bucket, group in itertools.groupby(samples, lambda one: (one.minute_s - from_s) // bucket_s):
        mine = list(group)
        if last is not None:
            step_s = HOUR_S if last.minute_s < full_from_s else MINUTE_S
            is_next = bucket - (last.minute_s - from_s) // bucket_s <= 1
            if not is_next and mine[0].minute_s - last.minute_s > step_s:
                yield EquityPoint(at_ns=(last.minute_s + step_s) * NS)
        yield _point(mine)
        last = mine[-1]


def _point(samples: Sequence[EquitySample]) -> EquityPoint:
    known = [one for one in samples if one.equity_usd is not None]
    if not known:
        return EquityPoint(at_ns=samples[-1].minute_s * NS)
    newest = known[-1]
    equities = [one.equity_usd for one in known if one.equity_usd is not None]
    return EquityPoint(
        at_ns=newest.minute_s * NS,
        equity_usd=newest.equity_usd,
        equity_usd_min=min(equities),
        equity_usd_max=max(equities),
        unrealized_pnl_usd=newest.pnl_usd,
        long_usd=newest.long_usd,
        short_usd=newest.short_usd,
        maintenance_margin_usage_max=max(
            (one.maintenance_margin_usage for one in known if one.maintenance_margin_usage is not None),
            default=None,
        ),
        liquidation_distance_min=min(
            (one.liquidation_distance for one in known if one.liquidation_distance is not None), default=None
        ),
        drawdown_max=max((below for one in known if (below := _drawdown(one)) is not None), default=None),
    )


def _drawdown(one: EquitySample) -> float | None:
    if one.growth_index is None or one.peak_index is None or one.peak_index <= 0.0:
        return None
    return max(0.0, (one.peak_index - one.growth_index) / one.peak_index)


def moments(kept: Sequence[int], from_s: int, bucket_s: int, each: int) -> dict[int, list[int]]:
    """Return the newest minutes of each stretch, newest first: where a small chart is looked up.

    Parameters
    ----------
    kept : sequence of int
        Minutes of which there may be samples, UTC seconds, ascending.
    from_s : int
        Where the first stretch begins.
    bucket_s : int
        Length of a stretch.
    each : int
        How many of each: one that was missed does not make a gap.
    """
    found: dict[int, list[int]] = {}
    for minute_s in kept:
        found.setdefault((minute_s - from_s) // bucket_s, []).append(minute_s)
    return {bucket: minutes[: -each - 1 : -1] for bucket, minutes in found.items()}
