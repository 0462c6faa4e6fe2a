"""Whether something holds an alert back, what that is, and what will be said when it ends."""

import msgspec

from marginwatch.model.alert import Alert
from marginwatch.model.delivery import SendReason
from marginwatch.notify.stages.acknowledgement import acknowledgement_of
from marginwatch.notify.stages.mutes import mute_over
from marginwatch.notify.stages.silences import silence_over
from marginwatch.notify.stages.superseding import Item
from marginwatch.notify.stages.view import View


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Something holds an alert back.

    Parameters
    ----------
    end : SendReason
        Why it is told once this ends and it still fires.
    detail : str
        What holds it back.
    until_ns : int or None
        When it ends, if that is known; UTC nanoseconds.
    """

    end: SendReason
    detail: str
    until_ns: int | None = None


def held_back(alert: Alert, view: View) -> Held | None:
    """Return what holds an alert back now: inhibition, silence, mute or acknowledgement, in this order; None if nothing."""
    return inhibited(alert, view) or silenced(alert, view) or muted(alert, view) or acknowledged(alert, view)


def inhibited(alert: Alert, view: View) -> Held | None:
    """Return the inhibition that holds an alert back."""
    key = view.inhibitors.inhibitor_of(alert)
    return None if key is None else Held(end=SendReason.INHIBITION_ENDED, detail=f"inhibited by {key}")


def silenced(alert: Alert, view: View) -> Held | None:
    """Return the silence that holds an alert back."""
    one = silence_over(alert, view.silences, view.now_ns)
    if one is None:
        return None
    detail = f"silenced by {one.author}: {one.comment} ({one.silence_id})"
    return Held(end=SendReason.SILENCE_ENDED, detail=detail, until_ns=one.until_ns)


def muted(alert: Alert, view: View) -> Held | None:
    """Return the mute that holds an alert back."""
    found = mute_over(alert, view.setup.mutes, view.now_ns)
    if found is None:
        return None
    return Held(end=SendReason.MUTE_ENDED, detail=f"muted by {found[0].name}", until_ns=found[1])


def acknowledged(alert: Alert, view: View) -> Held | None:
    """Return the acknowledgement that holds an alert back."""
    given = acknowledgement_of(alert, view.acknowledged)
    if given is None:
        return None
    detail = f"acknowledged by {given.author}"
    return Held(end=SendReason.ACKNOWLEDGEMENT_ENDED, detail=detail, until_ns=given.until_ns)


def what_holds(item: Item, view: View) -> Held | None:
    """Return what holds an item back.

    Its end is held back by silences and mutes alone; a change in place makes no sound, so neither a mute nor an
    acknowledgement keeps it.
    """
    if item.is_over:
        return silenced(item.alert, view) or muted(item.alert, view)
    if item.is_update:
        return inhibited(item.alert, view) or silenced(item.alert, view)
    return held_back(item.alert, view)
