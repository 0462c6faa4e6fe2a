"""All stages one after another: claimed rows become messages, and whatever does not go on says why."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from marginwatch.model.alert import Alert
from marginwatch.model.delivery import OutboxRow, RowOutcome, RowState, Told
from marginwatch.notify.memory import Memory
from marginwatch.notify.routing import routes_of
from marginwatch.notify.settings import ChannelSetup, NotifySetup
from marginwatch.notify.stages.dedup import NEVER_TOLD, why_not_again
from marginwatch.notify.stages.digest import packed
from marginwatch.notify.stages.grouping import Draft, grouped, not_before_ns
from marginwatch.notify.stages.holding import Held, what_holds
from marginwatch.notify.stages.superseding import Item, merged
from marginwatch.notify.stages.view import View

ITEM_CHARACTERS = 150
"""Room that an item needs at least in a message that is limited, to say what to do."""

DIGEST_ITEM_CHARACTERS = 50
"""Room that it needs to be named at all, among many in one message."""

ITEMS_MAX = 40
"""Slack takes no more than fifty blocks, some of which are our own."""

LOOK_AGAIN_S = 60.0
"""The end of an alert waits for the end of a silence in steps, for that may be ended early."""

NO_ROOM = "waits: the channel has sent as much as it may"
HANDED_OVER = "waits: its beginning may yet come from another channel"
GROUP_SPOKE = "waits: its group has just been told of"


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel may send now.

    Parameters
    ----------
    messages, reserved : int
        Messages, and how many of them are for critical alerts only.
    wait_s : float
        Seconds until a message that is not critical may be sent.
    """

    messages: int
    reserved: int
    wait_s: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with claimed rows: every one is in exactly one draft or outcome.

    Parameters
    ----------
    drafts : tuple of Draft
        Messages in the order in which they go.
    outcomes : tuple of RowOutcome
        Of rows that are skipped or have to wait, each with its reason.
    """

    drafts: tuple[Draft, ...]
    outcomes: tuple[RowOutcome, ...]


class Planning(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel's rows are judged by.

    Parameters
    ----------
    channel : ChannelSetup
        The channel.
    can_edit : bool
        Whether it can change its messages in place.
    memory : Memory
        What it was told.
    view : View
        What holds alerts back.
    room : Room
        What it may send.
    last_sent_ns : mapping of str to int
        When each group was last told of.
    alone : frozenset of int
        Rows that were refused in company.
    elsewhere : frozenset of str
        ``alert_id`` of alerts that wait in channels that may hand them over to this one.
    look_again_s : float
        How long the end of such an alert waits for its beginning.
    """

    channel: ChannelSetup
    can_edit: bool
    memory: Memory
    view: View
    room: Room
    last_sent_ns: Mapping[str, int] = msgspec.field(default_factory=dict[str, int])
    alone: frozenset[int] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    look_again_s: float = 10.0

    def told(self, key: str) -> Told | None:
        """Return what the channel was told about an alert."""
        return self.memory.of(self.channel.name, key)


def plan(rows: Sequence[OutboxRow], by: Planning) -> Plan:
    """Return the messages to send now and the outcome of every other row.

    Parameters
    ----------
    rows : sequence of OutboxRow
        Claimed rows of one channel.
    by : Planning
        What they are judged by.
    """
    outcomes: list[RowOutcome] = []
    ready = _ready(merged(rows), by, outcomes)
    drafts = _drafts(ready, by, outcomes)
    fit = packed(
        drafts,
        room=by.room.messages,
        reserved=by.room.reserved,
        items_max=items_max(by.channel, ITEM_CHARACTERS),
        digest_max=items_max(by.channel, DIGEST_ITEM_CHARACTERS),
    )
    due_ns = by.view.now_ns + int(by.room.wait_s * 1e9)
    for draft in fit.later:
        for item in draft.items:
            outcomes += waits(item.rows, due_ns, NO_ROOM)
    return Plan(drafts=fit.now, outcomes=tuple(outcomes))


def items_max(channel: ChannelSetup, characters: int) -> int:
    """Return how many items one message of a channel holds, if each needs so many characters."""
    return max(1, min(ITEMS_MAX, channel.kind.text_max // characters))


def repeat_every_s(alert: Alert, setup: NotifySetup) -> float:
    """Return how often an alert is told again: as its rule says, else as its first route does."""
    own = alert.repeat_every_s
    return routes_of(alert, setup)[0].repeat_every_s if own is None else own


def skipped(rows: Iterable[OutboxRow], why: str) -> list[RowOutcome]:
    """Return that rows are not sent, and why."""
    return [RowOutcome(row_id=row.row_id, state=RowState.SKIPPED, detail=why) for row in rows]


def waits(rows: Iterable[OutboxRow], due_ns: int, why: str, *, is_attempt: bool = False) -> list[RowOutcome]:
    """Return that rows are tried again at ``due_ns``, and why."""
    return [
        RowOutcome(
            row_id=row.row_id, state=RowState.WAITING, detail=why, due_ns=due_ns, is_attempt=is_attempt
        )
        for row in rows
    ]


def _ready(items: Iterable[Item], by: Planning, outcomes: list[RowOutcome]) -> list[Item]:
    """Return the items that are to be told, most severe first."""
    ready: list[Item] = []
    for item in items:
        told = by.told(item.alert.key)
        why_not = why_not_again(
            item,
            told,
            now_ns=by.view.now_ns,
            repeat_every_s=repeat_every_s(item.alert, by.view.setup),
            can_edit=by.can_edit,
            tells_ends=by.channel.table.send_resolved,
        )
        if why_not == NEVER_TOLD and item.alert.alert_id in by.elsewhere:
            outcomes += waits(item.rows, by.view.now_ns + int(by.look_again_s * 1e9), HANDED_OVER)
        elif why_not is not None:
            outcomes += skipped(item.rows, why_not)
        elif (held := what_holds(item, by.view)) is not None:
            outcomes += _held_rows(item, told, held, by.view.now_ns)
        else:
            ready.append(item)
    return sorted(ready, key=lambda item: (item.is_over, -item.alert.severity, _attempts(item)))


def _attempts(item: Item) -> int:
    # What was refused before goes behind what was not, or one bad message would keep all others back.
    return max(row.attempts for row in item.rows)


def _held_rows(item: Item, told: Told | None, held: Held, now_ns: int) -> list[RowOutcome]:
    """Return the outcomes of what is held back; the end of what was told as firing waits, the rest is told anew later."""
    was_told = told is not None and told.alert_id == item.alert.alert_id and told.is_firing
    if not (item.is_over and was_told):
        return skipped(item.rows, held.detail)
    look_ns = now_ns + int(LOOK_AGAIN_S * 1e9)
    return waits(item.rows, min(look_ns, held.until_ns or look_ns), f"waits: {held.detail}")


def _drafts(items: Sequence[Item], by: Planning, outcomes: list[RowOutcome]) -> list[Draft]:
    """Return the items as drafts; occurrences of one alert stay together, or what is told last would not be the last."""
    single: list[Draft] = []
    company: list[Item] = []
    for kin in _kin(items):
        newest = kin[-1]
        is_alone = any(row.row_id in by.alone for item in kin for row in item.rows)
        replaces = _replaced(newest, by) if len(kin) == 1 else None
        due_ns = not_before_ns(newest.group, by.view.setup, by.last_sent_ns, by.view.now_ns)
        if any(item.is_critical for item in kin) or is_alone or replaces is not None:
            is_update = len(kin) == 1 and newest.is_update
            # A message left unchanged would say for ever that it fires, so its end waits for room rather than for a digest.
            in_place = is_update or replaces is not None
            single.append(Draft(items=kin, replaces=replaces, is_alone=is_alone or in_place))
        elif due_ns > by.view.now_ns:
            outcomes += [one for item in kin for one in waits(item.rows, due_ns, GROUP_SPOKE)]
        else:
            company += [msgspec.structs.replace(item, group=newest.group) for item in kin]
    updates = [one for one in single if one.is_update]
    return [*(one for one in single if not one.is_update), *grouped(company), *updates]


def _kin(items: Sequence[Item]) -> list[tuple[Item, ...]]:
    """Return the items by alert in the order of each one's most urgent, occurrences of an alert by age."""
    by_key: dict[str, list[Item]] = {}
    for item in items:
        by_key.setdefault(item.alert.key, []).append(item)
    return [tuple(sorted(kin, key=lambda one: one.since_ns)) for kin in by_key.values()]


def _replaced(item: Item, by: Planning) -> str | None:
    """Return the message that an item changes in place: its end and mere changes do, for nobody need be woken by them."""
    if not (by.can_edit and (item.is_over or item.is_update)):
        return None
    told = by.told(item.alert.key)
    return told.reference if told is not None and told.alert_id == item.alert.alert_id else None
