"""The money that moved in one account lately: flows since its day began, every line since it was last settled."""

import bisect
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from marginwatch.book.history.growth import most_put_in


class Move(NamedTuple):
    """One line: when on the venue's clock (UTC ns), what its change was worth (NaN: not known), if it is a flow, its key."""

    at_ns: int
    usd: float
    is_flow: bool
    line_key: str


@dataclass(slots=True)
class AccountMoves:
    """Lines in the order of their times."""

    flows: list[Move] = field(default_factory=list[Move])
    others: list[Move] = field(default_factory=list[Move])

    def take(self, moves: Iterable[Move]) -> None:
        """Add lines; whoever calls takes care that each comes once."""
        for move in moves:
            bisect.insort(self.flows if move.is_flow else self.others, move)

    def value(self, line_key: str, usd: float) -> None:
        """Write what a flow was worth."""
        self.flows = [
            one._replace(usd=usd) if one.line_key == line_key and math.isnan(one.usd) else one
            for one in self.flows
        ]

    def forget(self, flows_until_ns: int, others_until_ns: int) -> None:
        """Drop what is no later than these moments."""
        self.flows = [one for one in self.flows if one.at_ns > flows_until_ns]
        self.others = [one for one in self.others if one.at_ns > others_until_ns]

    def between(self, after_ns: int, until_ns: int) -> list[float]:
        """Return the flows after one moment and no later than another, in their order."""
        return [one.usd for one in self.flows if after_ns < one.at_ns <= until_ns]

    def put_in(self, after_ns: int, until_ns: int) -> tuple[float, float]:
        """Return the sum of those flows and the most that was put in by them on balance; NaN if one has no value."""
        return self.sums(self.between(after_ns, until_ns))

    @staticmethod
    def sums(flows: Sequence[float]) -> tuple[float, float]:
        """Return the same of flows in their order."""
        total = math.fsum(flows)
        return total, math.nan if math.isnan(total) else most_put_in(flows)

    def changed(self, after_ns: int, until_ns: int) -> float:
        """Return the sum of all lines in that time, those without a value left out."""
        lines = (one for of in (self.flows, self.others) for one in of if after_ns < one.at_ns <= until_ns)
        return math.fsum(one.usd for one in lines if not math.isnan(one.usd))

    def newest_ns(self) -> int:
        """Return the time of the last flow, 0 without any."""
        return self.flows[-1].at_ns if self.flows else 0
