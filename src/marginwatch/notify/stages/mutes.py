"""Hours of the week in which some alerts are not told."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from marginwatch.model.alert import Alert
from marginwatch.notify.routing import labels_of
from marginwatch.notify.settings import Mute

MINUTE = timedelta(minutes=1)


def end_of_window_ns(mute: Mute, now_ns: int) -> int | None:
    """Return when the window that is open now ends, UTC nanoseconds; None if none is open.

    A window begins on its days at ``from_minute`` by the clock on the wall; where that is not after ``to_minute``, it
    ends on the next day. On a day whose clock is put forward or back it ends by that clock too.
    """
    now = datetime.fromtimestamp(now_ns // 1_000_000_000, tz=UTC)
    today = now.astimezone(mute.zone).date()
    length_days = 0 if mute.to_minute > mute.from_minute else 1
    for day in (today, today - timedelta(days=1)):
        if day.weekday() not in mute.days:
            continue
        midnight = datetime(day.year, day.month, day.day, tzinfo=mute.zone)
        # Added to the wall clock of the zone, and only then made a moment.
        begin = (midnight + mute.from_minute * MINUTE).astimezone(UTC)
        end = (midnight + timedelta(days=length_days) + mute.to_minute * MINUTE).astimezone(UTC)
        if begin <= now < end:
            return int(end.timestamp()) * 1_000_000_000
    return None


def mute_over(alert: Alert, mutes: Collection[Mute], now_ns: int) -> tuple[Mute, int] | None:
    """Return the mute whose window is open for an alert and when that ends; of several the one that ends last."""
    if not mutes:
        return None
    labels = labels_of(alert)
    found = [
        (mute, end_ns)
        for mute in mutes
        if all(matcher.matches(labels) for matcher in mute.matchers)
        and (end_ns := end_of_window_ns(mute, now_ns)) is not None
    ]
    return max(found, key=lambda one: one[1], default=None)
