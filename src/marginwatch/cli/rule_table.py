"""The columns of the table of rules."""

from collections.abc import Sequence
from datetime import UTC, datetime

from marginwatch.cli.output import Column
from marginwatch.rules.trying.trial import offset_words
from marginwatch.terminal.alert_words import figure
from marginwatch.terminal.figures import MISSING, grouped
from marginwatch.web.alert_replies import RuleRow, RulesReply


def rules_title(reply: RulesReply) -> str:
    """Return how many rules there are, and of a service when that was."""
    if not any(row.standing is not None for row in reply.rows):
        return f"Rules in force · {len(reply.rows)}"
    moment = datetime.fromtimestamp(reply.taken_at_ns / 1e9, UTC)
    return f"Rules in force · {len(reply.rows)} · {moment:%Y-%m-%d %H:%M:%S} UTC"


def columns_for(rows: Sequence[RuleRow]) -> list[Column]:
    """Return the columns; how rules stand has some only where a service judges them."""
    columns = [
        Column("rule", lambda row: row.rule, is_number=False),
        Column("measure", measure_words, is_number=False, rank=3),
        Column("limits", limit_words, is_number=False),
        Column("severity", severity_words, is_number=False, rank=4),
        Column("for", lambda row: offset_words(row.for_s) if row.for_s else MISSING, rank=5),
        Column("only", lambda row: " ".join(row.only) or MISSING, is_number=False, rank=8),
        Column("from", lambda row: row.origin, is_number=False, rank=7),
    ]
    if any(row.standing is not None for row in rows):
        columns += [
            Column("judged", lambda row: _count(row, "n_judged"), rank=6),
            Column("unknown", lambda row: _count(row, "n_unknown")),
            Column("firing", lambda row: _count(row, "n_firing")),
            Column("worst", worst_words, is_number=False, rank=1),
            Column("to limit", distance_words, rank=2),
        ]
    return columns


def measure_words(row: RuleRow) -> str:
    """Return what is judged: a measure, or its change over a time."""
    name = f"|{row.measure}|" if row.is_magnitude else row.measure
    if row.change_over_s is None:
        return name
    return f"{name} {'relative ' if row.is_relative else ''}change in {offset_words(row.change_over_s)}"


def limit_words(row: RuleRow) -> str:
    """Return the bounds from the mildest to the worst, with their unit: ``> 50.0 / 70.0 / 85.0 %``."""
    unit = "fraction" if row.is_relative else row.unit
    bounds = [str(one.bound) if unit is None else figure(one.bound, unit) for one in row.steps]
    # The unit once: what all end with.
    last = bounds[-1].rpartition(" ")[2]
    if len(bounds) > 1 and all(one.endswith(f" {last}") for one in bounds):
        bounds = [*(one.removesuffix(f" {last}") for one in bounds[:-1]), bounds[-1]]
    return f"{'>' if row.side == 'above' else '<'} {' / '.join(bounds)}"


def severity_words(row: RuleRow) -> str:
    """Return the severities of the steps."""
    return " / ".join(one.severity for one in row.steps)


def worst_words(row: RuleRow) -> str:
    """Return who is nearest to the first limit, and its value."""
    at = row.standing
    if at is None or at.worst is None:
        return MISSING
    return f"{at.worst} {figure(at.value, row.unit or 'count')}"


def distance_words(row: RuleRow) -> str:
    """Return how far that is within the limit; negative beyond it."""
    at = row.standing
    return MISSING if at is None or at.distance is None else figure(at.distance, row.unit or "count")


def _count(row: RuleRow, name: str) -> str:
    return MISSING if row.standing is None else grouped(getattr(row.standing, name))
