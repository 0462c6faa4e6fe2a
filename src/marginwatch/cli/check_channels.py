"""``marginwatch check --notify``: a test through every channel, without a service."""

import asyncio
import sys
from pathlib import Path

import msgspec

from marginwatch.app.channel_tests import test_configured
from marginwatch.cli.output import Column, write_json, write_table
from marginwatch.cli.service_client import DEFAULT_CONFIG
from marginwatch.cli.supervision import FINE, NOT_FINE
from marginwatch.config.loader import load
from marginwatch.config.table import Complaints
from marginwatch.errors import ConfigError
from marginwatch.logs import configure_logs
from marginwatch.model.delivery import ChannelTest
from marginwatch.notify.reading import read_notification
from marginwatch.notify.settings import NotifySetup
from marginwatch.terminal.figures import or_missing


class ChannelReport(msgspec.Struct, frozen=True, kw_only=True):
    """What ``--json`` prints: whether all channels took the test, and each."""

    ok: bool
    rows: tuple[ChannelTest, ...]


def check_channels(config: str | None, is_json: bool) -> int:
    """Send the tests, show what came of them, and return the exit code: 1 if a channel failed.

    Raises
    ------
    ConfigError
        If the configuration cannot be used, or there is no channel.
    """
    if config is None and not Path(DEFAULT_CONFIG).exists():
        raise ConfigError(f"there is no {DEFAULT_CONFIG} here; name one with -c")
    setup, folder = read_setup(Path(config or DEFAULT_CONFIG))
    found = asyncio.run(test_configured(setup, folder))
    report = ChannelReport(ok=not any(is_failed(one) for one in found), rows=found)
    if is_json:
        write_json(report)
    else:
        write_table(title(found), COLUMNS, found)
    return FINE if report.ok else NOT_FINE


def read_setup(path: Path) -> tuple[NotifySetup, Path]:
    """Return what a configuration says about notification, and its folder.

    Raises
    ------
    ConfigError
        If it is wrong, or there is no channel that is used.
    """
    loaded = load(path, needs_accounts=False)
    configure_logs("console", "error")
    folder = path.absolute().parent
    complaints = Complaints(loaded.path, loaded.lines)
    setup = read_notification(complaints, loaded, folder)
    complaints.raise_if_any()
    for warning in complaints.warnings:
        sys.stderr.write(f"marginwatch: {warning}\n")
    if not loaded.channels:
        raise ConfigError(f"{path}: there is no [[channel]] to test; marginwatch.example.toml shows some")
    return setup, folder


def is_failed(one: ChannelTest) -> bool:
    """Return whether a channel was tried and did not take the test."""
    return not one.is_delivered and one.reason != "disabled"


def mark(one: ChannelTest) -> str:
    """Return the mark of a result."""
    return "✓" if one.is_delivered else "✗" if is_failed(one) else "·"


def result_words(one: ChannelTest) -> str:
    """Return what came of a test in words."""
    if one.is_delivered:
        return f"delivered: {one.detail}" if one.detail else "delivered"
    if one.reason == "disabled":
        return "not tried: enabled = false"
    return f"{one.reason}: {one.detail}"


COLUMNS = (
    Column("", mark, is_number=False),
    Column("channel", lambda one: one.channel, is_number=False),
    Column("type", lambda one: or_missing(one.kind), is_number=False),
    Column("took", lambda one: "—" if one.reason == "disabled" else f"{one.took_s:.2f} s"),
    Column("result", result_words, is_number=False),
)


def title(found: tuple[ChannelTest, ...]) -> str:
    """Return how many channels took the test."""
    tried = [one for one in found if one.reason != "disabled"]
    return f"Channels · {sum(one.is_delivered for one in tried)} of {len(tried)} took the test"
