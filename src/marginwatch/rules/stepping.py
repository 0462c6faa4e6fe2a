"""The life of one alert: what one look at its value makes of it. The only place where states change."""

import math
from typing import NamedTuple

from msgspec.structs import replace

from marginwatch.model.alert import Alert, AlertState, TransitionKind
from marginwatch.rules.column import Subjects
from marginwatch.rules.held import NEVER_NS, Held
from marginwatch.rules.telling import Teller, at_level, new_alert, refreshed
from marginwatch.rules.watch import Watch


class Look(NamedTuple):
    """One subject at one moment.

    Parameters
    ----------
    is_judged : bool
        Whether anything may be said of it at all.
    is_missing : bool
        There is an answer, but not known.
    badness : float
        Value turned so that more is worse; −inf for what is not applicable or not in range.
    is_doubtful : bool
        Made from data that are not fresh.
    value : float
        As measured, NaN without a number.
    value_at_ns : int
        When.
    reason : str or None
        Why it is missing or doubtful.
    """

    is_judged: bool
    is_missing: bool
    badness: float
    is_doubtful: bool
    value: float
    value_at_ns: int
    reason: str | None


UNSEEN = Look(
    is_judged=False,
    is_missing=True,
    badness=-math.inf,
    is_doubtful=False,
    value=math.nan,
    value_at_ns=0,
    reason=None,
)
"""What is not looked at: nothing changes, and timers rest."""


def enter(teller: Teller, watch: Watch, row: int, identity: int, look: Look, subjects: Subjects) -> Held:
    """Return the alert of a row at rest that is out of bounds: pending, or firing at once where the rule does not wait."""
    rung = watch.ladder.rung(look.badness, 0)
    alert = refreshed(
        new_alert(teller, watch, rung, subjects, row), subjects, row, look.value, look.value_at_ns
    )
    held = Held(watch, row, identity, alert, rung, rung, is_firing=False, due_ns=teller.now_ns + watch.for_ns)
    if watch.for_ns:
        teller.tell(TransitionKind.PENDING, alert)
    else:
        _fire(teller, held)
    return held


def step(teller: Teller, held: Held, look: Look, subjects: Subjects) -> bool:
    """Let an alert take notice of a look; return False if it is over and to be dropped.

    A pause ends before anything else is looked at, so that time in which nothing was known moves no timer.
    """
    now_ns = teller.now_ns
    if not look.is_judged:
        held.is_resting = True
        _pause(held, now_ns)
        return True
    rung = _rung(held, look)
    if rung is None:
        held.is_resting = False
        if not held.is_unknown:
            held.is_unknown = True
            _resume(held, now_ns)  # what it rested for another reason is part of what is told
            held.alert = replace(held.alert, unknown_since_ns=now_ns, unknown_reason=look.reason)
            teller.tell(TransitionKind.WENT_UNKNOWN, held.alert)
        _pause(held, now_ns)
        return True
    held.is_resting = False
    has_rested = _resume(held, now_ns)
    held.rung = rung
    held.alert = refreshed(held.alert, subjects, held.row, look.value, look.value_at_ns)
    # How long a timer stood still must be kept, or the next restart counts it after all.
    if held.is_unknown or (has_rested and not held.is_firing):
        held.is_unknown = False
        held.alert = replace(held.alert, unknown_since_ns=None, unknown_reason=None)
        teller.tell(TransitionKind.KNOWN_AGAIN, held.alert)
    return _fires_on(teller, held) if held.is_firing else _waits_on(teller, held)


def end(teller: Teller, held: Held, why: str) -> None:
    """End an alert whose subject or rule is no more."""
    alert = replace(held.alert, context=held.alert.context | {"gone": why})
    _close(teller, held, replace(alert, unknown_since_ns=None, unknown_reason=None))


def close_restored(teller: Teller, alert: Alert, why: str) -> None:
    """End an alert from before a restart that no row stands for."""
    is_firing = alert.state is AlertState.FIRING
    alert = replace(
        alert,
        state=AlertState.RESOLVED,
        resolved_at_ns=teller.now_ns,
        unknown_since_ns=None,
        unknown_reason=None,
        context=alert.context | {"gone": why},
    )
    teller.tell(TransitionKind.RESOLVED if is_firing else TransitionKind.CALMED, alert)


def _rung(held: Held, look: Look) -> int | None:
    """Return the rung by a look, None if it says nothing. A doubtful number lowers nobody."""
    if look.is_missing:
        return None
    rung = held.watch.ladder.rung(look.badness, held.rung)
    if not look.is_doubtful:
        return rung
    return max(rung, held.rung) if rung else None


def _waits_on(teller: Teller, held: Held) -> bool:
    """Go on with a pending alert, which is as severe as its value is now."""
    if held.rung == 0:
        _close(teller, held, held.alert)
        return False
    held.level = held.rung
    held.alert = at_level(held.alert, held.watch, held.level)
    if teller.now_ns >= held.due_ns:
        _fire(teller, held)
    return True


def _fire(teller: Teller, held: Held) -> None:
    held.is_firing, held.due_ns = True, NEVER_NS
    held.alert = replace(held.alert, state=AlertState.FIRING, fired_at_ns=teller.now_ns)
    teller.tell(TransitionKind.FIRED, held.alert)


def _fires_on(teller: Teller, held: Held) -> bool:
    """Go on with a firing alert: up at once, down after it was lower for as long as the rule wants."""
    now_ns, keep_ns = teller.now_ns, held.watch.keep_ns
    if held.rung >= held.level:
        held.below_since_ns = held.clear_since_ns = held.below_peak = 0
        held.due_ns = NEVER_NS
        if held.rung > held.level:
            _change_level(teller, held, TransitionKind.RAISED, held.rung)
        return True
    if not held.below_since_ns:
        held.below_since_ns, held.below_peak = now_ns, held.rung
    held.below_peak = max(held.below_peak, held.rung)
    held.clear_since_ns = 0 if held.rung else held.clear_since_ns or now_ns
    if held.clear_since_ns and now_ns - held.clear_since_ns >= keep_ns:
        _close(teller, held, held.alert)
        return False
    if now_ns - held.below_since_ns >= keep_ns:
        _change_level(teller, held, TransitionKind.LOWERED, held.below_peak)
        is_lower = held.rung < held.level
        held.below_since_ns, held.below_peak = (now_ns, held.rung) if is_lower else (0, 0)
    starts = [since for since in (held.below_since_ns, held.clear_since_ns) if since]
    held.due_ns = min(starts) + keep_ns if starts else NEVER_NS
    return True


def _change_level(teller: Teller, held: Held, kind: TransitionKind, level: int) -> None:
    held.level = level
    held.alert = at_level(held.alert, held.watch, level)
    teller.tell(kind, held.alert)


def _close(teller: Teller, held: Held, alert: Alert) -> None:
    """Tell that it is over: of a pending one nobody ever heard."""
    alert = replace(alert, state=AlertState.RESOLVED, resolved_at_ns=teller.now_ns)
    teller.tell(TransitionKind.RESOLVED if held.is_firing else TransitionKind.CALMED, alert)


def _pause(held: Held, now_ns: int) -> None:
    if not held.paused_from_ns:
        held.paused_from_ns = now_ns


def _resume(held: Held, now_ns: int) -> bool:
    """Move every timer by the time that did not count; return whether there was any."""
    if not held.paused_from_ns:
        return False
    rested_ns = max(0, now_ns - held.paused_from_ns)
    held.paused_from_ns = 0
    if held.is_firing:
        held.below_since_ns += rested_ns if held.below_since_ns else 0
        held.clear_since_ns += rested_ns if held.clear_since_ns else 0
    else:
        held.alert = replace(held.alert, paused_ns=held.alert.paused_ns + rested_ns)
    if held.due_ns != NEVER_NS:
        held.due_ns += rested_ns
    return rested_ns > 0
