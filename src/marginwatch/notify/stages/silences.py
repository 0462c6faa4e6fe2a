"""What somebody does not want to hear of for a while."""

from collections.abc import Collection

from marginwatch.model.alert import Alert
from marginwatch.model.silence import Silence
from marginwatch.notify.routing import labels_of


def silence_over(alert: Alert, silences: Collection[Silence], now_ns: int) -> Silence | None:
    """Return the silence that covers an alert now, of several the one that ends last; None if there is none."""
    if not silences:
        return None
    labels = labels_of(alert)
    return max(
        (one for one in silences if one.is_active(now_ns) and one.covers(labels)),
        key=lambda one: one.until_ns,
        default=None,
    )
