"""Named crash days: what every coin did from the close before to the last close, replayed in minutes.

Between closes BTC, ETH and SOL follow their recorded hours, or, of days without hours, the recorded high, low and close in that
order. Other coins reach their own recorded closes; on the way they leave the straight line as BTC does, times their beta.
"""

import datetime as dt
import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from marginwatch.sim.bridge import Segment
from marginwatch.sim.recorded_prices import BETAS, Day, read_table, recorded_days, with_proxies

DAY_S = 60.0
"""A recorded day is replayed in a minute."""

NOISE_PER_DAY = 0.02
"""Of the common factor, between the recorded points: a day's worth, cut by the bridges between points."""


class CrashDays(NamedTuple):
    """A crash: its first and last day (both included), and what happened."""

    first: dt.date
    last: dt.date
    what: str

    @property
    def duration_s(self) -> float:
        """How long its replay takes."""
        return ((self.last - self.first).days + 1) * DAY_S


CRASHES: dict[str, CrashDays] = {
    "2020-03-12": CrashDays(dt.date(2020, 3, 12), dt.date(2020, 3, 12), "the pandemic's sell-off"),
    "2021-05-19": CrashDays(dt.date(2021, 5, 19), dt.date(2021, 5, 19), "the deleveraging of May"),
    "2022-05": CrashDays(dt.date(2022, 5, 9), dt.date(2022, 5, 12), "the fall of Terra"),
    "2022-06": CrashDays(dt.date(2022, 6, 11), dt.date(2022, 6, 18), "lenders failing one after another"),
    "2022-11": CrashDays(dt.date(2022, 11, 8), dt.date(2022, 11, 9), "the fall of FTX"),
    "2024-08-05": CrashDays(dt.date(2024, 8, 5), dt.date(2024, 8, 5), "the unwinding of yen carry trades"),
    "2025-10-10": CrashDays(dt.date(2025, 10, 10), dt.date(2025, 10, 10), "the largest liquidations so far"),
}
"""Scenario name → the recorded days that it replays."""


@functools.cache
def crash_segments(name: str) -> tuple[Segment, ...]:
    """Return a crash as segments, in order; what they add up to is what was recorded.

    Raises
    ------
    KeyError
        If there is no crash of that name.
    """
    crash = CRASHES[name]
    days = [day for day in recorded_days() if crash.first <= day.date <= crash.last]
    return tuple(itertools.chain.from_iterable(_day_segments(day) for day in days))


def _day_segments(day: Day) -> list[Segment]:
    paths = _recorded_paths(day)
    btc = paths["BTC"]
    legs = len(btc)
    noise = NOISE_PER_DAY / math.sqrt(legs)
    segments: list[Segment] = []
    for leg in range(legs):
        own = {coin: path[leg] for coin, path in paths.items() if len(path) == legs}
        for coin in day.own - own.keys():
            detour = btc[leg] - day.returns["BTC"] / legs
            own[coin] = day.returns[coin] / legs + BETAS[coin] * detour
        segments.append(Segment(DAY_S / legs, with_proxies(own), noise))
    return segments


def _recorded_paths(day: Day) -> dict[str, list[float]]:
    """Return the log returns of the legs of a day, for the coins whose way through the day is known."""
    rows = [row for row in read_table("crash_hours.csv") if row["open_time"][:10] == day.date.isoformat()]
    points = {coin: [float(row[coin]) for row in rows if row[coin]] for coin in ("BTC", "ETH", "SOL")}
    if not rows:
        points = {
            row["coin"]: [float(row[name]) for name in ("high", "low", "close")]
            for row in read_table("crash_ranges.csv")
            if row["date"] == day.date.isoformat()
        }
    return _returns_from(points, day.returns)


def _returns_from(
    points: Mapping[str, Sequence[float]], total: Mapping[str, float]
) -> dict[str, list[float]]:
    """Return the log returns between points; the first is from the close before, which the day's return tells."""
    paths: dict[str, list[float]] = {}
    for coin, prices in points.items():
        if prices:
            before = prices[-1] / math.exp(total[coin])
            paths[coin] = [math.log(b / a) for a, b in itertools.pairwise((before, *prices))]
    return paths
