"""A series in one line of text: ``0.4x5 0.5..0.9x10 _x3 ~0.7 none``."""

import re
from typing import TypeAlias

from marginwatch.risk.answers import Answer
from marginwatch.rules.series import Doubtful, SeriesValue

LENGTH_MAX = 100_000
GONE = "gone"

Point: TypeAlias = SeriesValue | str
"""A value of a series, or :data:`GONE` where the subject is not there."""

WORDS: dict[str, Point] = {
    "_": Answer.MISSING,
    "missing": Answer.MISSING,
    "none": Answer.NONE_IN_RANGE,
    "na": Answer.NOT_APPLICABLE,
    GONE: GONE,
}
"""Word → what it stands for."""

_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_PART = re.compile(rf"(~?)({_NUMBER})(?:\.\.({_NUMBER}))?(?:x(\d+))?")
_WORD = re.compile(rf"({'|'.join(WORDS)})(?:x(\d+))?")


def parse_series(text: str) -> list[Point]:
    """Return the points of a series.

    Parts are separated by blanks. A number may be followed by ``xN``: so many times; ``a..bxN`` are N points from a to
    b at equal distances; ``~`` before it makes it doubtful. Words: ``_`` or ``missing``, ``none`` (none within range),
    ``na`` (not applicable), ``gone`` (no such subject).

    Raises
    ------
    ValueError
        If a part cannot be read, with what one looks like, or there are more than 100,000 points.
    """
    points: list[Point] = []
    for part in text.split():
        points += _points(part)
        if len(points) > LENGTH_MAX:
            raise ValueError(f"more than {LENGTH_MAX} points; write fewer, or a longer interval")
    return points


def _points(part: str) -> list[Point]:
    if (word := _WORD.fullmatch(part)) is not None:
        return [WORDS[word.group(1)]] * _times(part, word.group(2))
    found = _PART.fullmatch(part)
    if found is None:
        raise ValueError(
            f"{part!r} is no part of a series; write 0.4, 0.4x5, 0.4..0.9x6, ~0.7 (doubtful), or one of {', '.join(WORDS)}"
        )
    doubt, first, last, times = found.groups()
    count = _times(part, times)
    values = [float(first)] * count if last is None else _ramp(part, float(first), float(last), count)
    return [Doubtful(value) for value in values] if doubt else list[Point](values)


def _times(part: str, times: str | None) -> int:
    count = 1 if times is None else int(times) if len(times) <= len(str(LENGTH_MAX)) else LENGTH_MAX + 1
    if not 1 <= count <= LENGTH_MAX:
        raise ValueError(f"{part!r}: a part is repeated 1 to {LENGTH_MAX} times")
    return count


def _ramp(part: str, first: float, last: float, count: int) -> list[float]:
    if count == 1:
        raise ValueError(f"{part!r}: from one number to another takes two points at least; write {part}x2")
    return [first + (last - first) * step / (count - 1) for step in range(count)]
