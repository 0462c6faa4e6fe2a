"""Silences: what shall not be told for a while, who said so and why."""

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from marginwatch.model.pattern import PATTERN_MAX, TEXT_MAX, compiled


class Matcher(msgspec.Struct, frozen=True):
    """One condition on a label: ``account=mm-1``, ``severity!=critical``, ``symbol=~BTC.*``.

    Parameters
    ----------
    label : str
        Name of the label; one that is not there counts as empty.
    value : str
        Text, or pattern for the whole label.
    is_pattern, is_negated : bool
        ``=~``; ``!=`` and ``!~``.
    """

    label: str
    value: str
    is_pattern: bool = False
    is_negated: bool = False

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels meet it; ``tag`` looks into the list of tags."""
        if self.label == "tag":
            found = any(self._is_met(tag) for tag in labels.get("tags", "").strip(",").split(","))
        else:
            found = self._is_met(labels.get(self.label, ""))
        return found != self.is_negated

    def _is_met(self, text: str) -> bool:
        if not self.is_pattern:
            return text == self.value
        return _pattern(self.value).fullmatch(text[:TEXT_MAX]) is not None

    def __str__(self) -> str:
        operator = ("!" if self.is_negated else "=") + (
            "~" if self.is_pattern else "=" if self.is_negated else ""
        )
        return f"{self.label}{operator}{self.value}"

    @classmethod
    def parse(cls, text: str) -> "Matcher":
        """Return the matcher written in ``text``.

        Raises
        ------
        ValueError
            If it is none, with what one looks like.
        """
        found = re.fullmatch(r"\s*([a-z_][a-z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", text)
        if found is None:
            raise ValueError(
                f"{text!r} is no matcher; write label=value, label!=value, label=~pattern or label!~pattern"
            )
        label, operator, value = found.groups()
        is_pattern = operator.endswith("~")
        if is_pattern:
            try:
                compiled(value)
            except ValueError as error:
                raise ValueError(f"{text[:PATTERN_MAX]!r}: {error}") from None
        return cls(label, value, is_pattern, operator.startswith("!"))


# As many as the conditions of all silences that may hold: compiling anew takes a hundred times as long as trying.
@lru_cache(maxsize=16_384)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts that meet all matchers are not told between two moments.

    Parameters
    ----------
    silence_id : str
        Its name for ending it.
    matchers : tuple of Matcher
        At least one; all must be met.
    author, comment : str
        Who, and why.
    from_ns, until_ns : int
        UTC nanoseconds.
    ended_at_ns : int or None
        When somebody ended it early.
    """

    silence_id: str
    matchers: tuple[Matcher, ...]
    author: str
    comment: str
    from_ns: int
    until_ns: int
    ended_at_ns: int | None = None

    def is_active(self, now_ns: int) -> bool:
        """Return whether it holds at a moment."""
        return self.from_ns <= now_ns < min(self.until_ns, self.ended_at_ns or self.until_ns)

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Return whether an alert with these labels is silenced while it holds."""
        return all(one.matches(labels) for one in self.matchers)
