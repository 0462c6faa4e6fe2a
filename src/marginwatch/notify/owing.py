"""What a channel is owed about an alert that fires: pure, so that each case can be shown by an example."""

from collections.abc import Callable, Iterator

import msgspec

from marginwatch.model.alert import Acknowledgement, Alert
from marginwatch.model.delivery import SendReason, Told
from marginwatch.model.severity import Severity
from marginwatch.notify.memory import Memory
from marginwatch.notify.pipeline import repeat_every_s
from marginwatch.notify.routing import first_channels, routes_of
from marginwatch.notify.settings import NotifySetup, Route
from marginwatch.notify.stages.holding import Held

GRACE_S = 10.0
"""So long what fires may go untold before somebody asks why: the transition's own rows need a moment."""


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """A channel has to be told.

    Parameters
    ----------
    channel : str
        Which.
    route : Route
        That leads there.
    step : int
        Escalation step, 0 for the first channels.
    reason : SendReason
        Why.
    """

    channel: str
    route: Route
    step: int
    reason: SendReason


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """An alert was held back: since when, and until when (None: still), for which reason of telling it then."""

    end: SendReason
    since_ns: int
    ended_ns: int | None = None


class Holds:
    """What held each alert back last, and what was found untold, as seen from look to look."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}
        self._untold_since_ns: dict[str, dict[tuple[str, Severity], int]] = {}

    def untold_since_ns(self, alert_id: str, channel: str, severity: Severity, now_ns: int) -> int:
        """Return when it was first seen that a channel does not know an alert at this severity."""
        return self._untold_since_ns.setdefault(alert_id, {}).setdefault((channel, severity), now_ns)

    def note(self, alert_id: str, held: Held | None, now_ns: int) -> None:
        """Learn what holds an alert back at a moment; one hold that follows another at once continues it."""
        before = self._holds.get(alert_id)
        if held is None:
            if before is not None and before.ended_ns is None:
                self._holds[alert_id] = msgspec.structs.replace(before, ended_ns=now_ns)
            return
        since_ns = before.since_ns if before is not None and before.ended_ns is None else now_ns
        self._holds[alert_id] = Hold(end=held.end, since_ns=since_ns)

    def ended(self, alert_id: str) -> Hold | None:
        """Return the hold of an alert that has ended; None if there was none or it lasts."""
        hold = self._holds.get(alert_id)
        return hold if hold is not None and hold.ended_ns is not None else None

    def forget(self, open_ids: frozenset[str]) -> None:
        """Forget alerts that are not open."""
        for known in (self._holds, self._untold_since_ns):
            for alert_id in [one for one in known if one not in open_ids]:
                del known[alert_id]


def owed(
    alert: Alert,
    setup: NotifySetup,
    memory: Memory,
    holds: Holds,
    given: Acknowledgement | None,
    now_ns: int,
) -> list[Owed]:
    """Return which channels have to be told now of an alert that fires and that nothing holds back.

    Parameters
    ----------
    alert : Alert
        Fires.
    setup : NotifySetup
        Routes.
    memory : Memory
        What was told.
    holds : Holds
        What held it back before.
    given : Acknowledgement or None
        The last one of this occurrence; an expired one is told of even if nobody saw it expire.
    now_ns : int
        UTC nanoseconds.
    """
    found: list[Owed] = []

    def known(channel: str) -> Told | None:
        told = memory.of(channel, alert.key)
        return told if told is not None and told.alert_id == alert.alert_id and told.is_firing else None

    since_ns = _alone_since_ns(alert, holds.ended(alert.alert_id), given, now_ns)
    for channel, route, step, from_ns in _audience(alert, setup, known, since_ns, now_ns):
        same = known(channel)
        reason = _reason_to_remind(alert, same, holds.ended(alert.alert_id), given, from_ns, now_ns)
        if reason is None:
            reason = _reason_of_state(alert, channel, setup, same, holds, now_ns)
        if reason is not None:
            found.append(Owed(channel=channel, route=route, step=step, reason=reason))
    return found


def _alone_since_ns(alert: Alert, ended: Hold | None, given: Acknowledgement | None, now_ns: int) -> int:
    """Return since when nobody takes care of an alert: the time of escalation steps runs from here.

    That is since it fired, unless somebody has acknowledged it and it has become more severe since: whoever takes care of
    it hears of that first, and others only if it is not acknowledged anew.
    """
    fired_ns = alert.fired_at_ns or now_ns
    if given is None or not given.at_ns <= now_ns < given.until_ns:
        return fired_ns
    is_outgrown = ended is not None and ended.end is SendReason.ACKNOWLEDGEMENT_ENDED
    # After a restart it is not known when it was outgrown, only that this was after it was given.
    return max(fired_ns, given.at_ns, (ended.ended_ns or 0) if ended is not None and is_outgrown else 0)


def _audience(
    alert: Alert, setup: NotifySetup, known: Callable[[str], Told | None], since_ns: int, now_ns: int
) -> Iterator[tuple[str, Route, int, int]]:
    """Yield channel, route, step and since when it has to know; of several steps of a channel the last.

    Whoever was told of it stays among them, even if the time of their step runs anew.
    """
    fired_ns = alert.fired_at_ns or now_ns
    found: dict[str, tuple[Route, int, int]] = {
        name: (route, 0, fired_ns) for name, route in first_channels(alert, setup).items()
    }
    for route in routes_of(alert, setup):
        for step, escalation in enumerate(route.escalations, 1):
            from_ns = since_ns + int(escalation.after_s * 1e9)
            names = [name for name in escalation.channels if name in setup.channels]
            if now_ns >= from_ns:
                found.update(dict.fromkeys(names, (route, step, from_ns)))
            else:
                found |= {
                    name: (route, step, fired_ns) for name in names if name not in found and known(name)
                }
    for name, (route, step, from_ns) in found.items():
        yield name, route, step, from_ns


def _reason_to_remind(
    alert: Alert,
    same: Told | None,
    ended: Hold | None,
    given: Acknowledgement | None,
    from_ns: int,
    now_ns: int,
) -> SendReason | None:
    """Return why even what was told already is told again: something ended, or it is another one's turn."""
    told_ns = 0 if same is None else same.at_ns
    is_given = given is not None and given.at_ns <= now_ns < given.until_ns
    if ended is not None and told_ns < ended.since_ns:
        # Whoever was told before an inhibition knows; and a raised severity, not an end, breaks an acknowledgement.
        is_news = same is None or ended.end is not SendReason.INHIBITION_ENDED
        if is_news and not (is_given and ended.end is SendReason.ACKNOWLEDGEMENT_ENDED):
            return ended.end
    if given is not None and given.until_ns <= now_ns and told_ns < given.at_ns:
        return SendReason.ACKNOWLEDGEMENT_ENDED
    is_step = alert.fired_at_ns is not None and from_ns > alert.fired_at_ns
    return SendReason.ESCALATED if is_step and told_ns < from_ns else None


def _reason_of_state(
    alert: Alert, channel: str, setup: NotifySetup, same: Told | None, holds: Holds, now_ns: int
) -> SendReason | None:
    """Return why a channel is behind what is: it never heard of it, or of a milder one, or long ago."""
    if same is None or alert.severity > same.severity:
        since_ns = holds.untold_since_ns(alert.alert_id, channel, alert.severity, now_ns)
        is_overdue = now_ns - since_ns >= GRACE_S * 1e9
        return (SendReason.FIRED if same is None else SendReason.RAISED) if is_overdue else None
    is_due = now_ns - same.at_ns >= repeat_every_s(alert, setup) * 1e9
    return SendReason.REPEATED if is_due else None
