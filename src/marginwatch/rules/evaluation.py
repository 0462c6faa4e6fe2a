"""One evaluation: whose the rows are, what rules see, what changes, and only of that what Python has to do."""

from typing import cast

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.model.alert import Scope
from marginwatch.rules.column import Column, Source, Subjects
from marginwatch.rules.held import Held
from marginwatch.rules.scope_rows import NOBODY, ScopeRows
from marginwatch.rules.sight import Sight
from marginwatch.rules.state import RuleState
from marginwatch.rules.stepping import UNSEEN, end, enter, step
from marginwatch.rules.telling import Teller
from marginwatch.rules.view import Entering, Stirring, View

GONE = "no longer there"
NO_ROWS: CodeArray = np.zeros(0, np.int64)


class Evaluation:
    """The work on one source.

    Parameters
    ----------
    state : RuleState
        What is remembered; written here.
    source : Source
        What is judged.
    teller : Teller
        Takes down the transitions.
    """

    def __init__(self, state: RuleState, source: Source, teller: Teller) -> None:
        self.state = state
        self.source = source
        self.teller = teller
        self.budget = state.settings.edges_max
        self.subjects: dict[Scope, Subjects] = {}
        self._columns: dict[str, Column | None] = {}
        self._seen: list[tuple[View, Sight, ScopeRows]] = []
        self._edges: list[tuple[View, Sight, ScopeRows, Entering | Stirring]] = []

    def judge(self) -> None:
        """Do all that concerns the alerts of rules, and count what is unknown."""
        for scope in self.state.scopes.values():
            self._open(scope)
            self._survey(scope)
        for view, sight, scope, edge in self._chosen():
            if isinstance(edge, Entering):
                self._enter(view, sight, scope, edge)
            else:
                self._stir(view, sight, scope, edge)
        for view, sight, scope in self._seen:
            self._count_unknown(view, sight, scope)
        self.state.owners.settle(self.teller.now_ns)

    def _open(self, scope: ScopeRows) -> None:
        """Take over whose the rows are, end what was of somebody else, read the names that somebody needs."""
        scope.rows = self.source.rows(scope.scope)
        if scope.rows is not None and not len(scope.rows):
            return
        subjects = self.subjects[scope.scope] = self.source.subjects(scope.scope)
        now = subjects.identities
        if len(now) > scope.size:
            scope.widen(len(now))
            for view in self.state.by_scope[scope.scope]:
                view.widen(len(now))
        size = scope.size if scope.rows is None else len(scope.rows)
        for name in self.state.names[scope.scope]:
            self._columns[name] = _cut(self.source.column(self.state.measures[name]), size)
        waiting = scope.changed(now, scope.rows)
        if len(waiting):
            waiting = self._give_over(scope, waiting, now)
        self._look(scope, subjects)
        scope.settle(self.source.is_judged(scope.scope), waiting)

    def _give_over(self, scope: ScopeRows, rows: CodeArray, now: CodeArray) -> CodeArray:
        """Give rows to whom they belong now; return those of which alerts are still to be ended."""
        views = self.state.by_scope[scope.scope]
        for view in views:
            for held in view.holders(rows):
                if self.budget <= 0:
                    break
                self.budget -= 1
                end(self.teller, held, GONE)
                view.held.drop(held)
        left = [held.row for view in views for held in view.holders(rows)]
        waiting = np.unique(np.array(left, np.int64)) if left else NO_ROWS
        free = rows[~np.isin(rows, waiting)] if left else rows
        for view in views:
            unknown = free[view.is_unknown[free]]
            self._mark_unknown(view, scope, unknown, is_unknown=False)
            for watch in view.watches:
                watch.forget(free)
            if scope.scope != "position":  # an account may well stay without one of its positions
                self.state.owners.leave(scope.owner[unknown])
        self.state.owners.leave_unproven(scope.scope, free)
        scope.take_over(free, now, self.teller.now_ns)
        return waiting

    def _look(self, scope: ScopeRows, subjects: Subjects) -> None:
        """Read labels for matchers and names for restored alerts, of rows that are new."""
        rows = scope.unlooked(scope.rows, self.state.settings.edges_max)
        if not len(rows):
            return
        picky = [
            watch
            for view in self.state.by_scope[scope.scope]
            for watch in view.watches
            if watch.concerns is not None
        ]
        for row in rows.tolist():
            if picky:
                labels = subjects.labels(row)
                for watch in picky:
                    watch.meet(row, labels)
            self._take_back(scope, row, subjects)
        scope.looked(rows)

    def _take_back(self, scope: ScopeRows, row: int, subjects: Subjects) -> None:
        """Put restored alerts of a row to work again."""
        waiting = self.state.waiting
        if not waiting.by_scope:
            return
        name = subjects.subject(row).name
        if scope.scope == "account":
            self.state.account_rows[name] = row
        for watch, alert in waiting.take(scope.scope, name):
            if alert.is_unknown_notice:
                self.state.owners.meet(alert.subject, row)
            elif watch is None or not watch.is_concerned(row):
                waiting.orphans.append(alert)
            else:
                held = waiting.held(watch, alert, row, int(scope.identities[row]))
                value = np.nan if alert.value is None else alert.value
                self.state.view_of[watch.rule.name].held.add(held, value, alert.value_at_ns)

    def _survey(self, scope: ScopeRows) -> None:
        """Let all views of a scope see, and note what changes."""
        now_ns = self.teller.now_ns
        if scope.rows is not None and not len(scope.rows):
            return
        for view in self.state.by_scope[scope.scope]:
            sight = view.see(self._columns, scope, now_ns)
            if sight is None:
                if scope.rows is None:
                    self._rest(view)
                continue
            self._seen.append((view, sight, scope))
            for entering in view.entering(sight, scope):
                self._edges.append((view, sight, scope, entering))
            stirring = view.stirring(sight, scope, now_ns)
            if len(stirring.slots):
                self._edges.append((view, sight, scope, stirring))
        self._keep(scope)

    def _rest(self, view: View) -> None:
        """Let the timers of a view stand still that a full source shows nothing of."""
        view.sight = None
        for held in view.held.entries:
            if not held.is_resting:
                step(self.teller, held, UNSEEN, self.subjects[view.scope])
                view.held.write(held)

    def _keep(self, scope: ScopeRows) -> None:
        """Remember columns of which changes are asked for; only a full one is a sample."""
        if scope.rows is not None:
            return
        for (name, _), window in self.state.windows.items():
            column = self._columns.get(name)
            if self.state.measures[name].scope == scope.scope and column is not None:
                window.keep(Sight.of(column, None), scope.is_judged, self.teller.now_ns)

    def _chosen(self) -> list[tuple[View, Sight, ScopeRows, Entering | Stirring]]:
        """Return what there is time for, the most severe first."""
        total = sum(len(edge.urgency) for *_, edge in self._edges)
        if total <= self.budget:
            return self._edges
        urgency = np.concatenate([edge.urgency for *_, edge in self._edges])
        is_chosen = np.zeros(total, np.bool_)
        is_chosen[np.argsort(-urgency, kind="stable")[: max(0, self.budget)]] = True
        chosen: list[tuple[View, Sight, ScopeRows, Entering | Stirring]] = []
        begin = 0
        for view, sight, scope, edge in self._edges:
            mine = is_chosen[begin : begin + len(edge.urgency)]
            begin += len(edge.urgency)
            if mine.any():
                chosen.append((view, sight, scope, edge.only(mine)))
        return chosen

    def _enter(self, view: View, sight: Sight, scope: ScopeRows, edge: Entering) -> None:
        """Begin alerts of rows that went out of bounds."""
        subjects = self.subjects[scope.scope]
        for row, place in zip(edge.rows.tolist(), edge.places.tolist(), strict=True):
            look = view.look(sight, place, is_judged=True)
            held = enter(self.teller, edge.watch, row, int(scope.identities[row]), look, subjects)
            view.held.add(held, look.value, look.value_at_ns)

    def _stir(self, view: View, sight: Sight, scope: ScopeRows, edge: Stirring) -> None:
        """Go on with alerts of which something changes."""
        subjects = self.subjects[scope.scope]
        entries: list[Held] = [view.held.entries[slot] for slot in cast("list[int]", edge.slots.tolist())]
        for held, place in zip(entries, edge.places.tolist(), strict=True):
            look = view.look(sight, place, is_judged=bool(scope.is_judged[held.row]))
            if look.is_missing:
                held.alert = view.held.last_known(held)
            if step(self.teller, held, look, subjects):
                view.held.write(held)
            else:
                view.held.drop(held)

    def _count_unknown(self, view: View, sight: Sight, scope: ScopeRows) -> None:
        """Note which rows cannot be judged any more, and which can again."""
        places = view.unknown(sight, scope)
        if not len(places) and not view.n_unknown:
            return
        rows = places if sight.rows is None else sight.rows[places]
        known, n_before = view.is_unknown[rows], view.n_unknown
        self._mark_unknown(view, scope, self._owned(scope, rows[~known]), is_unknown=True)
        if int(known.sum()) == n_before:
            return
        spoken = np.arange(len(sight.values)) if sight.rows is None else sight.rows
        again = view.is_unknown[spoken] & scope.is_judged[spoken]
        again[places] = False
        self._mark_unknown(view, scope, spoken[again], is_unknown=False)

    def _owned(self, scope: ScopeRows, rows: CodeArray) -> CodeArray:
        """Return those of rows whose owner is known; so many are asked for it that it takes no longer than edges do."""
        strange = rows[scope.owner[rows] == NOBODY]
        if not len(strange):
            return rows
        subjects = self.subjects[scope.scope]
        for row in strange[: self.state.settings.edges_max].tolist():
            scope.owner[row] = self.state.owners.code(subjects.subject(row), subjects.labels(row))
        return rows[scope.owner[rows] != NOBODY]

    def _mark_unknown(self, view: View, scope: ScopeRows, rows: CodeArray, *, is_unknown: bool) -> None:
        if not len(rows):
            return
        view.is_unknown[rows] = is_unknown
        by = 1 if is_unknown else -1
        view.n_unknown += by * len(rows)
        self.state.owners.count(scope.owner[rows], by)


def _cut(column: Column | None, size: int) -> Column | None:
    """Return a column of so many rows: tables may have more than anybody was ever given."""
    if column is None or len(column.values) <= size:
        return column
    doubtful = column.is_doubtful
    return column._replace(
        values=column.values[:size],
        answers=column.answers[:size],
        is_doubtful=None if doubtful is None else doubtful[:size],
    )
