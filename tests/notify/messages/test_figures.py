"""Figures against examples that CLDR and its chart publish for each locale, and against slow checks of our own."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marginwatch.model.alert import Unit
from marginwatch.notify.messages.figures import Figures

AT_NS = 1_795_266_307_000_000_000
UNITS: tuple[Unit, ...] = ("fraction", "usd", "times", "seconds", "count", "bytes", "rank")


# CLDR 46 by-type charts: symbols of numbers (vi: "," and "."), patterns of currency and percent, names of units.
@pytest.mark.parametrize(
    ("language", "percent", "usd", "negative", "seconds", "size", "minutes", "days"),
    [
        (
            "en",
            "87.3%",
            "$1,234,568",
            "-$1,234,568",
            "2.50 sec",
            "1.5 GB",
            "1 hour 5 minutes",
            "2 days 3 hours",
        ),
        ("zh", "87.3%", "US$1,234,568", "-US$1,234,568", "2.50 秒", "1.5 GB", "1小时5分钟", "2天3小时"),
        (
            "vi",
            "87,3%",
            "1.234.568 US$",
            "-1.234.568 US$",
            "2,50 giây",
            "1,5 GB",
            "1 giờ 5 phút",
            "2 ngày 3 giờ",
        ),
        (
            "th",
            "87.3%",
            "US$1,234,568",
            "-US$1,234,568",
            "2.50 วินาที",
            "1.5 GB",
            "1 ชั่วโมง 5 นาที",
            "2 วัน 3 ชั่วโมง",
        ),
    ],
)
def test_each_language_writes_as_cldr_says(
    language: str, percent: str, usd: str, negative: str, seconds: str, size: str, minutes: str, days: str
) -> None:
    figures = Figures(language, "UTC")
    shown = [
        figures.value(0.873, "fraction"),
        figures.value(1_234_567.891, "usd"),
        figures.value(-1_234_567.891, "usd"),
        figures.value(2.5, "seconds"),
        figures.value(1.5e9, "bytes"),
        figures.value(3_900.0, "seconds"),
        figures.duration(2 * 86_400 + 3 * 3_600),
    ]
    assert [one.replace("\xa0", " ") for one in shown] == [
        percent,
        usd,
        negative,
        seconds,
        size,
        minutes,
        days,
    ]


@pytest.mark.parametrize(
    ("language", "zone", "wanted"),
    [
        ("en", "UTC", "Nov 21, 2026, 13:05:07 UTC"),
        ("en", "America/New_York", "Nov 21, 2026, 08:05:07 GMT-05:00"),
        ("zh", "Asia/Shanghai", "2026年11月21日 21:05:07 GMT+08:00"),
        ("vi", "Asia/Ho_Chi_Minh", "20:05:07 21 thg 11, 2026 GMT+07:00"),
        ("th", "Asia/Bangkok", "21 พ.ย. 2026 20:05:07 GMT+07:00"),
        ("en", "Asia/Kolkata", "Nov 21, 2026, 18:35:07 GMT+05:30"),
        ("en", "No/Where", "Nov 21, 2026, 13:05:07 UTC"),
        ("xx", "../../etc/passwd", "Nov 21, 2026, 13:05:07 UTC"),
    ],
)
def test_moments_say_their_zone(language: str, zone: str, wanted: str) -> None:
    assert Figures(language, zone).moment(AT_NS) == wanted


def test_summer_time_is_that_of_the_day() -> None:
    figures = Figures("en", "Europe/Berlin")
    assert figures.moment(1_782_900_000_000_000_000).endswith("GMT+02:00")
    assert figures.moment(AT_NS).endswith("GMT+01:00")


@pytest.mark.parametrize(
    ("number", "bound", "wanted"),
    [
        (0.70004, 0.7, ("70.004%", "70.000%")),
        (0.71, 0.7, ("71.0%", "70.0%")),
        (0.7, 0.7, ("70.0%", "70.0%")),
        (0.00051, 0.0005, ("0.0510%", "0.0500%")),
        (math.inf, 0.85, ("∞%", "85.0%")),
        (0.7 + 1e-14, 0.7, ("70.0%", "70.0%")),
    ],
)
def test_value_and_bound_can_be_told_apart(number: float, bound: float, wanted: tuple[str, str]) -> None:
    assert Figures("en", "UTC").pair(number, bound, "fraction") == wanted


@settings(max_examples=60)
@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(UNITS),
    st.sampled_from(["en", "zh", "vi", "th"]),
)
def test_every_number_is_written_with_its_unit(number: float, unit: Unit, language: str) -> None:
    shown = Figures(language, "UTC").value(number, unit)
    assert shown
    assert len(shown) < 60
    if unit == "fraction" and not math.isnan(number):
        assert shown.endswith("%")
    if unit == "usd" and not math.isnan(number):
        assert "$" in shown
    assert "duration-" not in shown
    assert "digital-" not in shown


@given(st.floats(min_value=-1e12, max_value=1e12))
def test_a_percentage_says_what_it_is(number: float) -> None:
    shown = Figures("en", "UTC").value(number, "fraction")
    read = float(shown.rstrip("%").replace(",", "")) / 100
    assert abs(read - number) <= max(0.0006, abs(number) * 1e-9)


@given(st.integers(min_value=0, max_value=10**8))
def test_durations_add_up(seconds: int) -> None:
    sizes = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
    parts = re.findall(r"([\d,]+) (day|hour|minute|second)s?", Figures("en", "UTC").duration(seconds))
    read = sum(int(count.replace(",", "")) * sizes[name] for count, name in parts)
    assert 0 <= seconds - read < sizes[parts[-1][1]] * (1 if len(parts) == 2 else 60)


@pytest.mark.parametrize(
    ("language", "written", "wanted"),
    [
        ("vi", "4.1 %", "4,1%"),
        ("vi", "-1,234 USD", "-1.234 US$"),
        ("zh", "12.34 USD", "US$12.34"),
        ("th", "12.3 ×", "12.3×"),
        ("en", "4.1 % or so", None),
        ("en", "none in range", None),
    ],
)
def test_our_own_english_figures_are_told_anew(language: str, written: str, wanted: str | None) -> None:
    retold = Figures(language, "UTC").retold(written)
    assert (retold and retold.replace("\xa0", " ")) == wanted


@pytest.mark.parametrize(
    ("plain", "wanted"),
    [
        ("64000.50", "64.000,50"),
        ("-0.0000123", "-0,0000123"),
        ("NaN", "NaN"),
        ("BTCUSDT", "BTCUSDT"),
        ("1e999999", "1e999999"),
    ],
)
def test_exact_texts_keep_their_digits(plain: str, wanted: str) -> None:
    assert Figures("vi", "UTC").text(plain) == wanted
