"""What becomes of the rows of a message that was sent, or was not."""

import hashlib
import random
from collections.abc import Iterable

import msgspec

from marginwatch.errors import DeliveryError
from marginwatch.model.delivery import OutboxRow, RowOutcome, RowState, SendReason, Told
from marginwatch.notify.backoff import backoff_s
from marginwatch.notify.channels.base import Receipt
from marginwatch.notify.memory import Memory
from marginwatch.notify.pipeline import waits
from marginwatch.notify.settings import ChannelSetup, DispatchSettings
from marginwatch.notify.stages.grouping import Draft
from marginwatch.notify.stages.superseding import Item
from marginwatch.notify.supervised_attempt import DEFECT

IN_COMPANY = frozenset({"rejected", "too_long", "garbage", DEFECT})
"""Refusals that may be one alert's fault: the others are tried without it."""

DETAIL_MAX = 300

RETRY_AFTER_MAX_S = 3_600.0
"""A platform that asks for more is asked again after this long."""


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of rows that were not delivered.

    Parameters
    ----------
    outcomes : tuple of RowOutcome
        One for each row.
    fallen : tuple of OutboxRow
        New rows for the channel that comes next.
    alone : frozenset of int
        Rows that must go without company from now on.
    """

    outcomes: tuple[RowOutcome, ...] = ()
    fallen: tuple[OutboxRow, ...] = ()
    alone: frozenset[int] = frozenset()


def message_id_of(channel: str, rows: Iterable[OutboxRow]) -> str:
    """Return the name of the message of these rows: the same whoever sends them, however often."""
    ids = ",".join(str(row_id) for row_id in sorted(row.row_id for row in rows))
    return hashlib.sha256(f"{channel}:{ids}".encode()).hexdigest()[:24]


def shortened(text: str) -> str:
    """Return what is kept of a platform's words."""
    line = " ".join(text.split())
    return line if len(line) <= DETAIL_MAX else line[: DETAIL_MAX - 1] + "…"


def wait_s(error: DeliveryError, n_failures: int, settings: DispatchSettings, chance: random.Random) -> float:
    """Return how long to wait after a failure: as the platform says, else longer each time; longest if refused for good."""
    if error.retry_after_s is not None:
        # Who says "now" is not asked a hundred times a second.
        return min(max(settings.backoff_first_s, error.retry_after_s), RETRY_AFTER_MAX_S)
    if not error.retryable:
        return settings.backoff_max_s
    return backoff_s(n_failures, settings.backoff_first_s, settings.backoff_max_s, chance)


def fate_of(
    draft: Draft,
    error: DeliveryError,
    channel: ChannelSetup,
    settings: DispatchSettings,
    *,
    now_ns: int,
    wait: float,
    is_attempt: bool = True,
) -> Fate:
    """Return what becomes of the rows of a message that was not delivered.

    What is refused for good, tried too often or too old goes to the next channel. Where there is none it is tried again,
    seldom, until it is very old: giving up early would tell nobody.

    Parameters
    ----------
    draft : Draft
        The message.
    error : DeliveryError
        Why not.
    channel : ChannelSetup
        Whose rows they are.
    settings : DispatchSettings
        Bounds.
    now_ns : int
        UTC nanoseconds.
    wait : float
        Seconds until it may be tried again.
    is_attempt : bool
        False if it was not even tried, because the channel rests.
    """
    why = shortened(f"{error.reason}: {error.message}")
    if len(draft.items) > 1 and not error.retryable and error.reason in IN_COMPANY:
        rows = [row for item in draft.items for row in item.rows]
        again = waits(rows, now_ns, f"{why}; tried again one by one", is_attempt=is_attempt)
        return Fate(outcomes=tuple(again), alone=frozenset(row.row_id for row in rows))
    due_ns = now_ns + int(wait * 1e9)
    outcomes: list[RowOutcome] = []
    fallen: list[OutboxRow] = []
    for item in draft.items:
        if channel.table.fall_over_to is not None and _falls(item, error, settings, due_ns, is_attempt):
            fallen += fall_over(item, channel.table.fall_over_to, now_ns)
            outcomes += failed(
                item.rows, f"{why}; goes to {channel.table.fall_over_to}", is_attempt=is_attempt
            )
        else:
            outcomes += _tried_again(item, why, settings, now_ns, due_ns, is_attempt)
    return Fate(outcomes=tuple(outcomes), fallen=tuple(fallen))


def fall_over(item: Item, target: str, now_ns: int) -> list[OutboxRow]:
    """Return the rows of an item for another channel; a mere change in place means nothing there."""
    return [
        OutboxRow(
            channel=target,
            group=row.group,
            reason=SendReason.FELL_OVER,
            alert=row.alert,
            transition_id=row.transition_id,
            made_at_ns=now_ns,
            due_ns=now_ns,
            step=row.step,
        )
        for row in item.rows
        if row.reason is not SendReason.UPDATED
    ]


def failed(rows: Iterable[OutboxRow], why: str, *, is_attempt: bool) -> list[RowOutcome]:
    """Return that rows are given up here."""
    return [
        RowOutcome(row_id=row.row_id, state=RowState.FAILED, detail=why, is_attempt=is_attempt)
        for row in rows
    ]


def told_by(
    draft: Draft, receipt: Receipt, channel: str, memory: Memory, open_ids: frozenset[str], at_ns: int
) -> list[Told]:
    """Return what a channel has been told with a message, oldest alert first.

    An occurrence that is open is not forgotten for one that is over. The highest severity told stays told.
    """
    found: dict[str, Told] = {}
    for item in sorted(draft.items, key=lambda one: one.since_ns):
        alert = item.alert
        before = found.get(alert.key) or memory.of(channel, alert.key)
        if before is not None and before.alert_id != alert.alert_id and before.alert_id in open_ids:
            continue
        same = before if before is not None and before.alert_id == alert.alert_id else None
        reference = receipt.reference if len(draft.items) == 1 else None
        if same is not None and item.is_update:
            found[alert.key] = msgspec.structs.replace(same, reference=reference or same.reference)
            continue
        found[alert.key] = Told(
            channel=channel,
            key=alert.key,
            alert_id=alert.alert_id,
            is_firing=not item.is_over,
            severity=alert.severity if same is None else max(same.severity, alert.severity),
            at_ns=at_ns,
            first_at_ns=at_ns if same is None else same.first_at_ns,
            reference=reference or (None if same is None else same.reference),
        )
    return list(found.values())


def _falls(
    item: Item, error: DeliveryError, settings: DispatchSettings, due_ns: int, is_attempt: bool
) -> bool:
    limit_s = settings.fall_over_critical_after_s if item.is_critical else settings.fall_over_after_s
    oldest_ns = min(row.made_at_ns for row in item.rows)
    attempts = max(row.attempts for row in item.rows) + int(is_attempt)
    return not error.retryable or attempts >= settings.attempts_max or due_ns - oldest_ns > limit_s * 1e9


def _tried_again(
    item: Item, why: str, settings: DispatchSettings, now_ns: int, due_ns: int, is_attempt: bool
) -> list[RowOutcome]:
    old = [row for row in item.rows if now_ns - row.made_at_ns >= settings.give_up_after_s * 1e9]
    rest = [row for row in item.rows if now_ns - row.made_at_ns < settings.give_up_after_s * 1e9]
    return [
        *failed(old, f"{why}; given up", is_attempt=is_attempt),
        *waits(rest, due_ns, why, is_attempt=is_attempt),
    ]
