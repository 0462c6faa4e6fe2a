"""Processor time and memory of the children, sampled all along."""

import asyncio
import os
import time
from collections.abc import Sequence

import msgspec

from benchmarks.soak.process import Child, Usage

EVERY_S = 2.0
WARM_UP = 1 / 3
"""Part of a phase that memory may take to reach its level."""

MIB = 1024 * 1024


class Sample(msgspec.Struct, frozen=True):
    """One look: seconds since the start, the phase, the system's load average of a minute, what each child has used."""

    at_s: float
    phase: str
    load: float
    used: dict[str, Usage]


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Resident memory in a phase: at its start and end, at most, and its trend once warm.

    Parameters
    ----------
    first_mib, last_mib, peak_mib : float
        First and last sample, and the largest.
    slope_mib_min : float
        Least-squares trend after the warm-up, MiB a minute.
    growth : float
        What that trend adds from the end of the warm-up to the end of the phase, as a fraction of its level there.
    """

    first_mib: float
    last_mib: float
    peak_mib: float
    slope_mib_min: float
    growth: float


class Gauge:
    """Samples every two seconds until cancelled.

    Parameters
    ----------
    children : sequence of Child
        Whom.
    """

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = list(children)
        self._began_s = time.monotonic()
        self.phase = "start"
        self.samples: list[Sample] = []

    def watch(self, child: Child) -> None:
        """Sample one more."""
        self._children.append(child)

    def enter(self, phase: str) -> None:
        """Begin a phase, with a sample that ends the one before."""
        self.look()
        self.phase = phase
        self.look()

    def look(self) -> None:
        """Take one sample."""
        used = {child.name: usage for child in self._children if (usage := child.usage()) is not None}
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
        self.samples.append(Sample(time.monotonic() - self._began_s, self.phase, load, used))

    async def run(self) -> None:
        """Sample, forever."""
        while True:
            self.look()
            await asyncio.sleep(EVERY_S)

    def cores(self, name: str, phase: str) -> float | None:
        """Return how many cores a child used on average in a phase; None if it was not measured."""
        mine = self._of(name, phase)
        if len(mine) < 2 or mine[-1].at_s <= mine[0].at_s:
            return None
        cpu_s = mine[-1].used[name].cpu_s - mine[0].used[name].cpu_s
        return cpu_s / (mine[-1].at_s - mine[0].at_s)

    def memory(self, name: str, phase: str) -> Memory | None:
        """Return the memory of a child in a phase; None if there are too few samples for a trend."""
        mine = self._of(name, phase)
        return memory_of([(one.at_s, one.used[name].rss / MIB) for one in mine])

    def load(self, phase: str) -> tuple[float, float] | None:
        """Return the least and the largest load average in a phase."""
        loads = [one.load for one in self.samples if one.phase == phase]
        return (min(loads), max(loads)) if loads else None

    def _of(self, name: str, phase: str) -> list[Sample]:
        return [one for one in self.samples if one.phase == phase and name in one.used]


def memory_of(points: Sequence[tuple[float, float]]) -> Memory | None:
    """Return the memory of a series of (seconds, MiB) in the order of time; None for fewer than six."""
    if len(points) < 6:
        return None
    warm = points[int(len(points) * WARM_UP) :]
    mean_at = sum(at for at, _ in warm) / len(warm)
    mean = sum(mib for _, mib in warm) / len(warm)
    spread = sum((at - mean_at) ** 2 for at, _ in warm)
    slope = sum((at - mean_at) * (mib - mean) for at, mib in warm) / spread
    level = mean + slope * (warm[0][0] - mean_at)
    return Memory(
        first_mib=points[0][1],
        last_mib=points[-1][1],
        peak_mib=max(mib for _, mib in points),
        slope_mib_min=slope * 60.0,
        growth=slope * (warm[-1][0] - warm[0][0]) / level,
    )
