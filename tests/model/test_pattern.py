"""Patterns that people write: useful ones are taken, those that never end are not."""

import pytest

from marginwatch.model.pattern import compiled
from marginwatch.model.silence import Matcher


@pytest.mark.parametrize(
    ("pattern", "met", "not_met"),
    [
        ("BTC.*", "BTCUSDT", "ETHUSDT"),
        ("high|critical", "critical", "info"),
        ("(mm|arb)-[0-9]+", "arb-12", "arb-x"),
        ("(?!test).*", "mm-1", "test-1"),
        (r"(?i)MM-\d{1,3}", "mm-17", "mm-1234"),
        ("[]()*+|{}]+", "(]", "a"),
        (r"a\(\*\)", "a(*)", "a"),
        ("(BTC|ETH)?USDT", "USDT", "XUSDT"),
        ("a{x}", "a{x}", "a"),
    ],
)
def test_what_people_write_is_taken(pattern: str, met: str, not_met: str) -> None:
    matcher = Matcher.parse(f"account=~{pattern}")
    assert matcher.matches({"account": met})
    assert not matcher.matches({"account": not_met})


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(?:a|a)*b",
        "((a+))*b",
        "([a-z0-9-]+)+!",
        "(a?){30}b",
        "((x|y)z)+?",
        "(a{1,30}){1,30}b",
        "a?a?a?a?a?aaaaa",
        ".*.*.*.*.*x",
        r"(a*)\1b",
        "(?P<n>a*)(?P=n)b",
        "(?x:(a+ # )\n)+b",
        "(",
        "x" * 201,
    ],
)
def test_what_may_never_end_is_refused_with_the_reason(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"repeat|refers back|groups that begin|no regular|at most"):
        compiled(pattern)
