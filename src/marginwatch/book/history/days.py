"""When a day begins where the desk is, whatever its clocks do in that night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NS = 1_000_000_000


def day_start_ns(at_ns: int, zone: ZoneInfo) -> int:
    """Return the first moment of the day of ``zone`` that ``at_ns`` is in; both UTC nanoseconds.

    Where clocks are set forward at midnight the day begins with that change.
    """
    local = datetime.fromtimestamp(at_ns // NS, UTC).astimezone(zone)
    return _midnight_ns(local, zone)


def next_day_start_ns(at_ns: int, zone: ZoneInfo) -> int:
    """Return the first moment of the following day of ``zone``: 23 to 25 hours long days are what they are."""
    local = datetime.fromtimestamp(at_ns // NS, UTC).astimezone(zone)
    return _midnight_ns(local + timedelta(days=1), zone)


def _midnight_ns(local: datetime, zone: ZoneInfo) -> int:
    # fold=0: of a midnight that comes twice the first; of one that is skipped the moment of the change.
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
    return int(midnight.astimezone(UTC).timestamp()) * NS
