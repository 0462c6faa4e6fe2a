"""Numbers that are none become None, and the reason is remembered."""

import math

from marginwatch.risk.answers import Answer


class Nulls:
    """Turns numbers that are none into None, and remembers why."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def number(self, field: str, value: float, why: str, answer: int | None = None) -> float | None:
        """Return a finite value, else None with ``missing: why``, or with the kind of answer if one is given."""
        if answer == Answer.NOT_APPLICABLE:
            self.reasons[field] = "not_applicable"
        elif answer == Answer.NONE_IN_RANGE:
            self.reasons[field] = "none_in_range"
        elif answer == Answer.MISSING or not math.isfinite(value):
            self.reasons[field] = f"missing: {why}"
        else:
            return float(value)
        return None

    def count(self, field: str, value: float, why: str) -> int | None:
        """Return a whole number, else None as :meth:`number`."""
        found = self.number(field, value, why)
        return None if found is None else int(found)

    def complete(self, field: str, value: float, n_missing: float, what: str) -> float | None:
        """Return a sum if nothing is missing from it, else None with how much is."""
        return self.number(field, math.nan if n_missing else value, f"{int(n_missing)} {what}")
