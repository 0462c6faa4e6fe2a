"""What the configuration file says, as structs with every default filled in."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from marginwatch.model.account import AccountSpec
from marginwatch.model.scenario import Scenario
from marginwatch.model.secret import Secret

Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]


class ServiceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The ``[service]`` table: where the service listens, keeps its data and logs.

    Parameters
    ----------
    host : str
        Address of the API and the dashboard. On any but a loopback address everybody must sign in.
    port : int
        1 to 65535; 0 lets the system choose.
    data_dir : Path
        Folder of the database and the generated token; relative to the configuration file.
    database : Secret or None
        Address of a PostgreSQL database; None keeps everything in a SQLite file in ``data_dir``.
    token : Secret or None
        Token of the API; None lets the service make one in ``data_dir``.
    login : {'auto', 'always'}
        ``auto`` asks nobody to sign in on this machine as long as no password is set; ``always`` asks everybody.
    session_days : float
        Days after which whoever signed in must do so again.
    log_format : {'console', 'json'}
        For people, or one JSON object a line.
    log_level : {'debug', 'info', 'warning', 'error'}
        The least that is logged.
    """

    host: str = "127.0.0.1"
    port: int = 8600
    data_dir: Path = Path("marginwatch-data")
    database: Secret | None = None
    token: Secret | None = None
    login: Literal["auto", "always"] = "auto"
    session_days: float = 30.0
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def store(self) -> Path | Secret:
        """Where the store is: the SQLite file, or the address of the database."""
        return self.data_dir / "marginwatch.sqlite" if self.database is None else self.database

    @property
    def token_file(self) -> Path:
        """Where the generated token is kept for the commands of the same user."""
        return self.data_dir / "api-token"

    @property
    def password_file(self) -> Path:
        """Where the hashes of the dashboard's passwords are."""
        return self.data_dir / "web-passwords.toml"

    @property
    def sessions_file(self) -> Path:
        """Where hashes of those who are signed in are."""
        return self.data_dir / "web-sessions.json"


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The ``[limits]`` table.

    Parameters
    ----------
    share_of_limit : float
        The part of every rate and socket limit of a venue that we may use, in (0, 1]; the desk's bots need the rest.
    ban_wait_s : float
        Seconds for which a venue is left alone after it has banned our address. Less than its ban lasts prolongs it.
    """

    share_of_limit: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.30
    ban_wait_s: Seconds = 600.0


class PriceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The ``[prices]`` table; seconds.

    Parameters
    ----------
    mark_stale_s, mark_unknown_s : float
        Age at which a mark price is stale, and at which it counts as missing.
    """

    mark_stale_s: Seconds = 10.0
    mark_unknown_s: Seconds = 30.0


class RiskTable(msgspec.Struct, frozen=True, kw_only=True):
    """The ``[risk]`` table: what is too heavy for a frame, and how often it is reckoned.

    Parameters
    ----------
    distance_every_s, distance_calm_every_s : float
        Seconds between distances to liquidation while anything is in danger, and while nothing is.
    slow_every_s : float
        Seconds between chances, stress, cascades, value at risk and advice.
    danger_usage, danger_distance : float
        Maintenance margin usage of any account from which there is danger, and distance to liquidation below which.
        Fractions.
    """

    distance_every_s: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 0.5
    distance_calm_every_s: Annotated[float, msgspec.Meta(ge=0.1, le=3_600)] = 5.0
    slow_every_s: Annotated[float, msgspec.Meta(ge=1, le=3_600)] = 15.0
    danger_usage: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    danger_distance: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.15


class CollectTable(msgspec.Struct, frozen=True, kw_only=True):
    """The ``[collect]`` table: key by key the configurable part of ``collect.settings.CollectSettings``.

    Parameters
    ----------
    poll_s, reconcile_s : float
        Seconds between REST snapshots of an account without a socket, and of one with a socket.
    jitter_share : float
        Part of an interval by which it is shortened at random, in [0, 1).
    second_look_s : float
        Seconds until a doubtful snapshot is fetched again.
    ping_s, socket_alive_for_s : float
        Seconds between pings; silence after which a socket is replaced.
    connect_timeout_s, login_expiry_s : float
        Seconds for the handshake and each answer of the log-in; how far ahead a log-in expires.
    backoff_first_s, backoff_max_s : float
        Bounds of the waits between failed attempts, seconds.
    stopped_retry_s : float
        Seconds until a stopped account is asked again whether its owner has mended it.
    key_check_s : float
        Longest time in seconds after which a key in use is judged again.
    price_refresh_s, price_keep_s : float
        Silence of a ticker after which its price is asked for by REST; how long a price is followed unheld. Seconds.
    depth : bool
        Follow order books, liquidations, insurance pools and deleveraging alerts of what is held.
    sweeps_at_once, public_sockets_max : int
        REST snapshots at the same time; sockets for public prices that a venue allows in one category, of which
        ``share_of_limit`` is used.
    stop_timeout_s : float
        Seconds that a clean stop may take.
    websocket_library : {'picows', 'websockets'}
        Which client speaks.
    """

    poll_s: Seconds = 5.0
    reconcile_s: Seconds = 60.0
    jitter_share: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.1
    second_look_s: Seconds = 2.0
    ping_s: Seconds = 20.0
    socket_alive_for_s: Seconds = 30.0
    connect_timeout_s: Seconds = 10.0
    login_expiry_s: Seconds = 10.0
    backoff_first_s: Seconds = 1.0
    backoff_max_s: Seconds = 60.0
    stopped_retry_s: Seconds = 900.0
    key_check_s: Seconds = 3600.0
    price_refresh_s: Seconds = 5.0
    price_keep_s: Seconds = 600.0
    depth: bool = True
    sweeps_at_once: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 64
    public_sockets_max: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1000
    stop_timeout_s: Seconds = 5.0
    websocket_library: Literal["picows", "websockets"] = "picows"


class AlertTable(msgspec.Struct, frozen=True, kw_only=True):
    """The ``[alerts]`` table; durations are texts such as ``5m``.

    Parameters
    ----------
    default_rules : bool
        Whether the built-in rules are used.
    disable : tuple of str
        Names of built-in rules that are not.
    rule_files : tuple of str
        Further files of ``[[rule]]`` tables, from the folder of this file; ``guides`` is one that comes along.
    public_url : str or None
        Where people reach the dashboard, for links in messages.
    unknown_after : str
        How long data may be missing before somebody is told that a rule cannot be judged.
    unknown_severity : {'info', 'warning', 'high', 'critical'}
        Of that notice.
    day_zone : str
        IANA name of the zone in which a day begins, for daily losses.
    group_wait, group_interval, repeat_every : str
        Defaults of routes: how long the first message of a group waits for others, how long the next one, and how
        often what still fires is told again. Critical alerts never wait.
    heartbeat_url : str or None
        Address, or a reference to one (``env:NAME``), that is asked for while all works, so that somebody else notices
        if not.
    heartbeat_every : str
        How often.
    """

    default_rules: bool = True
    disable: tuple[str, ...] = ()
    rule_files: tuple[str, ...] = ()
    public_url: str | None = None
    unknown_after: str = "60s"
    unknown_severity: Literal["info", "warning", "high", "critical"] = "warning"
    day_zone: str = "UTC"
    group_wait: str = "2s"
    group_interval: str = "30s"
    repeat_every: str = "4h"
    heartbeat_url: str | None = None
    heartbeat_every: str = "60s"


class RefusedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account that cannot be watched as configured, while the others can.

    Parameters
    ----------
    spec : AccountSpec
        What is known of it; its secrets are empty.
    reason : str
        File, line, key and remedy; shown beside the account in *not included*.
    """

    spec: AccountSpec
    reason: str


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file.

    Parameters
    ----------
    path : Path
        Where it was read from.
    service, limits, prices, collect, risk : struct
        The single tables.
    accounts : tuple of AccountSpec
        Usable accounts in the order of the file, disabled ones among them.
    refused : tuple of RefusedAccount
        Accounts whose secrets could not be read.
    warnings : tuple of str
        What works but should be mended, each with file and line.
    scenarios : tuple of Scenario
        The ``[[scenario]]`` tables in the order of the file.
    alerts : AlertTable
        The ``[alerts]`` table.
    rules, routes, channels, mutes, inhibits : tuple of dict
        The tables of these names as written; rules and notification read their own.
    lines : mapping
        Line of each key of the file, for complaints about those.
    """

    path: Path
    service: ServiceSettings = ServiceSettings()
    limits: LimitSettings = LimitSettings()
    prices: PriceSettings = PriceSettings()
    collect: CollectTable = CollectTable()
    risk: RiskTable = RiskTable()
    accounts: tuple[AccountSpec, ...] = ()
    refused: tuple[RefusedAccount, ...] = ()
    warnings: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    alerts: AlertTable = AlertTable()
    rules: tuple[dict[str, Any], ...] = ()
    routes: tuple[dict[str, Any], ...] = ()
    channels: tuple[dict[str, Any], ...] = ()
    mutes: tuple[dict[str, Any], ...] = ()
    inhibits: tuple[dict[str, Any], ...] = ()
    lines: dict[tuple[str | int, ...], int] = msgspec.field(
        default_factory=dict["tuple[str | int, ...]", int]
    )
