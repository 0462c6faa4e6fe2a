"""Bounds of the settings."""

import pytest

from marginwatch.risk.var.settings import VarMethod, VarSettings, interval_for


def test_defaults_are_a_day_at_99_percent_filtered():
    settings = VarSettings()
    assert (settings.method, settings.confidence, settings.horizon_s) == (VarMethod.FILTERED, 0.99, 86_400)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("confidence", 99.0, "confidence"),
        ("confidence", 0.5, "confidence"),
        ("horizon_s", 60, "at least an hour"),
        ("rows_min", 1, "rows_min"),
        ("rows_max", 10, "rows_min"),
    ],
)
def test_what_is_out_of_range_is_refused(field, value, words):
    with pytest.raises(ValueError, match=words):
        VarSettings(**{field: value})


def test_hours_are_made_from_hours_and_days_from_days():
    assert [interval_for(horizon) for horizon in (3_600, 14_400, 86_400, 10 * 86_400)] == [
        3_600,
        3_600,
        86_400,
        86_400,
    ]
