"""The single tables of the file: ``[service]``, ``[limits]``, ``[prices]``, ``[collect]``, ``[risk]`` and ``[alerts]``."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from marginwatch.config.durations import seconds_of
from marginwatch.config.secrets import parse_reference, resolve
from marginwatch.config.settings import (
    AlertTable,
    CollectTable,
    LimitSettings,
    PriceSettings,
    RiskTable,
    ServiceSettings,
)
from marginwatch.config.table import Complaints, read_table
from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret


class ServiceTable(msgspec.Struct, frozen=True, kw_only=True):
    """The ``[service]`` table as written; :class:`ServiceSettings` says what each key means."""

    host: Annotated[str, msgspec.Meta(min_length=1, max_length=253)] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8600
    data_dir: Annotated[str, msgspec.Meta(min_length=1)] = "marginwatch-data"
    database: str | None = None
    token: str | None = None
    login: Literal["auto", "always"] = "auto"
    session_days: Annotated[float, msgspec.Meta(gt=0, le=366)] = 30.0
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


SECTIONS: Mapping[str, type[msgspec.Struct]] = {
    "service": ServiceTable,
    "limits": LimitSettings,
    "prices": PriceSettings,
    "collect": CollectTable,
    "risk": RiskTable,
    "alerts": AlertTable,
}
"""Name of each single table → the struct whose fields are its keys."""

POSTGRES = ("postgresql://", "postgres://")
"""How the address of a database begins."""

PONG_ROOM_S = 3.0
"""Pings are sent and answers are told about once a second."""

Section = TypeVar("Section", LimitSettings, PriceSettings, CollectTable, RiskTable, ServiceTable, AlertTable)


def read_section(
    complaints: Complaints, document: Mapping[str, object], name: str, shape: type[Section]
) -> Section:
    """Return one single table with its defaults filled in; keys that are wrong keep their default."""
    return shape(**read_table(complaints, (name,), document.get(name, {}), shape))


def read_prices(complaints: Complaints, document: Mapping[str, object]) -> PriceSettings:
    """Return ``[prices]``; a mark must be stale before it is unknown."""
    prices = read_section(complaints, document, "prices", PriceSettings)
    if prices.mark_stale_s >= prices.mark_unknown_s:
        complaints.refuse(
            ("prices", "mark_unknown_s"),
            f"[prices] mark_unknown_s ({prices.mark_unknown_s:g}) must be greater than mark_stale_s"
            f" ({prices.mark_stale_s:g})",
        )
    return prices


def read_collect(complaints: Complaints, document: Mapping[str, object]) -> CollectTable:
    """Return ``[collect]``; a quiet socket must have time to answer a ping before it counts as dead."""
    collect = read_section(complaints, document, "collect", CollectTable)
    if collect.socket_alive_for_s < collect.ping_s + PONG_ROOM_S:
        complaints.refuse(
            ("collect", "socket_alive_for_s"),
            f"[collect] socket_alive_for_s ({collect.socket_alive_for_s:g}) must exceed ping_s ({collect.ping_s:g})"
            f" by at least {PONG_ROOM_S:g} s, or quiet accounts would be taken for silent ones",
        )
    return collect


def read_risk(complaints: Complaints, document: Mapping[str, object]) -> RiskTable:
    """Return ``[risk]``; danger must not be looked at less often than calm."""
    risk = read_section(complaints, document, "risk", RiskTable)
    if risk.distance_every_s > risk.distance_calm_every_s:
        complaints.refuse(
            ("risk", "distance_every_s"),
            f"[risk] distance_every_s ({risk.distance_every_s:g}) must not exceed distance_calm_every_s"
            f" ({risk.distance_calm_every_s:g})",
        )
    return risk


DURATIONS = {
    "unknown_after": (1.0, 86_400.0),
    "group_wait": (0.0, 3_600.0),
    "group_interval": (0.0, 86_400.0),
    "repeat_every": (60.0, 30 * 86_400.0),
    "heartbeat_every": (1.0, 3_600.0),
}
"""Durations of ``[alerts]`` and their bounds in seconds."""


def read_alerts(complaints: Complaints, document: Mapping[str, object]) -> AlertTable:
    """Return ``[alerts]``; durations, the zone and addresses are checked."""
    alerts = read_section(complaints, document, "alerts", AlertTable)

    def refuse(key: str, message: str) -> None:
        complaints.refuse(("alerts", key), f"[alerts] {key}: {message}")

    for key, (least, most) in DURATIONS.items():
        try:
            seconds = seconds_of(getattr(alerts, key))
        except ValueError as error:
            refuse(key, str(error))
            continue
        if not least <= seconds <= most:
            refuse(key, f"must be between {least:g} and {most:g} s, got {seconds:g} s")
    try:
        ZoneInfo(alerts.day_zone)
    except (KeyError, ValueError, OSError):
        refuse("day_zone", f"there is no time zone {alerts.day_zone!r}; write one such as Asia/Singapore")
    if alerts.public_url is not None and not alerts.public_url.startswith(("http://", "https://")):
        refuse("public_url", f"{alerts.public_url!r} must begin with https:// or http://")
    return alerts


def read_service(
    complaints: Complaints, document: Mapping[str, object], folder: Path, *, has_store: bool = True
) -> ServiceSettings:
    """Return ``[service]`` with its secrets resolved and its folder made absolute.

    ``has_store`` is False for whoever only reaches the service, and needs not know its database.
    """
    table = read_section(complaints, document, "service", ServiceTable)
    token = _secret(complaints, "token", table.token, folder)
    database = _database(complaints, table.database, folder) if has_store else None
    return ServiceSettings(
        host=table.host,
        port=table.port,
        data_dir=folder / Path(table.data_dir).expanduser(),
        database=database,
        token=token,
        login=table.login,
        session_days=table.session_days,
        log_format=table.log_format,
        log_level=table.log_level,
    )


def _database(complaints: Complaints, text: str | None, folder: Path) -> Secret | None:
    if text is None or not text.startswith(POSTGRES):
        given = _secret(complaints, "database", text, folder)
        if given is not None and not given.reveal().startswith(POSTGRES):
            _refuse(complaints, "database", f"what {text} holds must begin with postgresql://")
        return given
    if has_password(text):
        _refuse(
            complaints,
            "database",
            'a password does not belong into this file; keep the address elsewhere and write "env:MARGINWATCH_DATABASE"',
        )
    return Secret(text)


def has_password(url: str) -> bool:
    """Return whether the address of a database holds a password, or cannot be told not to."""
    _, _, rest = url.partition("://")
    userinfo, at, _ = rest.rpartition("@")
    return (bool(at) and ":" in userinfo) or "password" in rest.partition("?")[2].lower()


def _secret(complaints: Complaints, key: str, text: str | None, folder: Path) -> Secret | None:
    if text is None:
        return None
    try:
        secret, warning = resolve(parse_reference(text), folder)
    except ConfigError as error:
        _refuse(complaints, key, error.message)
        return None
    if warning is not None:
        complaints.warn(("service", key), f"[service] {key}: {warning}")
    return secret


def _refuse(complaints: Complaints, key: str, message: str) -> None:
    complaints.refuse(("service", key), f"[service] {key}: {message}")


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is reachable from this machine alone. A name other than ``localhost`` is not."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
