"""What a trial of rules showed, for people and for programs."""

import sys

import msgspec

from marginwatch.cli.output import write_table
from marginwatch.cli.transition_table import ChangeRow, change_columns, change_rows
from marginwatch.rules.trying.trial import START_NS, Mismatch, Outcome, Trial, offset_words
from marginwatch.terminal.texts import printable


class TrialReport(msgspec.Struct, frozen=True, kw_only=True):
    """What ``--json`` prints."""

    ok: bool
    file: str
    rules: int
    steps: int
    expectations: int
    mismatches: tuple[Mismatch, ...]
    changes: tuple[ChangeRow, ...]


def report_of(file: str, trial: Trial, outcome: Outcome) -> TrialReport:
    """Return the report of a run."""
    return TrialReport(
        ok=not outcome.mismatches,
        file=file,
        rules=len(trial.rules),
        steps=outcome.n_steps,
        expectations=len(trial.expectations),
        mismatches=outcome.mismatches,
        changes=change_rows(outcome.transitions, START_NS),
    )


def write_report(report: TrialReport, *, is_showing: bool) -> None:
    """Write a report for people to stdout; the changes of alerts too if they are asked for."""
    if is_showing:
        columns = change_columns("at", lambda row: offset_words(row.after_s))
        write_table(f"Changes · {len(report.changes)}", columns, report.changes)
    for line in report_lines(report):
        sys.stdout.write(printable(line) + "\n")


def report_lines(report: TrialReport) -> list[str]:
    """Return a block for each expectation that is not met, and the verdict."""
    lines: list[str] = []
    for one in report.mismatches:
        lines += [
            f"✗ {report.file}:{one.line}: at {offset_words(one.at_s)}, {one.rule} of {one.subject}",
            f"    expected {one.expected}",
            f"    got      {one.got}",
        ]
    met = report.expectations - len(report.mismatches)
    tried = f"{_counted(report.rules, 'rule')} over {_counted(report.steps, 'step')}"
    mark = "✓" if report.ok else "✗"
    return [*lines, f"{mark} {met} of {_counted(report.expectations, 'expectation')} met; {tried}"]


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
