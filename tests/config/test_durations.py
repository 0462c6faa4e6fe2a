"""Durations as people write them."""

import pytest

from marginwatch.config.durations import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30.0),
        ("5m", 300.0),
        ("1h30m", 5_400.0),
        ("2d", 172_800.0),
        ("250ms", 0.25),
        ("1w", 604_800.0),
        ("1.5h", 5_400.0),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["3651d", "99999999999999999999d"])
def test_what_nobody_lives_to_see_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ten years"):
        seconds_of(text)


@pytest.mark.parametrize("text", ["", "1" * 100_000, "5", "m", "5 m", "5min", "-5m", "5m!", "1e3s"])
def test_what_is_none_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 30s"):
        seconds_of(text)
