"""The rungs of a rule as plain numbers, turned so that more is always worse."""

from bisect import bisect_left
from dataclasses import dataclass

from marginwatch.model.alert import Alert
from marginwatch.rules.definition import Rule, Step

NAN = float("nan")
INFINITE = float("inf")


@dataclass(slots=True, frozen=True)
class Ladder:
    """Bounds of a rule; rung 0 is within them, rung k means step k - 1.

    Parameters
    ----------
    sign : float
        1, or −1 where less is worse: a value times it is its *badness*.
    bounds, clears : tuple of float
        Of each step times the sign, bounds ascending.
    steps : tuple of Step
        As the rule says them, from the mildest.
    """

    sign: float
    bounds: tuple[float, ...]
    clears: tuple[float, ...]
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, rule: Rule) -> "Ladder":
        """Return the ladder of a rule.

        Raises
        ------
        ValueError
            If it has no step, steps that do not rise, or one that is left before it is entered.
        """
        sign = 1.0 if rule.side == "above" else -1.0
        bounds = tuple(sign * step.bound for step in rule.steps)
        clears = tuple(sign * step.clear for step in rule.steps)
        if not bounds or list(bounds) != sorted(set(bounds)):
            raise ValueError(f"rule {rule.name!r}: steps must go from the mildest bound to the worst")
        if any(clear > bound for clear, bound in zip(clears, bounds, strict=True)):
            raise ValueError(f"rule {rule.name!r}: a step must be left within its bound, not beyond it")
        return cls(sign, bounds, clears, rule.steps)

    def rung(self, badness: float, rung: int) -> int:
        """Return the rung of a badness, coming from ``rung``: entered beyond a bound, left at or within its clear."""
        climbed = bisect_left(self.bounds, badness)
        while rung > climbed and badness <= self.clears[rung - 1]:
            rung -= 1
        return max(rung, climbed)

    def up(self, rung: int) -> float:
        """Return the badness beyond which a rung is left upwards."""
        return self.bounds[rung] if rung < len(self.bounds) else INFINITE

    def down(self, rung: int) -> float:
        """Return the badness at which a rung is left downwards; NaN, which nothing reaches, at the bottom."""
        return self.clears[rung - 1] if rung else NAN

    def out(self, rung: int) -> float:
        """Return the badness beyond which a row at a rung counts as out of bounds."""
        return self.clears[0] if rung else self.bounds[0]

    def severity_above(self, rung: int) -> int:
        """Return the severity of the next rung up, or of the last."""
        return self.steps[min(rung, len(self.steps) - 1)].severity

    def rung_of(self, alert: Alert) -> int:
        """Return the rung of an alert from before: the one with its bound, or the worst not above its severity."""
        for number, step in enumerate(self.steps, 1):
            if step.severity == alert.severity and step.bound == alert.bound:
                return number
        return max((n for n, step in enumerate(self.steps, 1) if step.severity <= alert.severity), default=1)
