"""Changes of alerts as rows and a table, for trials and replays."""

from collections.abc import Callable, Iterable

import msgspec

from marginwatch.cli.output import Column
from marginwatch.model.alert import Transition, TransitionKind, Unit
from marginwatch.terminal.alert_words import figure
from marginwatch.terminal.figures import MISSING

KIND_MARKS = {
    TransitionKind.PENDING: "◌",
    TransitionKind.CALMED: "·",
    TransitionKind.FIRED: "●",
    TransitionKind.RAISED: "▲",
    TransitionKind.LOWERED: "▼",
    TransitionKind.RESOLVED: "✓",
    TransitionKind.WENT_UNKNOWN: "?",
    TransitionKind.KNOWN_AGAIN: "!",
}


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one alert; ``after_s`` counts from the beginning."""

    at_ns: int
    after_s: float
    kind: TransitionKind
    severity: str
    rule: str
    subject: str
    value: float | None
    bound: float | None
    side: str
    unit: Unit
    unknown_reason: str | None


def change_rows(transitions: Iterable[Transition], start_ns: int) -> tuple[ChangeRow, ...]:
    """Return transitions as rows."""
    return tuple(
        ChangeRow(
            at_ns=one.at_ns,
            after_s=(one.at_ns - start_ns) / 1e9,
            kind=one.kind,
            severity=one.alert.severity.word,
            rule=one.alert.rule,
            subject=one.alert.subject.name,
            value=one.alert.value,
            bound=one.alert.bound,
            side=one.alert.side,
            unit=one.alert.unit,
            unknown_reason=one.alert.unknown_reason,
        )
        for one in transitions
    )


def change_columns(title: str, moment: Callable[[ChangeRow], str]) -> tuple[Column, ...]:
    """Return the columns of changes, the first one telling when."""
    return (
        Column(title, moment),
        Column("change", _kind_words, is_number=False),
        Column("severity", lambda row: row.severity, is_number=False),
        Column("rule", lambda row: row.rule, is_number=False),
        Column("subject", lambda row: row.subject, is_number=False),
        Column("value", lambda row: figure(row.value, row.unit)),
        Column("bound", _bound_words, rank=1),
        Column("why unknown", lambda row: row.unknown_reason or "", is_number=False, rank=2),
    )


def _kind_words(row: ChangeRow) -> str:
    return f"{KIND_MARKS[row.kind]} {row.kind.replace('_', ' ')}"


def _bound_words(row: ChangeRow) -> str:
    if row.bound is None:
        return MISSING
    return f"{'>' if row.side == 'above' else '<'} {figure(row.bound, row.unit)}"
