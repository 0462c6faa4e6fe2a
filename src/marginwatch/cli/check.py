"""``marginwatch check``: what every configured key may do, and what its account answers."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Annotated

import typer

from marginwatch.cli.options import ConfigOption, JsonOption
from marginwatch.errors import ConfigError

PROGRESS_FROM = 4
"""Fewer accounts are done before a bar is read."""


def check(
    config: ConfigOption = None,
    notify: Annotated[
        bool,
        typer.Option("--notify", help="Instead of accounts: send a test through every channel."),
    ] = False,
    json: JsonOption = False,
) -> int:
    """Check the configuration, every key and what each account answers; or every channel that alerts go through."""
    if notify:
        from marginwatch.cli.check_channels import check_channels

        return check_channels(config, json)
    from marginwatch.app.checking import check_accounts
    from marginwatch.cli.output import write_json
    from marginwatch.cli.service_client import DEFAULT_CONFIG
    from marginwatch.cli.supervision import FINE, NOT_FINE, UNREACHABLE
    from marginwatch.config import load_watched
    from marginwatch.logs import configure_logs

    if config is None and not Path(DEFAULT_CONFIG).exists():
        raise ConfigError(f"there is no {DEFAULT_CONFIG} here; name one with -c")
    loaded = load_watched(config or DEFAULT_CONFIG)
    # Whatever matters of it is in the report; the lines of a service do not belong between its tables.
    configure_logs(log_level="error")
    with progress_bar(len(loaded.accounts) + len(loaded.refused)) as on_progress:
        report = asyncio.run(check_accounts(loaded, on_progress))
    if json:
        write_json(report)
    else:
        from marginwatch.cli.check_view import write_report

        write_report(report)
    if report.is_deaf:
        return UNREACHABLE
    return FINE if report.ok else NOT_FINE


@contextlib.contextmanager
def progress_bar(n_accounts: int) -> Generator[Callable[[int, int], None] | None]:
    """Show on stderr how many accounts are done, if a person watches and there are some."""
    if n_accounts < PROGRESS_FROM or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("checking accounts"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("", total=n_accounts)
        yield lambda done, total: progress.update(task, completed=done, total=total)
