import re

import pytest

from marginwatch.risk.answers import Answer
from marginwatch.rules.series import Doubtful
from marginwatch.rules.trying.notation import GONE, parse_series


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("0.4", [0.4]),
        ("0.4x3 -1", [0.4, 0.4, 0.4, -1.0]),
        ("0..1x5", [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("0.5..-0.5x3", [0.5, 0.0, -0.5]),
        ("1..0.5x2", [1.0, 0.5]),
        ("1e3x2 +2.5e-1", [1000.0, 1000.0, 0.25]),
        ("_ missingx2", [Answer.MISSING] * 3),
        ("none nax2", [Answer.NONE_IN_RANGE, Answer.NOT_APPLICABLE, Answer.NOT_APPLICABLE]),
        ("~0.7x2 ~1..2x2", [Doubtful(0.7), Doubtful(0.7), Doubtful(1.0), Doubtful(2.0)]),
        ("gonex2 1", [GONE, GONE, 1.0]),
        ("  \n 1 \t 2 ", [1.0, 2.0]),
        ("", []),
    ],
)
def test_what_is_written_is_meant(text: str, points: list) -> None:
    assert parse_series(text) == points


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("0.4 stale", "'stale' is no part of a series; write 0.4, 0.4x5"),
        ("0.4y5", "'0.4y5' is no part"),
        ("nan", "'nan' is no part"),
        ("1...5x2", "'1...5x2' is no part"),
        ("1x0", "'1x0': a part is repeated 1 to 100000 times"),
        ("_x999999999999999999999", "repeated 1 to 100000 times"),
        ("1..2", "'1..2': from one number to another takes two points at least; write 1..2x2"),
        ("1x60000 2x60000", "more than 100000 points"),
        ("~none", "'~none' is no part"),
    ],
)
def test_what_cannot_be_read_says_what_can(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)):
        parse_series(text)
