"""The report of a check for people: venues, accounts, then every sentence that asks for something."""

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from marginwatch.cli.check_table import coins_beside, columns_for
from marginwatch.cli.output import write_table
from marginwatch.model.check_report import AccountCheck, CheckReport, ClosedEndpoint, VenueCheck
from marginwatch.model.ids import AccountId
from marginwatch.model.venue_facts import Maintenance
from marginwatch.terminal.figures import grouped, percent

NAMED_MAX = 6
"""Accounts named beside a sentence that concerns many."""


def write_report(report: CheckReport) -> None:
    """Write the report to stdout, 100 columns wide where names are short."""
    moment = datetime.fromtimestamp(report.taken_at_ns / 1e9, UTC)
    asked = [one for one in report.accounts if one.status != "disabled"]
    lines = [f"Check · {len(asked)} accounts · {moment:%Y-%m-%d %H:%M:%S} UTC", ""]
    for venue in report.venues:
        lines += venue_lines(venue)
    write_lines(lines)
    if report.accounts:
        write_table("Accounts", columns_for(report), report.accounts, is_dense=True)
    write_lines([*section_lines(report), verdict(report)])


def write_lines(lines: Sequence[str]) -> None:
    """Write lines to stdout; on a terminal, long ones go on beneath their own beginning."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in lines:
        if width is None or len(line) <= width:
            sys.stdout.write(line + "\n")
            continue
        text = line.lstrip()
        beginning = line[: len(line) - len(text)]
        sys.stdout.write(
            textwrap.fill(text, width, initial_indent=beginning, subsequent_indent=beginning + "  ") + "\n"
        )


def venue_lines(venue: VenueCheck) -> list[str]:
    """Return what is to be said of one host."""
    if not venue.is_reachable or venue.error is not None:
        return [f"✗ {venue.venue}  {venue.host}", f"    {venue.error}", ""]
    used = f"{venue.calls_used} of {venue.calls_allowed} calls per {venue.window_s:g} s in use"
    share = f"{percent(venue.share_of_limit, 0)} of the limit; the check took {grouped(venue.calls)} calls"
    poll = f"read every {venue.poll_s:.3g} s without a socket"
    lines = [
        f"✓ {venue.venue}  {venue.host}",
        f"    clock    {clock_words(venue)}",
        f"    budget   {used}, {share}",
        f"    plan     {venue.n_accounts} accounts: {poll}, reconciled every {venue.reconcile_s:.3g} s with one",
    ]
    lines += [f"    notice   {maintenance_words(one)}" for one in venue.maintenance]
    lines += [f"  ! {text}" for text in venue.warnings]
    return [*lines, ""]


def clock_words(venue: VenueCheck) -> str:
    """Return how far the venue's clock is ahead of ours, and how well that is known."""
    if venue.clock_offset_ms is None or venue.latency_ms is None:
        return "not measured"
    offset = venue.clock_offset_ms
    side = "ahead of" if offset > 0 else "behind"
    return f"{abs(offset):.1f} ms {side} ours (round trip {venue.latency_ms:.1f} ms)"


def maintenance_words(one: Maintenance) -> str:
    """Return one announced interruption with its times."""
    times = [
        "?" if at_ns is None else f"{datetime.fromtimestamp(at_ns / 1e9, UTC):%Y-%m-%d %H:%M}"
        for at_ns in (one.begins_at_ns, one.ends_at_ns)
    ]
    return f"{one.state} maintenance {times[0]} to {times[1]} UTC: {one.title}"


def section_lines(report: CheckReport) -> list[str]:
    """Return every sentence on accounts, one that concerns many accounts only once."""
    accounts = report.accounts
    lines: list[str] = []
    for one in accounts:
        if one.reason is not None:
            code = f" (code {one.code})" if one.code is not None else ""
            lines.append(f"✗ {one.account_id}  {one.status}: {one.reason}{code}")
    lines += [f"! {text}" for text in report.warnings]
    lines += _shared("!", ((text, one) for one in accounts for text in one.warnings))
    lines += _shared("-", ((_closed_words(one), account) for account in accounts for one in account.closed))
    lines += _shared("·", ((text, one) for one in accounts for text in one.notes))
    lines += coins_beside(accounts)
    return [*lines, ""] if lines else []


def verdict(report: CheckReport) -> str:
    """Return the last line: how many accounts are fine and how many are not."""
    counts = {
        status: sum(one.status == status for one in report.accounts)
        for status in ("ok", "warning", "refused", "failed", "disabled")
    }
    words = {"ok": "fine", "warning": "fine with warnings"}
    parts = [f"{count} {words.get(status, status)}" for status, count in counts.items() if count]
    return f"{'✓' if report.ok else '✗'} {', '.join(parts)}"


def _closed_words(closed: ClosedEndpoint) -> str:
    grant = "" if closed.grant is None else f" Grant: {closed.grant} (read-only)."
    return f"{closed.endpoint}: {closed.message}{grant}"


def _shared(mark: str, told: Iterable[tuple[str, AccountCheck]]) -> list[str]:
    by_text: dict[str, list[AccountId]] = {}
    for text, account in told:
        by_text.setdefault(text, []).append(account.account_id)
    return [f"{mark} {_named(names)}  {text}" for text, names in by_text.items()]


def _named(names: Sequence[AccountId]) -> str:
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
