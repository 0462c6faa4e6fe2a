"""The ``[[channel]]`` tables: each against the table of its kind, with its secrets resolved."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from marginwatch.config.lines import KeyPath
from marginwatch.config.masking import shown
from marginwatch.config.secrets import parse_reference, resolve
from marginwatch.config.table import Complaints, nearest, read_table
from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import ChannelKind, ChannelTable
from marginwatch.notify.settings import ChannelSetup

CHANNELS_MAX = 100
TIMEOUT_MAX_S = 120.0
NAME_MAX = 64
LANGUAGES = ("en", "th", "vi", "zh")


def read_channels(
    complaints: Complaints,
    tables: Sequence[Mapping[str, Any]],
    folder: Path,
    kinds: Mapping[str, ChannelKind],
) -> tuple[dict[str, ChannelSetup], tuple[str, ...]]:
    """Return the enabled channels by name and the names of the others; what is wrong is noted in ``complaints``.

    The secrets of a disabled channel are not looked for. A secret that is missing is an error of the file: a desk that
    believes to be told and is not would be worse off than one whose service does not start.
    """
    channels: dict[str, ChannelSetup] = {}
    disabled: list[str] = []
    if len(tables) > CHANNELS_MAX:
        complaints.refuse(("channel", CHANNELS_MAX), f"more than {CHANNELS_MAX} channels; remove some")
    for index, values in enumerate(tables[:CHANNELS_MAX]):
        reader = _ChannelReader(complaints, index, folder, kinds)
        one = reader.read(values)
        if one is None:
            continue
        if one.name in channels or one.name in disabled:
            reader.refuse("name", f"name {one.name!r} is given twice; rename one")
        elif one.table.enabled:
            channels[one.name] = one
        else:
            disabled.append(one.name)
    _check_fall_overs(complaints, tables, channels, disabled)
    return channels, tuple(disabled)


class _ChannelReader:
    """Reads one table; ``is_wrong`` once anything was refused."""

    def __init__(
        self, complaints: Complaints, index: int, folder: Path, kinds: Mapping[str, ChannelKind]
    ) -> None:
        self._complaints = complaints
        self._index = index
        self._folder = folder
        self._kinds = kinds
        self.is_wrong = False

    def refuse(self, key: str, message: str) -> None:
        self.is_wrong = True
        self._complaints.refuse(("channel", self._index, key), f"[[channel]] {message}")

    def read(self, values: Mapping[str, Any]) -> ChannelSetup | None:
        path: KeyPath = ("channel", self._index)
        kind = self._kind(values)
        if kind is None:
            return None
        good = read_table(self._complaints, path, values, kind.table)
        required = [field.name for field in msgspec.structs.fields(kind.table) if field.required]
        if any(name not in good for name in required):
            return None
        # ``type`` may be fixed by its kind; any other key that is not good was complained about.
        table = kind.table(**good)
        self._check(table)
        secrets = self._secrets(table, kind) if table.enabled else {}
        if self.is_wrong or any(key not in good for key in values):
            return None
        return ChannelSetup(
            table=table,
            kind=kind,
            secrets=secrets,
            min_severity=Severity.of_word(table.min_severity),
            place=self._complaints.place(path),
        )

    def _kind(self, values: Mapping[str, Any]) -> ChannelKind | None:
        given = values.get("type")
        if not isinstance(given, str):
            self.refuse("type", f"lacks 'type', a text; known are: {', '.join(sorted(self._kinds))}")
            return None
        if given.startswith("apprise:"):
            self.refuse("type", 'type: write type = "apprise" and the address as url = "env:NAME"')
            return None
        kind = self._kinds.get(given)
        if kind is None:
            self.refuse("type", f"type: there is no kind {shown(given)}; {nearest(given, list(self._kinds))}")
        return kind

    def _check(self, table: ChannelTable) -> None:
        name = table.name
        if not (name and name.isprintable() and name == name.strip() and len(name) <= NAME_MAX):
            self.refuse(
                "name",
                f"name {name!r} must be printable, at most {NAME_MAX} long, without blanks at its ends",
            )
        if table.language not in LANGUAGES:
            self.refuse("language", f"language: {nearest(table.language, list(LANGUAGES))}")
        try:
            ZoneInfo(table.timezone)
        except (KeyError, ValueError, OSError):
            self.refuse(
                "timezone", f"timezone: there is no zone {table.timezone!r}; write one such as Asia/Singapore"
            )
        try:
            Severity.of_word(table.min_severity)
        except ValueError as error:
            self.refuse("min_severity", f"min_severity: {error}")
        rate = table.messages_per_minute
        if rate is not None and not 0 < rate <= 100_000:
            self.refuse("messages_per_minute", f"messages_per_minute must be greater than 0, got {rate:g}")
        if not 0 < table.timeout_s <= TIMEOUT_MAX_S:
            self.refuse(
                "timeout_s",
                f"timeout_s must be greater than 0 and at most {TIMEOUT_MAX_S:g}, got {table.timeout_s:g}",
            )

    def _secrets(self, table: ChannelTable, kind: ChannelKind) -> dict[str, Secret]:
        found: dict[str, Secret] = {}
        for key in kind.secrets:
            given: object = getattr(table, key)
            if isinstance(given, str):
                self._resolve(key, key, given, found)
            elif isinstance(given, Mapping):
                named: Mapping[object, object] = given  # pyright: ignore[reportUnknownVariableType]  # a table of texts, by its kind's struct
                for name, text in named.items():
                    self._resolve(key, f"{key}.{name}", str(text), found)
        return found

    def _resolve(self, key: str, name: str, text: str, found: dict[str, Secret]) -> None:
        try:
            secret, warning = resolve(parse_reference(text), self._folder)
        except ConfigError as error:
            self.refuse(key, f"{name}: {error.message}")
            return
        if warning is not None:
            self._complaints.warn(("channel", self._index, key), f"[[channel]] {name}: {warning}")
        found[name] = secret


def _check_fall_overs(
    complaints: Complaints,
    tables: Sequence[Mapping[str, Any]],
    channels: Mapping[str, ChannelSetup],
    disabled: Sequence[str],
) -> None:
    """Refuse channels that fall over to nothing, to a disabled one, or round in a circle."""
    index_of = {str(values.get("name")): index for index, values in reversed(list(enumerate(tables)))}
    known = {str(values.get("name")) for values in tables}
    for name, channel in channels.items():
        target = channel.table.fall_over_to
        if target is None:
            continue
        path = ("channel", index_of[name], "fall_over_to")
        if target in disabled:
            complaints.refuse(
                path, f"[[channel]] fall_over_to: {target!r} is disabled; enable it or name another"
            )
        elif target not in known:
            complaints.refuse(
                path,
                f"[[channel]] fall_over_to: there is no channel {target!r}; {nearest(target, sorted(known))}",
            )
        elif _is_in_a_circle(name, channels):
            complaints.refuse(
                path,
                f"[[channel]] fall_over_to: {name!r} falls over to itself in the end; let one of them end there",
            )


def _is_in_a_circle(name: str, channels: Mapping[str, ChannelSetup]) -> bool:
    at: str | None = name
    for _ in range(len(channels) + 1):
        one = channels.get(at) if at is not None else None
        at = None if one is None else one.table.fall_over_to
        if at == name:
            return True
    return False
