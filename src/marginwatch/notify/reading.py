"""Read the tables of notification: channels, routes, mutes and inhibitions, each complaint with line, key and fix."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from marginwatch.config.durations import seconds_of
from marginwatch.config.secrets import parse_reference, resolve
from marginwatch.config.sections import DURATIONS
from marginwatch.config.settings import AlertTable, Config
from marginwatch.config.table import Complaints, nearest, read_table
from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.model.silence import Matcher
from marginwatch.notify.channels.base import ChannelKind
from marginwatch.notify.channels.registry import KINDS
from marginwatch.notify.reading_channels import read_channels
from marginwatch.notify.reading_mutes import read_mutes
from marginwatch.notify.settings import Escalation, Inhibit, NotifySetup, Route

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

DEFAULT_ROUTE = "default"
ESCALATE_MIN_S, ESCALATE_MAX_S = 1.0, 7 * 86_400.0

_LABEL = re.compile("[a-z_][a-z0-9_]*")
_Table = TypeVar("_Table", bound=msgspec.Struct)


class RouteTable(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[route]]`` table as written; :class:`Route` says what each key means."""

    name: Name
    channels: tuple[str, ...]
    match: tuple[str, ...] = ()
    escalate: tuple[dict[str, Any], ...] = ()
    group_by: tuple[str, ...] = ("account",)
    group_wait: str | None = None
    group_interval: str | None = None
    repeat_every: str | None = None
    is_continued: bool = msgspec.field(default=False, name="continue")


class EscalateTable(msgspec.Struct, frozen=True, kw_only=True):
    """One step of ``escalate``."""

    after: str
    channels: tuple[str, ...]


class InhibitTable(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[inhibit]]`` table as written; :class:`Inhibit` says what each key means."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    equal: tuple[str, ...] = ()


def read_notification(
    complaints: Complaints, config: Config, folder: Path, kinds: Mapping[str, ChannelKind] = KINDS
) -> NotifySetup:
    """Return what the configuration says about notification; what is wrong is noted in ``complaints``.

    Without a ``[[route]]``, and for alerts that no route wants, everything goes to every enabled channel.

    Parameters
    ----------
    complaints : Complaints
        ``Complaints(config.path, config.lines)``; its owner raises.
    config : Config
        With the raw tables.
    folder : Path
        What relative ``file:`` references start from.
    kinds : mapping of str to ChannelKind
        Kinds of channels that there are.
    """
    channels, disabled = read_channels(complaints, config.channels, folder, kinds)
    known = [str(values.get("name")) for values in config.channels]
    reader = _Reader(complaints, config.alerts, known, disabled)
    alerts = config.alerts
    return NotifySetup(
        channels=channels,
        disabled=disabled,
        routes=reader.routes(config.routes),
        default_route=reader.default_route(tuple(channels)),
        mutes=read_mutes(complaints, config.mutes),
        inhibits=reader.inhibits(config.inhibits),
        public_url=alerts.public_url,
        heartbeat_url=_heartbeat_url(complaints, alerts, folder),
        heartbeat_every_s=_seconds(alerts.heartbeat_every) or 60.0,
    )


def matchers_of(texts: Sequence[str]) -> tuple[tuple[Matcher, ...], str | None]:
    """Return the matchers written in ``texts`` and what is wrong with the first that is none."""
    found: list[Matcher] = []
    for text in texts:
        try:
            found.append(Matcher.parse(text))
        except ValueError as error:
            return (), str(error)
    return tuple(found), None


def _seconds(text: str) -> float | None:
    try:
        return seconds_of(text)
    except ValueError:
        return None


def _heartbeat_url(complaints: Complaints, alerts: AlertTable, folder: Path) -> Secret | None:
    """Return the address, which is a secret even where it stands in the file: whoever has it can feign life."""
    given = alerts.heartbeat_url
    if given is None:
        return None
    path = ("alerts", "heartbeat_url")
    try:
        url = Secret(given)
        if not given.startswith(("http://", "https://")):
            url, warning = resolve(parse_reference(given), folder)
            if warning is not None:
                complaints.warn(path, f"[alerts] heartbeat_url: {warning}")
    except ConfigError as error:
        complaints.refuse(path, f"[alerts] heartbeat_url: {error.message}")
        return None
    if not url.reveal().startswith(("http://", "https://")):
        complaints.refuse(
            path, "[alerts] heartbeat_url: what it refers to must begin with https:// or http://"
        )
        return None
    return url


class _Reader:
    """Reads routes and inhibitions; knows the channels they may name."""

    def __init__(
        self, complaints: Complaints, alerts: AlertTable, known: Sequence[str], disabled: Sequence[str]
    ) -> None:
        self._complaints = complaints
        self._alerts = alerts
        self._known = known
        self._disabled = disabled

    def default_route(self, channels: tuple[str, ...]) -> Route:
        alerts = self._alerts
        return Route(
            name=DEFAULT_ROUTE,
            channels=channels,
            group_wait_s=_seconds(alerts.group_wait) or 0.0,
            group_interval_s=_seconds(alerts.group_interval) or 0.0,
            repeat_every_s=_seconds(alerts.repeat_every) or 14_400.0,
        )

    def routes(self, tables: Sequence[Mapping[str, Any]]) -> tuple[Route, ...]:
        found: dict[str, Route] = {}
        for index, table in self._tables("route", tables, RouteTable):
            if table.name in found or table.name == DEFAULT_ROUTE:
                why = (
                    "is given twice"
                    if table.name in found
                    else "is that of the route for all that no other wants"
                )
                self._refuse("route", index, "name", f"name {table.name!r} {why}; rename it")
                continue
            if not table.name.isprintable():
                self._refuse("route", index, "name", f"name {table.name!r} must be printable")
            found[table.name] = self._route(index, table)
        return tuple(found.values())

    def _route(self, index: int, table: RouteTable) -> Route:
        for label in table.group_by:
            if not _LABEL.fullmatch(label):
                self._refuse(
                    "route",
                    index,
                    "group_by",
                    f"group_by: {label!r} is no label; write one such as account or rule",
                )
        return Route(
            name=table.name,
            channels=self._channels(index, "channels", table.channels),
            matchers=self._matchers("route", index, "match", table.match, least=0),
            escalations=self._escalations(index, table.escalate),
            group_by=table.group_by,
            group_wait_s=self._duration(index, "group_wait", table.group_wait),
            group_interval_s=self._duration(index, "group_interval", table.group_interval),
            repeat_every_s=self._duration(index, "repeat_every", table.repeat_every),
            is_continued=table.is_continued,
        )

    def _escalations(self, index: int, steps: Sequence[Mapping[str, Any]]) -> tuple[Escalation, ...]:
        found: list[Escalation] = []
        for number, values in enumerate(steps):
            good = read_table(self._complaints, ("route", index, "escalate", number), values, EscalateTable)
            if len(good) < 2:
                continue
            step = EscalateTable(**good)
            after_s = self._bounded(index, "escalate", step.after, ESCALATE_MIN_S, ESCALATE_MAX_S)
            if found and after_s <= found[-1].after_s:
                self._refuse(
                    "route",
                    index,
                    "escalate",
                    f"escalate: after = {step.after!r} must be later than the step before it",
                )
            found.append(
                Escalation(after_s=after_s, channels=self._channels(index, "escalate", step.channels))
            )
        return tuple(found)

    def inhibits(self, tables: Sequence[Mapping[str, Any]]) -> tuple[Inhibit, ...]:
        return tuple(
            Inhibit(
                source=self._matchers("inhibit", index, "source", table.source),
                target=self._matchers("inhibit", index, "target", table.target),
                equal=table.equal,
            )
            for index, table in self._tables("inhibit", tables, InhibitTable)
        )

    def _tables(
        self, name: str, tables: Sequence[Mapping[str, Any]], shape: type[_Table]
    ) -> Iterator[tuple[int, _Table]]:
        """Yield the tables that have all they need; wrong keys of others were complained about."""
        for index, values in enumerate(tables):
            good = read_table(self._complaints, (name, index), values, shape)
            required = [field.name for field in msgspec.structs.fields(shape) if field.required]
            if all(key in good for key in required):
                yield index, shape(**good)

    def _refuse(self, table: str, index: int, key: str, message: str) -> None:
        self._complaints.refuse((table, index, key), f"[[{table}]] {message}")

    def _matchers(
        self, table: str, index: int, key: str, texts: Sequence[str], *, least: int = 1
    ) -> tuple[Matcher, ...]:
        found, problem = matchers_of(texts)
        if problem is not None:
            self._refuse(table, index, key, f"{key}: {problem}")
        elif len(texts) < least:
            self._refuse(
                table, index, key, f'{key} must name at least one condition, such as "severity=critical"'
            )
        return found

    def _channels(self, index: int, key: str, names: Sequence[str]) -> tuple[str, ...]:
        """Return the enabled ones; an unknown name, or none that is enabled, is refused."""
        if not names:
            self._refuse("route", index, key, f"{key} names no channel; name at least one, or use a [[mute]]")
        for name in names:
            if name not in self._known:
                self._refuse(
                    "route",
                    index,
                    key,
                    f"{key}: there is no channel {name!r}; {nearest(name, list(self._known))}",
                )
            elif name in self._disabled:
                self._complaints.warn(("route", index, key), f"[[route]] {key}: channel {name!r} is disabled")
        enabled = tuple(dict.fromkeys(name for name in names if name not in self._disabled))
        if names and not enabled:
            self._refuse(
                "route",
                index,
                key,
                f"{key}: every channel named here is disabled; enable one or name another",
            )
        return enabled

    def _duration(self, index: int, key: str, text: str | None) -> float:
        if text is None:
            return _seconds(str(getattr(self._alerts, key))) or 0.0
        return self._bounded(index, key, text, *DURATIONS[key])

    def _bounded(self, index: int, key: str, text: str, least: float, most: float) -> float:
        try:
            seconds = seconds_of(text)
        except ValueError as error:
            self._refuse("route", index, key, f"{key}: {error}")
            return least
        if not least <= seconds <= most:
            self._refuse(
                "route", index, key, f"{key} must be between {least:g} and {most:g} s, got {seconds:g} s"
            )
        return seconds
