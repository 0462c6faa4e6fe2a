"""``marginwatch replay``: what rules would have found in recorded history."""

from typing import TYPE_CHECKING, Annotated

import typer

from marginwatch.cli.options import ConfigOption, CsvOption, JsonOption

if TYPE_CHECKING:
    from marginwatch.config import Config
    from marginwatch.rules.definition import Rule


def replay(
    config: ConfigOption = None,
    begin: Annotated[
        str, typer.Option("--from", metavar="TIME", help="2026-03-01, 2026-03-01T14:30 (UTC), or 36h ago.")
    ] = "24h",
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="The same; now if left out.")
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(
            "--rules",
            metavar="FILE",
            help="These rules instead of those in force: a file, default or guides.",
        ),
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option("--account", metavar="ID", help="Only this account; may be repeated.")
    ] = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show what rules would have found in the equity, margins and distances that a service recorded each minute.

    Reads the database of the configuration, of a running service too. Nothing is stored, nobody is told.
    """
    import asyncio
    from pathlib import Path

    from marginwatch.app.replaying import replay_config
    from marginwatch.cli.output import form_of
    from marginwatch.cli.replay_view import period, show_replay
    from marginwatch.cli.service_client import DEFAULT_CONFIG
    from marginwatch.cli.supervision import FINE, UNREACHABLE
    from marginwatch.clock import SystemClock
    from marginwatch.config.loader import load
    from marginwatch.errors import ConfigError
    from marginwatch.logs import configure_logs

    form = form_of(json, csv)
    from_ns, to_ns = period(begin, end, SystemClock().now_ns())
    if config is None and not Path(DEFAULT_CONFIG).exists():
        raise ConfigError(f"there is no {DEFAULT_CONFIG} here; name one with -c")
    loaded = load(config or DEFAULT_CONFIG, needs_accounts=False)
    configure_logs("console", "error")
    require_history(loaded)
    found = asyncio.run(replay_config(loaded, _rules(loaded, rules), from_ns, to_ns, account))
    for name in account or ():
        if name not in found.accounts:
            raise ConfigError(
                f"--account: of {name!r} nothing was recorded in this time; replay without it shows whom there is"
            )
    show_replay(found, from_ns, to_ns, form)
    return FINE if found.n_minutes else UNREACHABLE


def _rules(config: "Config", named: str | None) -> "tuple[Rule, ...]":
    from marginwatch.app.alerting.setup import rules_in_force
    from marginwatch.rules.reading import default_rules, rule_file

    if named is None:
        return rules_in_force(config)
    return default_rules() if named == "default" else rule_file(named)


def require_history(config: "Config") -> None:
    """Raise if nothing can have been recorded: opening a database would make one.

    Raises
    ------
    ConfigError
        With the remedy.
    """
    from pathlib import Path

    from marginwatch.errors import ConfigError

    place = config.service.store
    if isinstance(place, Path) and not place.exists():
        raise ConfigError(f"{place}: nothing is recorded there yet; marginwatch run records each minute")
