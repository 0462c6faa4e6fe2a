"""Sources from plain numbers: for trying rules on a written series, for replays and tests."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, TypeAlias, get_args

import numpy as np

from marginwatch.book.table import NAN, BoolArray, CodeArray
from marginwatch.model.alert import Scope, Subject
from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer
from marginwatch.rules.column import Column, Measure


class Doubtful(NamedTuple):
    """A number made from data that are not fresh."""

    value: float


SeriesValue: TypeAlias = float | Answer | Doubtful | None
"""A number; None or :attr:`Answer.MISSING` if it is missing; another answer that is no number; a doubtful number."""


class SeriesRows:
    """Gives each name of each scope a row, for ever the same."""

    def __init__(self) -> None:
        self._rows: dict[Scope, dict[str, int]] = {}

    def of(self, scope: Scope) -> dict[str, int]:
        """Return the rows of a scope by name."""
        return self._rows.setdefault(scope, {})

    def row(self, scope: Scope, name: str) -> int:
        """Return the row of a name, a new one at first."""
        rows = self.of(scope)
        return rows.setdefault(name, len(rows))


SHARED = SeriesRows()
"""Rows of sources that were given none of their own, so that each name has one in all of them."""


class SeriesSubjects:
    """The subjects of one scope in a series; satisfies :class:`marginwatch.rules.column.Subjects`."""

    def __init__(
        self,
        scope: Scope,
        rows: Mapping[str, int],
        present: Collection[str],
        labels: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._scope: Scope = scope
        self._names = {row: name for name, row in rows.items()}
        self._labels = labels
        self.identities: CodeArray = np.zeros(1 + max(rows.values(), default=-1), np.int64)
        for name in present:
            self.identities[rows[name]] = 1 + rows[name]

    def subject(self, row: int) -> Subject:
        """Return who a row is; a position's account stands before the first slash of its name."""
        name = self._names[row]
        account: str | None = None
        if self._scope in ("account", "position"):
            account = name.split("/", 1)[0]
        return Subject(
            scope=self._scope, name=name, account_id=None if account is None else AccountId(account)
        )

    def labels(self, row: int) -> dict[str, str]:
        """Return the labels given for its name, and ``account``."""
        subject = self.subject(row)
        own = {} if subject.account_id is None else {"account": str(subject.account_id)}
        return own | dict(self._labels.get(subject.name, {}))

    def context(self, row: int) -> dict[str, str]:  # noqa: ARG002 - a series has nothing beside its numbers
        """Return nothing."""
        return {}

    def data_age_s(self, row: int) -> float | None:  # noqa: ARG002 - a series is always of its moment
        """Return 0."""
        return 0.0


class SeriesSource:
    """One moment of a series; satisfies :class:`marginwatch.rules.column.Source`.

    Parameters
    ----------
    at_ns : int
        When, UTC nanoseconds.
    values : mapping of str to mapping of str to SeriesValue
        Measure → name of the subject → value. A subject is there if any measure of its scope names it, and gone if none
        does; where only some do, the others are missing.
    labels : mapping of str to mapping of str to str, optional
        Labels by name of the subject.
    lane : collection of str, optional
        Names of accounts, if it shall speak of nothing else, as a lane result does.
    judged : mapping of Scope to collection of str, optional
        Names that may be judged, by scope; everyone in scopes left out.
    rows : SeriesRows, optional
        Of a series of its own.
    """

    def __init__(
        self,
        at_ns: int,
        values: Mapping[str, Mapping[str, SeriesValue]],
        labels: Mapping[str, Mapping[str, str]] | None = None,
        *,
        lane: Collection[str] | None = None,
        judged: Mapping[Scope, Collection[str]] | None = None,
        rows: SeriesRows | None = None,
    ) -> None:
        self._at_ns = at_ns
        self._values = values
        self._labels = labels or {}
        self._lane = lane
        self._judged = judged or {}
        self._rows = rows or SHARED
        self._subjects: dict[Scope, SeriesSubjects] = {}
        present: dict[Scope, dict[str, None]] = {}
        for measure, by_name in values.items():
            scope = scope_of(measure)
            for name in by_name:
                self._rows.row(scope, name)
            present.setdefault(scope, {}).update(dict.fromkeys(by_name))
        self._present = present

    @property
    def at_ns(self) -> int:
        """When, UTC nanoseconds."""
        return self._at_ns

    def rows(self, scope: Scope) -> CodeArray | None:
        """Return None, for all; of a lane the rows of its accounts."""
        if self._lane is None:
            return None
        known = self._rows.of(scope) if scope == "account" else {}
        return np.array([known[name] for name in self._lane if name in known], np.int64)

    def column(self, measure: Measure) -> Column | None:
        """Return the values of a measure; None if it is not in the series at all."""
        by_name = self._values.get(measure.name)
        if by_name is None:
            return None
        known = self._rows.of(measure.scope)
        count = len(self.subjects(measure.scope).identities)
        values, doubtful = np.full(count, NAN), np.zeros(count, np.bool_)
        answers = np.full(count, Answer.MISSING, np.uint8)
        for name, value in by_name.items():
            row = known[name]
            values[row], answers[row], doubtful[row] = _told(value)
        rows = self.rows(measure.scope)
        if rows is not None:
            values, answers, doubtful = values[rows], answers[rows], doubtful[rows]
        return Column(
            values,
            answers,
            _why_missing,
            self._at_ns,
            doubtful if doubtful.any() else None,
            _why_doubtful,
        )

    def subjects(self, scope: Scope) -> SeriesSubjects:
        """Return the subjects of a scope."""
        if (made := self._subjects.get(scope)) is None:
            made = self._subjects[scope] = SeriesSubjects(
                scope, self._rows.of(scope), self._present.get(scope, {}), self._labels
            )
        return made

    def is_judged(self, scope: Scope) -> BoolArray | None:
        """Return who may be judged; None for all."""
        names = self._judged.get(scope)
        if names is None:
            return None
        judged = np.zeros(len(self.subjects(scope).identities), np.bool_)
        judged[[row for name, row in self._rows.of(scope).items() if name in names]] = True
        return judged


def scope_of(measure: str) -> Scope:
    """Return the scope that the name of a measure begins with.

    Raises
    ------
    ValueError
        If it begins with none.
    """
    begin = measure.split(".", 1)[0]
    for scope in get_args(Scope):
        if scope == begin:
            return scope
    raise ValueError(f"{measure!r} is no measure: its name begins with none of {', '.join(get_args(Scope))}")


def _why_missing(_: int) -> str:
    return "missing in the series"


def _why_doubtful(_: int) -> str:
    return "doubtful in the series"


def _told(value: SeriesValue) -> tuple[float, Answer, bool]:
    """Return number, answer and doubt of what a series says."""
    if isinstance(value, Doubtful):
        return float(value.value), Answer.NUMBER, True
    if value is None:
        return NAN, Answer.MISSING, False
    if isinstance(value, Answer):
        return NAN, value, False
    return float(value), Answer.NUMBER, False
