"""All rules that look at the same column in the same way, and which rows their masks say to look at.

What costs time here is passes over columns. Rules of a view share the pass that finds rows beyond the mildest bound of all
of them; the few found are told apart by rule afterwards, and alerts already held are compared in columns of their own.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.alert import Scope
from marginwatch.risk.answers import Answer
from marginwatch.rules.column import Column
from marginwatch.rules.definition import Rule
from marginwatch.rules.held import Held, HeldTable
from marginwatch.rules.scope_rows import ScopeRows
from marginwatch.rules.sight import Sight
from marginwatch.rules.stepping import Look
from marginwatch.rules.watch import Watch
from marginwatch.rules.windows import Window

NO_ROWS: CodeArray = np.zeros(0, np.int64)
NUMBER, MISSING = int(Answer.NUMBER), int(Answer.MISSING)
"""As plain numbers: looking one up in an enumeration takes as long as comparing a lane."""


class ViewKey(NamedTuple):
    """What rules must have in common to share a view."""

    measure: str
    sign: float
    is_magnitude: bool
    change_over_s: float | None
    is_relative: bool
    at_least: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, rule: Rule) -> "ViewKey":
        """Return the key of a rule."""
        return cls(
            rule.measure,
            1.0 if rule.side == "above" else -1.0,
            rule.is_magnitude,
            rule.change_over_s,
            rule.is_relative,
            tuple(sorted(rule.at_least.items())),
        )


class Entering(NamedTuple):
    """Rows at rest that are out of bounds for a rule."""

    watch: Watch
    rows: CodeArray
    places: CodeArray
    urgency: CodeArray

    def only(self, chosen: BoolArray) -> "Entering":
        """Return some of them."""
        return Entering(self.watch, self.rows[chosen], self.places[chosen], self.urgency[chosen])


class Stirring(NamedTuple):
    """Held alerts of which something changes."""

    slots: CodeArray
    places: CodeArray
    urgency: CodeArray

    def only(self, chosen: BoolArray) -> "Stirring":
        """Return some of them."""
        return Stirring(self.slots[chosen], self.places[chosen], self.urgency[chosen])


class View:
    """A column and everything that rules of it remember.

    Parameters
    ----------
    key : ViewKey
        What is looked at.
    scope : Scope
        Whose.
    window : Window or None
        Of a change, shared with others over the same span.

    Attributes
    ----------
    is_unknown : ndarray of shape (size,), bool
        Rows that some watching rule could not judge when last looked at.
    n_unknown : int
        How many.
    sight : Sight or None
        The last look at all rows.
    """

    def __init__(self, key: ViewKey, scope: Scope, window: Window | None) -> None:
        self.key = key
        self.scope: Scope = scope
        self.window = window
        self.watches: list[Watch] = []
        self.held = HeldTable()
        self.is_unknown: BoolArray = np.zeros(0, np.bool_)
        self.n_unknown = 0
        self.sight: Sight | None = None
        self._mildest = np.inf

    def add(self, watch: Watch) -> None:
        """Let a rule share it."""
        self.watches.append(watch)
        self._mildest = min(self._mildest, watch.ladder.bounds[0])

    def widen(self, size: int) -> None:
        """Make room for so many rows."""
        self.is_unknown = np.pad(self.is_unknown, (0, size - len(self.is_unknown)))
        self.held.widen(size)
        for watch in self.watches:
            watch.widen(size)

    def see(self, columns: Mapping[str, Column | None], scope: ScopeRows, now_ns: int) -> Sight | None:
        """Return what there is to see now; None if the source does not have the measure, or one beside it."""
        column = columns[self.key.measure]
        if column is None:
            return None
        sight = Sight.of(column, scope.rows)
        if self.window is not None:
            sight = self.window.change(sight, now_ns, scope.since_ns, is_relative=self.key.is_relative)
        for name, least in self.key.at_least:
            if (side := columns[f"{self.scope}.{name}"]) is None:
                return None
            sight = sight.with_floor(name, side, least)
        if scope.rows is None:
            self.sight = sight
        return sight

    def badness(self, values: FloatArray) -> FloatArray:
        """Return values turned so that more is worse."""
        return self.key.sign * (np.abs(values) if self.key.is_magnitude else values)  # always a copy

    def entering(self, sight: Sight, scope: ScopeRows) -> list[Entering]:
        """Return, by rule, the rows at rest that are out of bounds."""
        found = self._beyond(sight.values)
        if not len(found):
            return []
        rows = found if sight.rows is None else sight.rows[found]
        usable = scope.is_judged[rows] & (sight.answers[found] == NUMBER)
        usable &= self.held.per_row[rows] < len(self.watches)
        found, rows = found[usable], rows[usable]
        if not len(found):
            return []
        badness = self.badness(sight.values[found])
        entering: list[Entering] = []
        for watch in self.watches:
            bounds = watch.ladder.bounds
            new = (badness > bounds[0]) & ~watch.is_held[rows]
            if watch.concerns is not None:
                new &= watch.concerns[rows]
            if not new.any():
                continue
            rungs = np.searchsorted(bounds, badness[new], side="left")
            urgency = np.array([step.severity for step in watch.ladder.steps])[rungs - 1]
            entering.append(Entering(watch, rows[new], found[new], urgency))
        return entering

    def _beyond(self, values: FloatArray) -> CodeArray:
        """Return where values are beyond the mildest bound; NaN is not."""
        if self.key.is_magnitude:
            return np.flatnonzero(self.badness(values) > self._mildest)
        if self.key.sign > 0:
            return np.flatnonzero(values > self._mildest)
        return np.flatnonzero(values < -self._mildest)

    def stirring(self, sight: Sight, scope: ScopeRows, now_ns: int) -> Stirring:
        """Return the held alerts of which something changes, and note the values of all that are spoken of."""
        held, count = self.held, len(self.held)
        if not count or (sight.rows is not None and not held.per_row[sight.rows].any()):
            return Stirring(NO_ROWS, NO_ROWS, NO_ROWS)
        at: slice | CodeArray = slice(count)
        places = scope.positions(held.row[:count])
        if sight.rows is not None or len(sight.values) < scope.size:
            at = np.flatnonzero((places >= 0) & (places < len(sight.values)))
            places = places[at]
        answers, values = sight.answers[places], sight.values[places]
        badness = self.badness(values)
        if answers.any():
            badness[(answers != NUMBER) & (answers != MISSING)] = -np.inf
            lost = np.isnan(badness) | (answers == MISSING)
        else:
            lost = np.isnan(badness)
        moves = badness <= held.down[at]
        if sight.is_doubtful is not None:
            doubtful = sight.is_doubtful[places]
            lost |= doubtful & (badness <= held.out[at])
            moves &= ~doubtful
        moves |= badness > held.up[at]
        moves |= held.due_ns[at] <= now_ns
        moves &= ~lost
        judged, rests = scope.is_judged[held.row[at]], held.is_resting[at]
        # Who is judged stirs if it was not, or moves, or is lost or found; who is not stirs if it was.
        moves |= rests | (lost != held.is_unknown[at])
        stirs = np.where(judged, moves, ~rests)
        if (settles := held.settling(at, judged & lost, now_ns)) is not None:
            # Just after a start prices and heavy measures are on their way: that they are not there yet tells nothing.
            stirs &= ~settles
        self._note(at, values, judged & ~lost & (answers == NUMBER), sight.at_ns)
        if not stirs.any():
            return Stirring(NO_ROWS, NO_ROWS, NO_ROWS)
        found = np.flatnonzero(stirs)
        slots = found if isinstance(at, slice) else at[found]
        rises = badness[found] > held.up[slots]
        urgency = np.where(rises, held.severity_above[slots], held.severity[slots])
        return Stirring(slots, places[found], urgency)

    def _note(self, at: slice | CodeArray, values: FloatArray, is_known: BoolArray, at_ns: int) -> None:
        """Keep the numbers of held alerts as last known."""
        held = self.held
        if isinstance(at, slice):
            np.copyto(held.value[at], values, where=is_known)
            np.copyto(held.value_at_ns[at], at_ns, where=is_known)
        else:
            held.value[at[is_known]] = values[is_known]
            held.value_at_ns[at[is_known]] = at_ns

    def look(self, sight: Sight, place: int, *, is_judged: bool) -> Look:
        """Return one row of what is seen."""
        answer, value = int(sight.answers[place]), float(sight.values[place])
        is_missing = answer == MISSING or (answer == NUMBER and value != value)
        is_number = answer == NUMBER and not is_missing
        doubtful = is_judged and sight.is_doubtful is not None and bool(sight.is_doubtful[place])
        reason = None
        if is_judged and (is_missing or doubtful):
            reason = sight.reason(place) if is_missing else sight.doubt(place)
        return Look(
            is_judged,
            is_missing,
            float(self.badness(np.float64(value))) if is_number else -np.inf,  # type: ignore[arg-type]
            doubtful,
            value if is_number else np.nan,
            sight.at_ns,
            reason,
        )

    def unknown(self, sight: Sight, scope: ScopeRows) -> CodeArray:
        """Return the places of rows that some watching rule cannot judge, where that may be said.

        A doubtful number is no judgment for the rules in whose bounds it is.
        """
        watching = [watch for watch in self.watches if watch.rule.is_watching_unknown]
        places = _missing(sight) if watching else NO_ROWS
        if sight.is_doubtful is not None and watching:
            places = np.union1d(places, np.flatnonzero(sight.is_doubtful))
        if not len(places):
            return places
        rows = places if sight.rows is None else sight.rows[places]
        places, rows = places[scope.is_judged[rows]], rows[scope.is_judged[rows]]
        if sight.is_doubtful is None and any(watch.concerns is None for watch in watching):
            return places
        made = np.zeros(len(places), np.bool_)
        for watch in watching:
            lost = self.lost(watch, sight, places)
            made |= lost if watch.concerns is None else lost & watch.concerns[rows]
        return places[made]

    def lost(self, watch: Watch, sight: Sight, places: CodeArray) -> BoolArray:
        """Return at which places a sight tells a rule nothing, for a reason that is worth telling."""
        answers = sight.answers[places]
        missing = answers == MISSING
        if sight.is_quiet is not None:
            missing &= ~sight.is_quiet[places]
        if sight.is_doubtful is None:
            return missing
        rows = places if sight.rows is None else sight.rows[places]
        bounds = np.where(watch.is_out[rows], watch.ladder.clears[0], watch.ladder.bounds[0])
        number = sight.is_doubtful[places] & (answers == NUMBER)
        if sight.is_quiet is not None:
            number &= ~sight.is_quiet[places]
        return missing | (number & (self.badness(sight.values[places]) <= bounds))

    def holders(self, rows: CodeArray) -> list[Held]:
        """Return what is held of any of these rows."""
        count = len(self.held)
        if not count or not len(rows):
            return []
        found = np.flatnonzero(np.isin(self.held.row[:count], rows))
        return [self.held.entries[slot] for slot in found]


def _missing(sight: Sight) -> CodeArray:
    """Return where a number is missing and somebody may be told."""
    missing = sight.answers == MISSING
    if sight.is_quiet is not None:
        missing &= ~sight.is_quiet
    return np.flatnonzero(missing)
