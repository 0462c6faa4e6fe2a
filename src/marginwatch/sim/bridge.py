"""From joint returns to prices between them: straight lines with noise that has vanished when a segment ends.

The noise is a Brownian bridge, drawn step by step, so that steps of any length end on the recorded value exactly. Coins
share it as they share the market: beta times a common part, plus their own.
"""

import math
import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from marginwatch.sim.coins import COINS


class Segment(NamedTuple):
    """A stretch of the record: how long it plays, and what every coin does over it."""

    duration_s: float
    returns: Mapping[str, float]
    """Coin → log return over the segment."""
    noise: float
    """Standard deviation of the common factor's log over the segment, were its end not known."""


class Bridge:
    """Plays segments one after the other.

    Parameters
    ----------
    segments : iterator of Segment
        In order; when they end, nothing moves any more.
    seed : int or str
        Of the noise.
    """

    def __init__(self, segments: Iterator[Segment], seed: int | str) -> None:
        self._segments = segments
        self._random = random.Random(f"bridge-{seed}")
        self._segment = next(segments, None)
        self._at_s = 0.0
        self._off = {coin.name: 0.0 for coin in COINS}

    @property
    def segment(self) -> Segment | None:
        """The segment being played; None once all have been."""
        return self._segment

    def advance(self, seconds: float) -> dict[str, float]:
        """Return each coin's log move over the next ``seconds``."""
        moves = dict.fromkeys(self._off, 0.0)
        left_s = seconds
        while left_s > 0.0 and (segment := self._segment) is not None:
            to_end_s = segment.duration_s - self._at_s
            # Rounding of sums of steps must not leave a sliver of a segment behind.
            is_end = left_s >= to_end_s - 1e-9 * segment.duration_s
            step_s = to_end_s if is_end else left_s
            self._play(segment, step_s, moves, is_end=is_end)
            self._at_s += step_s
            left_s -= step_s
            if is_end:
                self._segment, self._at_s = next(self._segments, None), 0.0
        return moves

    def _play(self, segment: Segment, step_s: float, moves: dict[str, float], *, is_end: bool) -> None:
        share = step_s / segment.duration_s
        kept = 0.0 if is_end else 1.0 - step_s / (segment.duration_s - self._at_s)
        spread = 0.0 if is_end else segment.noise * math.sqrt(share * kept)
        common = spread * self._random.gauss(0.0, 1.0) if spread else 0.0
        for coin in COINS:
            before = self._off[coin.name]
            after = before * kept
            if spread:
                own = spread * self._random.gauss(0.0, coin.own_volatility)
                after += coin.beta * common + own
            self._off[coin.name] = after
            moves[coin.name] += segment.returns[coin.name] * share + after - before
