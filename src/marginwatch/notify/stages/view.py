"""What stages know of the world at one moment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from marginwatch.model.alert import Acknowledgement, Alert, AlertState
from marginwatch.model.silence import Silence
from marginwatch.notify.settings import NotifySetup
from marginwatch.notify.stages.inhibition import Inhibitors


@dataclass(slots=True, frozen=True)
class View:
    """Everything that may hold an alert back.

    Parameters
    ----------
    now_ns : int
        UTC nanoseconds.
    setup : NotifySetup
        Mutes.
    silences : tuple of Silence
        Those that hold now.
    acknowledged : mapping of str to Acknowledgement
        Those that hold now, by ``alert_id``.
    inhibitors : Inhibitors
        What fires and may inhibit others.
    open_ids : frozenset of str
        Of alerts that are pending or firing.
    """

    now_ns: int
    setup: NotifySetup
    silences: tuple[Silence, ...]
    acknowledged: Mapping[str, Acknowledgement]
    inhibitors: Inhibitors
    open_ids: frozenset[str]


def view_of(
    now_ns: int,
    setup: NotifySetup,
    alerts: Sequence[Alert],
    silences: Iterable[Silence],
    acknowledgements: Iterable[Acknowledgement],
) -> View:
    """Return the view at a moment; what does not hold now is left out."""
    return View(
        now_ns=now_ns,
        setup=setup,
        silences=tuple(one for one in silences if one.is_active(now_ns)),
        acknowledged={one.alert_id: one for one in acknowledgements if one.at_ns <= now_ns < one.until_ns},
        inhibitors=Inhibitors((one for one in alerts if one.state is AlertState.FIRING), setup.inhibits),
        open_ids=frozenset(one.alert_id for one in alerts),
    )
