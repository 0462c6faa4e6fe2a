"""Figures, durations and moments as people of a language write them, formatted by Babel; each with its unit."""

import datetime as dt
import math
import re
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta, get_timezone_gmt
from babel.numbers import format_currency, format_decimal, format_percent, format_scientific
from babel.units import format_unit

from marginwatch.model.alert import Unit

Language = Literal["en", "zh", "vi", "th"]

LOCALES: dict[str, str] = {"en": "en_US", "zh": "zh_Hans_CN", "vi": "vi_VN", "th": "th_TH"}
"""Language → locale of its figures."""

PERCENT_DIGITS_MAX = 6
WORDY_FROM = 1e15
"""From here on a float has no digit behind the point: it is written with a power of ten."""

TEXT_DIGITS_MAX = 20
"""Digits behind the point of a decimal text; one with more is shown as it is."""

MINUTE_S = 60.0
DURATION_S_MAX = 1e11
"""Three thousand years: what is longer is not told any longer."""

_WRITTEN = re.compile(r"(-?\d[\d,]*(?:\.\d+)?) (%|USD|×)")

_BYTES = (
    (1e9, "digital-gigabyte"),
    (1e6, "digital-megabyte"),
    (1e3, "digital-kilobyte"),
    (1.0, "digital-byte"),
)


class Figures:
    """Writes figures for one channel.

    Parameters
    ----------
    language : str
        ``en``, ``zh``, ``vi`` or ``th``; English for any other.
    timezone : str
        IANA name of the zone of times; UTC where there is none of that name, which every time says.
    """

    def __init__(self, language: str, timezone: str) -> None:
        self._locale = Locale.parse(LOCALES.get(language, LOCALES["en"]))
        try:
            self._zone = ZoneInfo(timezone)
        except (ValueError, OSError, KeyError):
            self._zone = ZoneInfo("UTC")

    def value(self, number: float, unit: Unit) -> str:
        """Return a figure with its unit: ``72.3%``, ``$1,234``, ``12.5×``, ``3.2 sec``, ``1.4 GB``.

        Fractions are shown in percent, a minute and more in days, hours and minutes. A count or rank is a mere number here:
        its noun is a matter of words.
        """
        if math.isnan(number):
            return "–"
        if math.isinf(number):
            return f"{'-' if number < 0 else ''}∞{self._sign(unit)}"
        if unit == "seconds" and MINUTE_S <= abs(number) < WORDY_FROM:
            return f"{'-' if number < 0 else ''}{self.duration(abs(number))}"
        return self._finite(number, unit, _digits(number, unit))

    def text(self, plain: str) -> str:
        """Return a decimal text as this language writes it, with all of its digits; as it is if it is no number."""
        try:
            number = Decimal(plain.replace(",", ""))
        except InvalidOperation:
            return plain
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or abs(exponent) > TEXT_DIGITS_MAX or abs(number) >= WORDY_FROM:
            return plain
        fraction = f".{'0' * -exponent}" if exponent < 0 else ""
        return format_decimal(number, f"#,##0{fraction}", locale=self._locale)

    def retold(self, written: str) -> str | None:
        """Return a figure of one of our own texts, ``4.1 %``, ``1,234 USD`` or ``1.2 ×``, in this language; None if it is none.

        The digits stay as they are.
        """
        found = _WRITTEN.fullmatch(written)
        if found is None:
            return None
        digits = len(found.group(1).partition(".")[2])
        number = float(found.group(1).replace(",", ""))
        sign: dict[str, tuple[float, Unit]] = {
            "%": (0.01, "fraction"),
            "USD": (1.0, "usd"),
            "×": (1.0, "times"),
        }
        factor, unit = sign[found.group(2)]
        return self._finite(number * factor, unit, digits)

    def pair(self, number: float, bound: float, unit: Unit) -> tuple[str, str]:
        """Return two figures with as many digits as it takes to tell them apart, within reason.

        A usage of 70.004 % beyond 70 % would else read as "70.0 %, above 70.0 %".
        """
        if not (math.isfinite(number) and math.isfinite(bound)):
            return self.value(number, unit), self.value(bound, unit)
        if unit == "seconds" and max(abs(number), abs(bound)) >= MINUTE_S:
            return self.value(number, unit), self.value(bound, unit)
        digits = max(_digits(number, unit), _digits(bound, unit) if bound else 0)
        last = digits if unit == "bytes" else PERCENT_DIGITS_MAX
        for some in range(digits, max(digits, last) + 1):
            shown = self._finite(number, unit, some), self._finite(bound, unit, some)
            if number == bound or shown[0] != shown[1]:
                return shown
        return self._finite(number, unit, digits), self._finite(bound, unit, digits)

    def duration(self, seconds: float) -> str:
        """Return a duration in its two largest units: ``1 hour 5 minutes``; below a second, ``0 seconds``."""
        whole = round(max(0.0, min(seconds, DURATION_S_MAX)))
        counts = (whole // 86_400, whole // 3_600 % 24, whole // 60 % 60, whole % 60)
        first = next((place for place, count in enumerate(counts) if count), 3)
        parts = [
            _part(self._locale, counts[place], place)
            for place in (first, first + 1)
            if place < 4 and counts[place]
        ]
        joint = "" if self._locale.language == "zh" else " "
        return joint.join(parts or [_part(self._locale, 0, 3)])

    def moment(self, at_ns: int) -> str:
        """Return date, time on a 24-hour clock, and zone as its distance from UTC."""
        at = dt.datetime.fromtimestamp(at_ns // 1_000_000_000, dt.UTC).astimezone(self._zone)
        day = format_date(at, "medium", locale=self._locale)
        clock = format_time(at, "HH:mm:ss", locale=self._locale)
        joined = str(self._locale.datetime_formats["medium"]).replace("{1}", day).replace("{0}", clock)
        return f"{joined} {self._zone_words(at)}"

    def is_one(self, number: float) -> bool:
        """Return whether a noun beside this number is in the singular."""
        return self._locale.plural_form(number) == "one"

    def _zone_words(self, at: dt.datetime) -> str:
        if not at.utcoffset():
            return "UTC"
        return get_timezone_gmt(at, "long", locale=self._locale)

    def _finite(self, number: float, unit: Unit, digits: int) -> str:
        if abs(number) >= WORDY_FROM:
            shown = number * 100 if unit == "fraction" else number
            return f"{format_scientific(shown, '0.00E0', locale=self._locale)}{self._sign(unit)}"
        fraction = f".{'0' * digits}" if digits else ""
        if unit == "fraction":
            return format_percent(number, f"#,##0{fraction}%", locale=self._locale)
        if unit == "usd":
            pattern = self._currency_pattern.replace("0.00", f"0{fraction}")
            return format_currency(number, "USD", pattern, locale=self._locale, currency_digits=False)
        if unit == "bytes":
            size, name = next((one for one in _BYTES if abs(number) >= one[0]), _BYTES[-1])
            return format_unit(round(number / size, 1), name, length="short", locale=self._locale)
        plain = format_decimal(number, f"#,##0{fraction}", locale=self._locale)
        if unit == "seconds":
            return format_unit(plain, "duration-second", length="short", locale=self._locale)
        return f"{plain}{self._sign(unit)}"

    @cached_property
    def _currency_pattern(self) -> str:
        return str(self._locale.currency_formats["standard"].pattern)

    def _sign(self, unit: Unit) -> str:
        return {"fraction": "%", "usd": "\xa0US$", "times": "×", "seconds": "\xa0s", "bytes": "\xa0B"}.get(
            unit, ""
        )


# The same few hundred again and again: each age of each alert, whenever somebody looks.
@lru_cache(maxsize=4_096)
def _part(locale: Locale, count: int, place: int) -> str:
    """Return so many days, hours, minutes or seconds (place 0 to 3) in words."""
    if place == 0:  # format_timedelta would make weeks and months of it
        return format_unit(count, "duration-day", length="short", locale=locale)
    step_s = (86_400, 3_600, 60, 1)[place]
    return format_timedelta(dt.timedelta(seconds=count * step_s), threshold=1, locale=locale)


def _digits(number: float, unit: Unit) -> int:
    """Return how many digits behind the point say enough: three figures or so, but cents below a thousand."""
    size = abs(number) * (100 if unit == "fraction" else 1)
    if unit in ("count", "rank"):
        return 0 if number == int(number) else 1
    if unit == "usd":
        return 0 if size >= 1_000 else 2
    if unit == "fraction":
        return 1 if size >= 1 or size == 0 else 2 if size >= 0.1 else 4
    return 1 if size >= 10 else 2
