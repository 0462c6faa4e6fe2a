"""From a reply to what is written: rows in the wanted form, and what they do not include."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from marginwatch.cli.output import Column, Form, write_csv, write_json, write_table
from marginwatch.cli.supervision import FINE, UNREACHABLE
from marginwatch.risk.heavy_rows import PartBasis
from marginwatch.risk.table_rows import NotIncluded
from marginwatch.terminal.figures import age, grouped
from marginwatch.terminal.texts import printable
from marginwatch.web.replies import AccountsReply, PositionsReply, Reply
from marginwatch.web.risk_replies import MarginReply

NOT_INCLUDED_SHOWN_MAX = 20


def show_rows(
    title: str,
    reply: AccountsReply | PositionsReply,
    shape: type[msgspec.Struct],
    columns: Sequence[Column],
    form: Form,
) -> int:
    """Write the rows of a reply and return the exit code: 3 if no account could be heard at all, else 0."""
    if form is Form.JSON:
        write_json(reply)
    elif form is Form.CSV:
        write_csv(shape, reply.rows)
        complain_about(reply.not_included)
    else:
        notes = [*notes_on(reply.not_included), *assumption_notes(reply)]
        write_table(headline(title, reply, len(reply.rows)), columns, reply.rows, notes)
    return exit_code(reply)


def exit_code(reply: AccountsReply | PositionsReply | MarginReply) -> int:
    """Return 3 if there are accounts and none of those asked about is part of the totals, 0 otherwise.

    No rows of accounts that are heard is an answer: they are flat.
    """
    if isinstance(reply, AccountsReply | MarginReply) and reply.rows:
        is_heard = any(row.is_included for row in reply.rows)
    elif reply.n_included is None:
        is_heard = bool(reply.rows)
    else:
        is_heard = reply.n_included > 0
    is_deaf = any(entry.kind == "account" for entry in reply.not_included)
    return UNREACHABLE if is_deaf and not is_heard else FINE


def headline(title: str, reply: Reply, n_rows: int) -> str:
    """Return a table's title with how many rows it has and when their frame was made."""
    moment = datetime.fromtimestamp(reply.taken_at_ns / 1e9, UTC)
    return f"{title} · {n_rows} · {moment:%Y-%m-%d %H:%M:%S} UTC"


def notes_on(left_out: Sequence[NotIncluded]) -> list[str]:
    """Return the lines that name what totals leave out, the first 20 and how many more."""
    if not left_out:
        return []
    lines = [f"Not included in totals: {len(left_out)}"]
    for entry in left_out[:NOT_INCLUDED_SHOWN_MAX]:
        subject = "" if entry.subject == entry.account_id else f" {entry.subject}"
        known = entry.last_known_equity_usd
        last = "" if known is None else f" (last known equity {grouped(known)} USD)"
        lines.append(f"  {entry.account_id}{subject}: {entry.state.replace('_', ' ')}: {entry.reason}{last}")
    if (more := len(left_out) - NOT_INCLUDED_SHOWN_MAX) > 0:
        lines.append(f"  and {more} more; --json lists all")
    return lines


def assumption_notes(reply: Reply) -> list[str]:
    """Return the lines that say what a book file lacks."""
    return [f"Assumed: {sentence}" for sentence in reply.assumptions]


def complain_about(left_out: Sequence[NotIncluded]) -> None:
    """Write those lines to stderr, for rows as CSV have no place for them."""
    for line in notes_on(left_out):
        sys.stderr.write(printable(line) + "\n")


def part_notes(basis: PartBasis) -> list[str]:
    """Return the lines that say what a heavy measure rests on and what it leaves out."""
    if basis.reason is not None:
        return [f"Missing: {basis.reason}"]
    lines = [f"{age(basis.age_s)} old.", *(f"· {sentence}" for sentence in basis.sources)]
    if basis.left_out:
        lines.append(f"Left out: {len(basis.left_out)}")
        lines += [f"  {sentence}" for sentence in basis.left_out[:NOT_INCLUDED_SHOWN_MAX]]
    return lines


def part_exit_code(basis: PartBasis) -> int:
    """Return 3 if a heavy measure is not there, else 0."""
    return FINE if basis.reason is None else UNREACHABLE


def write_notes(reply: Reply, before: Sequence[str] = ()) -> None:
    """Write the lines that go under the last table of a reply."""
    left_out: tuple[NotIncluded, ...] = getattr(reply, "not_included", ())
    for line in [*before, *notes_on(left_out), *assumption_notes(reply)]:
        sys.stdout.write(printable(line) + "\n")
