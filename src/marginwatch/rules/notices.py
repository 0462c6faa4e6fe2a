"""The end of a full evaluation: unknown notices, and restored alerts whose subject or rule is no more."""

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.model.alert import Alert
from marginwatch.rules.column import Source
from marginwatch.rules.evaluation import GONE
from marginwatch.rules.restore import CONFIGURED
from marginwatch.rules.state import RuleState
from marginwatch.rules.stepping import close_restored
from marginwatch.rules.telling import Teller
from marginwatch.rules.unknown import Lack
from marginwatch.rules.view import View

NOTICE_COST = 10
"""Edges that one notice counts as, for it asks every rule for its reason."""
NO_RULE = "the rule is gone, or concerns this subject no longer"


def tell_unknown(state: RuleState, teller: Teller, budget: int) -> None:
    """Tell of those whose data have been missing for too long, and of those where they are back."""
    for scope in state.scopes.values():
        state.owners.prove(scope)
    over: list[int] = state.owners.over()[: max(1, budget)].tolist()
    for code in over:
        is_gone = state.owners.owners[code].is_gone
        state.owners.resolve(teller, code, GONE if is_gone else None)
    due = state.owners.due(teller.now_ns)[: max(1, budget // NOTICE_COST)]
    if not len(due):
        return
    for code, lack in zip(due.tolist(), lacks(state, due), strict=True):
        state.owners.fire(teller, code, lack)


def lacks(state: RuleState, codes: CodeArray) -> list[Lack]:
    """Return of each owner which rules cannot be judged, and why."""
    found = [Lack() for _ in range(len(codes))]
    for view in state.views.values():
        _lacks_of(state, view, codes, found)
    return found


def _lacks_of(state: RuleState, view: View, codes: CodeArray, found: list[Lack]) -> None:
    """Add what one view cannot judge: all rules of a row share its reason, and of many rows the first is asked."""
    sight, scope = view.sight, state.scopes[view.scope]
    if sight is None or not view.n_unknown:
        return
    rows = np.flatnonzero(view.is_unknown[: len(sight.values)])
    rows = rows[np.argsort(scope.owner[rows], kind="stable")]
    owners = scope.owner[rows]
    begins, ends = np.searchsorted(owners, codes, side="left"), np.searchsorted(owners, codes, side="right")
    for watch in view.watches:
        if watch.rule.is_watching_unknown:
            lost = view.lost(watch, sight, rows)
            if watch.concerns is not None:
                lost &= watch.concerns[rows]
            before = np.concatenate([[0], np.cumsum(lost)])
            for place in np.flatnonzero(before[ends] > before[begins]).tolist():
                found[place].rules[watch.rule.name] = None
    for lack, begin, stop in zip(found, begins.tolist(), ends.tolist(), strict=True):
        if begin < stop:
            look = view.look(sight, int(rows[begin]), is_judged=True)
            lack.reasons[look.reason or GONE] += 1


def part(state: RuleState, source: Source, teller: Teller) -> None:
    """End restored alerts that nothing will ever be heard of again, once that is certain."""
    waiting = state.waiting
    heard = {scope: bool(rows.is_judged.any()) for scope, rows in state.scopes.items()}
    orphans, waiting.orphans = waiting.orphans, []
    for alert in orphans:
        if heard[alert.subject.scope]:
            close_restored(teller, alert, NO_RULE)
        else:
            waiting.orphans.append(alert)
    for scope in list(waiting.by_scope):
        # Before anybody was heard nothing is certain, and while names are unread somebody may yet be there.
        is_heard = heard["account" if scope == "position" else scope]
        if not is_heard or not state.scopes[scope].is_all_looked:
            continue
        is_whole = scope in CONFIGURED or _is_whole(source)
        for watch, alert in waiting.all_of(scope):
            if watch is None and not alert.is_unknown_notice:
                why = NO_RULE
            elif _is_missed(state, alert, is_whole=is_whole):
                why = GONE
            else:
                continue
            waiting.remove(scope, alert)
            if alert.is_unknown_notice:
                state.owners.drop(teller, alert.subject, why)
            else:
                close_restored(teller, alert, why)


def _is_whole(source: Source) -> bool:
    """Return whether all accounts were heard, so that the coins held are all coins held."""
    judged = source.is_judged("portfolio")
    alive = source.subjects("portfolio").identities != 0
    return judged is None or bool(judged[alive].all())


def _is_missed(state: RuleState, alert: Alert, *, is_whole: bool) -> bool:
    """Return whether it is certain that a subject which has not shown up is no more.

    What is configured is there from the first moment. A position shows up with its account; a coin with any account at all,
    so that all must have been heard.
    """
    if alert.subject.scope != "position":
        return is_whole
    accounts = state.scopes["account"]
    row = state.account_rows.get(str(alert.subject.account_id))
    return accounts.is_all_looked if row is None else bool(accounts.is_judged[row])
