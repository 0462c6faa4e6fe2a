"""The ``[[mute]]`` tables: hours of the week in which some alerts are not told."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec

from marginwatch.config.table import Complaints, nearest, read_table
from marginwatch.model.silence import Matcher
from marginwatch.notify.settings import Mute

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


class MuteTable(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[mute]]`` table as written; :class:`Mute` says what each key means."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    match: tuple[str, ...]
    days: tuple[str, ...] = DAYS
    begin: str = msgspec.field(default="00:00", name="from")
    end: str = msgspec.field(default="24:00", name="to")
    zone: str = "UTC"


def read_mutes(complaints: Complaints, tables: Sequence[Mapping[str, Any]]) -> tuple[Mute, ...]:
    """Return the mutes in the order of the file; what is wrong is noted in ``complaints``."""
    found: dict[str, Mute] = {}
    for index, values in enumerate(tables):
        good = read_table(complaints, ("mute", index), values, MuteTable)
        if "name" not in good or "match" not in good:
            continue
        reader = _MuteReader(complaints, index)
        mute = reader.mute(MuteTable(**good))
        if mute.name in found:
            reader.refuse("name", f"name {mute.name!r} is given twice; rename one")
        if not mute.name.isprintable():
            reader.refuse("name", f"name {mute.name!r} must be printable")
        found[mute.name] = mute
    return tuple(found.values())


class _MuteReader:
    def __init__(self, complaints: Complaints, index: int) -> None:
        self._complaints = complaints
        self._index = index

    def refuse(self, key: str, message: str) -> None:
        self._complaints.refuse(("mute", self._index, key), f"[[mute]] {message}")

    def mute(self, table: MuteTable) -> Mute:
        return Mute(
            name=table.name,
            matchers=self._matchers(table.match),
            days=self._days(table.days),
            from_minute=self._minute("from", table.begin),
            to_minute=self._minute("to", table.end),
            zone=self._zone(table.zone),
        )

    def _matchers(self, texts: Sequence[str]) -> tuple[Matcher, ...]:
        if not texts:
            self.refuse("match", 'match must name at least one condition, such as "severity!=critical"')
        found: list[Matcher] = []
        for text in texts:
            try:
                found.append(Matcher.parse(text))
            except ValueError as error:
                self.refuse("match", f"match: {error}")
        return tuple(found)

    def _days(self, days: Sequence[str]) -> frozenset[int]:
        if not days:
            self.refuse("days", f"days names none; write some of {', '.join(DAYS)}, or leave it out for all")
        for day in days:
            if day not in DAYS:
                self.refuse("days", f"days: there is no day {day!r}; {nearest(day, list(DAYS))}")
        return frozenset(DAYS.index(day) for day in days if day in DAYS)

    def _minute(self, key: str, text: str) -> int:
        if not _CLOCK.fullmatch(text):
            self.refuse(key, f"{key}: {text!r} is no time of day; write one such as 22:30")
            return 0
        hours, minutes = text.split(":")
        return int(hours) * 60 + int(minutes)

    def _zone(self, name: str) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            self.refuse("zone", f"zone: there is no time zone {name!r}; write one such as Asia/Singapore")
            return ZoneInfo("UTC")
