"""Where each rule stands: how many it judges, how many are out of bounds, and who is nearest to it."""

import msgspec
import numpy as np

from marginwatch.model.alert import Subject
from marginwatch.risk.answers import Answer
from marginwatch.rules.column import Subjects
from marginwatch.rules.definition import Rule
from marginwatch.rules.scope_rows import ScopeRows
from marginwatch.rules.view import View
from marginwatch.rules.watch import Watch


class RuleStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One rule at the last full look.

    Parameters
    ----------
    rule : Rule
        The rule.
    n_judged : int
        Subjects with an answer, within bounds or not.
    n_pending, n_firing : int
        Subjects out of bounds, and those told.
    n_unknown : int
        Subjects that it concerns and whose data are missing.
    worst : Subject or None
        Who is nearest to the first bound, or furthest beyond; None if nobody has a number.
    value : float or None
        The measure of the worst.
    distance : float or None
        How far that is within the first bound, in the measure's unit; negative beyond it.
    """

    rule: Rule
    n_judged: int = 0
    n_pending: int = 0
    n_firing: int = 0
    n_unknown: int = 0
    worst: Subject | None = None
    value: float | None = None
    distance: float | None = None


def standing(watch: Watch, view: View, scope: ScopeRows, subjects: Subjects | None) -> RuleStanding:
    """Return where a rule stands, by the last look of its view at all rows."""
    firing = sum(held.is_firing for held in view.held.entries if held.watch is watch)
    pending = sum(not held.is_firing for held in view.held.entries if held.watch is watch)
    made = RuleStanding(rule=watch.rule, n_pending=pending, n_firing=firing)
    sight = view.sight
    if sight is None or subjects is None:
        return made
    count = min(len(sight.values), scope.size)
    mine = scope.is_judged[:count].copy()
    if watch.concerns is not None:
        mine &= watch.concerns[:count]
    unknown = view.lost(watch, sight, np.arange(count)) & mine
    numbers = np.flatnonzero(
        mine & (sight.answers[:count] == Answer.NUMBER) & ~np.isnan(sight.values[:count])
    )
    made = msgspec.structs.replace(made, n_judged=int((mine & ~unknown).sum()), n_unknown=int(unknown.sum()))
    if not len(numbers):
        return made
    badness = view.badness(sight.values[numbers])
    worst = int(np.argmax(badness))
    row = int(numbers[worst])
    return msgspec.structs.replace(
        made,
        worst=subjects.subject(row),
        value=float(sight.values[row]),
        distance=float(watch.ladder.bounds[0] - badness[worst]),
    )
