"""What the route of health answers: the accounts that are heard worst, and how the service itself does."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Literal

import msgspec
import numpy as np

from marginwatch.model.ids import AccountId
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.web.account_replies import ConnectionRow, connection_row
from marginwatch.web.health_ports import HealthModel, StreamModel
from marginwatch.web.health_rows import (
    AlertingRow,
    BudgetRow,
    ChannelHealthRow,
    FramesRow,
    PartRow,
    ProcessRow,
    StoreRow,
    StreamRow,
    VenueRow,
)
from marginwatch.web.replies import Reply

SOURCES_SHOWN_MAX = 200

WORST_FIRST = (Inclusion.LOST, Inclusion.STALE, Inclusion.STOPPED, Inclusion.STARTING, Inclusion.INCLUDED)

SourceState = Literal["lost", "stale", "stopped", "starting", "included"]


class SourceCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many accounts are in a state."""

    state: SourceState
    n_accounts: int


class SourceRow(ConnectionRow, frozen=True, kw_only=True):
    """One account as a source: :class:`ConnectionRow`, whose it is, and whether it counts in totals.

    ``is_key_unsafe``: its key can do more than read; ``key_expires_at_ns``: when it ends, UTC nanoseconds.
    """

    account_id: AccountId
    venue: str
    desk: str | None
    inclusion: SourceState
    is_key_unsafe: bool
    key_expires_at_ns: int | None
    n_warnings: int


class HealthReply(Reply, frozen=True, kw_only=True):
    """Health of everything.

    Parameters
    ----------
    is_alive : bool
        Frames still come.
    counts : tuple of SourceCount
        Accounts by state, all states.
    sources : tuple of SourceRow
        The worst ones first; ``n_sources`` is how many there are in all.
    """

    is_alive: bool
    counts: tuple[SourceCount, ...]
    n_sources: int
    sources: tuple[SourceRow, ...]
    venues: tuple[VenueRow, ...]
    budgets: tuple[BudgetRow, ...]
    frames: FramesRow | None
    parts: tuple[PartRow, ...]
    alerting: AlertingRow | None
    channels: tuple[ChannelHealthRow, ...]
    store: StoreRow | None
    stream: StreamRow | None
    process: ProcessRow | None


def health_reply(
    frame: Frame, model: HealthModel | None, stream: StreamModel | None = None, *, is_alive: bool = True
) -> HealthReply:
    """Return the health of everything.

    Parameters
    ----------
    frame : Frame
        The latest.
    model : HealthModel or None
        The parts of the service; None for a picture that is no live one.
    stream : StreamModel or None
        The live stream, where there is one.
    is_alive : bool
        Whether frames still come.
    """
    states = frame.inclusion
    return HealthReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        is_alive=is_alive,
        counts=tuple(
            SourceCount(state=_name(one), n_accounts=int(np.count_nonzero(states == one)))
            for one in WORST_FIRST
        ),
        n_sources=int(np.count_nonzero(states != Inclusion.NONE)),
        sources=tuple(_source_row(frame, code, model) for code in _worst(frame)),
        venues=() if model is None else tuple(model.venues()),
        budgets=() if model is None else tuple(model.budgets()),
        frames=None if model is None else model.frames(),
        parts=tuple(part_rows_of(frame.heavy, frame.at_ns)),
        alerting=None if model is None else model.alerting(),
        channels=() if model is None else tuple(model.channels()),
        store=None if model is None else model.store(),
        stream=None if stream is None else StreamRow(n_clients=stream.n_clients, n_dropped=stream.n_dropped),
        process=None if model is None else model.process(),
    )


def _name(state: Inclusion) -> SourceState:
    names: dict[Inclusion, SourceState] = {
        Inclusion.LOST: "lost",
        Inclusion.STALE: "stale",
        Inclusion.STOPPED: "stopped",
        Inclusion.STARTING: "starting",
        Inclusion.INCLUDED: "included",
    }
    return names[state]


def _worst(frame: Frame) -> Sequence[int]:
    """Return the rows of the accounts that are heard worst: by state, then the longest without a snapshot."""
    order = np.full(len(Inclusion), len(Inclusion), np.int64)
    order[list(WORST_FIRST)] = np.arange(len(WORST_FIRST))
    rows = np.flatnonzero(frame.inclusion != Inclusion.NONE)
    ranked = np.lexsort((frame.book.reconciled_at_ns[rows], order[frame.inclusion[rows]]))
    worst: list[int] = rows[ranked[:SOURCES_SHOWN_MAX]].tolist()
    return worst


def _source_row(frame: Frame, code: int, model: HealthModel | None) -> SourceRow:
    spec = frame.book.specs[code]
    if spec is None:
        raise AssertionError(f"row {code} of the frame counts as an account and has none")
    status = None if model is None else model.status_of(spec.account_id)
    return SourceRow(
        **msgspec.structs.asdict(connection_row(frame, code, status)),
        account_id=spec.account_id,
        venue=spec.venue,
        desk=spec.desk,
        inclusion=_name(Inclusion(int(frame.inclusion[code]))),
        is_key_unsafe=status is not None and status.is_key_unsafe,
        key_expires_at_ns=None if status is None else status.key_expires_at_ns,
        n_warnings=0 if status is None else len(status.warnings),
    )


def part_rows_of(heavy: Heavy, now_ns: int) -> list[PartRow]:
    """Return how old each heavy measure is, and why there is none."""
    found: list[PartRow] = []
    for field in fields(heavy):
        part: Part[object] = getattr(heavy, field.name)
        held = part.held_at(now_ns)
        found.append(
            PartRow(
                name=field.name,
                age_s=held.age_s,
                good_for_s=part.good_for_s,
                took_s=part.took_s if part.at_ns else None,
                reason=held.reason,
            )
        )
    return found
