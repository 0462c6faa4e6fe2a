"""Items of one group go out together, and a group does not speak again at once."""

from collections.abc import Iterable, Mapping

import msgspec

from marginwatch.notify.routing import FIELD
from marginwatch.notify.settings import NotifySetup
from marginwatch.notify.stages.superseding import Item


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What may become one message.

    Parameters
    ----------
    items : tuple of Item
        At least one.
    replaces : str or None
        Reference of the message to change in place; only of a single item.
    is_alone : bool
        Must not be joined with others: a mere change in place, or refused in company.
    """

    items: tuple[Item, ...]
    replaces: str | None = None
    is_alone: bool = False

    @property
    def is_critical(self) -> bool:
        """Whether it may not wait."""
        return any(item.is_critical for item in self.items)

    @property
    def is_update(self) -> bool:
        """Whether it only changes an earlier message in place."""
        return all(item.is_update for item in self.items)


def group_interval_s(group: str, setup: NotifySetup) -> float:
    """Return the least time between two messages of a group: that of its route, which it is named after."""
    name = group.partition(FIELD)[0]
    for route in setup.routes:
        if route.name == name:
            return route.group_interval_s
    return setup.default_route.group_interval_s


def grouped(items: Iterable[Item]) -> tuple[Draft, ...]:
    """Return one draft for each group, in the order of their first items."""
    by_group: dict[str, list[Item]] = {}
    for item in items:
        by_group.setdefault(item.group, []).append(item)
    return tuple(Draft(items=tuple(found)) for found in by_group.values())


def not_before_ns(group: str, setup: NotifySetup, last_sent_ns: Mapping[str, int], now_ns: int) -> int:
    """Return when a group may speak again, UTC nanoseconds; 0 if it never spoke, or if the clock was set back since."""
    last = last_sent_ns.get(group)
    if last is None or last > now_ns:
        return 0
    return last + int(group_interval_s(group, setup) * 1e9)
