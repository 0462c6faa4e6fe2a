"""What the route of one account answers: its row, coins, positions and ladder, and how it is heard."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from marginwatch.model.account import AccountSpec
from marginwatch.model.connectivity import LinkState
from marginwatch.model.risk_history import ModelErrorSample
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy_rows import LadderRow
from marginwatch.risk.table_rows import AccountRow, CoinRow, NotIncluded, PositionRow
from marginwatch.risk.tables import account_row, coin_rows, ladder_of, not_included, position_rows
from marginwatch.web.account_ports import AccountModel, SessionStatus
from marginwatch.web.history_replies import BreakRow, break_row
from marginwatch.web.names import require_known
from marginwatch.web.ports import BreakRecord
from marginwatch.web.replies import Reply

NS = 1e9


class ConnectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """How an account is heard. Ages are of the frame's moment, seconds, null for never.

    Parameters
    ----------
    state : {'starting', 'polling', 'streaming', 'lost', 'stopped'}
        Where its session stands.
    is_fresh : bool
        Whether it counts in totals.
    reason, reason_code : str or None
        Why it is lost or stopped, in a sentence and as a label.
    data_age_s, socket_reply_age_s, reconciled_age_s : float or None
        Since the last message with data, the last reply of any kind on the socket, the last complete snapshot.
    fresh_for_s, socket_alive_for_s : float
        How old the last snapshot and the socket's last reply may be.
    poll_s, reconcile_s : float or None
        The intervals that the budget can keep; null without a session.
    is_waiting_for_socket : bool
        Whether it stands in the connection queue.
    n_connects, n_messages, n_malformed, n_resyncs : int or None
        Since the session started; null without one.
    """

    state: Literal["starting", "polling", "streaming", "lost", "stopped"]
    is_fresh: bool
    reason: str | None
    reason_code: str | None
    data_age_s: float | None
    socket_reply_age_s: float | None
    reconciled_age_s: float | None
    fresh_for_s: float | None
    socket_alive_for_s: float | None
    poll_s: float | None
    reconcile_s: float | None
    is_waiting_for_socket: bool
    n_connects: int | None
    n_messages: int | None
    n_malformed: int | None
    n_resyncs: int | None


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the check of an account's key found; neither the key nor its secret.

    Parameters
    ----------
    is_checked : bool
        Whether the venue has answered.
    uid : str or None
        The venue's number of the account.
    is_unsafe : bool
        It can do more than read, which the configuration allows.
    is_unsafe_allowed : bool
        Whether the configuration allows that.
    expires_at_ns : int or None
        UTC nanoseconds; null if it does not expire or that is not known.
    expires_in_s : float or None
        The same from the frame's moment.
    warnings : tuple of str
        Sentences.
    """

    is_checked: bool
    uid: str | None
    is_unsafe: bool
    is_unsafe_allowed: bool
    expires_at_ns: int | None
    expires_in_s: float | None
    warnings: tuple[str, ...]


class ModelErrorRow(msgspec.Struct, frozen=True, kw_only=True):
    """How far our figure was from the venue's at a moment: (ours − theirs) ÷ theirs; ``gap_s`` is how old theirs was."""

    figure: Literal["maintenance_margin", "adjusted_equity"]
    at_ns: int
    error: float
    gap_s: float


class AccountDetail(Reply, frozen=True, kw_only=True):
    """Everything about one account.

    ``ladder`` has a row for each direction of the market that liquidates it, whatever its rank. ``not_included`` is of this
    account alone. ``breaks`` are the latest, newest first. ``model_errors`` are kept every hour, oldest first. Where these two
    could not be read they are empty, and ``history_problem`` says why.
    """

    row: AccountRow
    coins: tuple[CoinRow, ...]
    positions: tuple[PositionRow, ...]
    ladder: tuple[LadderRow, ...]
    connection: ConnectionRow
    key: KeyRow
    not_included: tuple[NotIncluded, ...]
    breaks: tuple[BreakRow, ...]
    model_errors: tuple[ModelErrorRow, ...]
    history_problem: str | None


def code_of(frame: Frame, account_id: str) -> int:
    """Return the row of an account in the book; letter case does not matter.

    Raises
    ------
    ConfigError
        If there is none of that name, with the most similar one.
    """
    wanted = account_id.casefold()
    for code, spec in enumerate(frame.book.specs):
        if spec is not None and spec.account_id.casefold() == wanted:
            return code
    require_known(frame, account=account_id)
    raise AssertionError(f"the name {account_id!r} is known and belongs to no account")


def account_detail(
    frame: Frame,
    code: int,
    accounts: AccountModel | None,
    breaks: Sequence[BreakRecord] = (),
    errors: Sequence[ModelErrorSample] = (),
    history_problem: str | None = None,
) -> AccountDetail:
    """Return everything about an account, by its row in the book.

    Parameters
    ----------
    frame : Frame
        Where it is looked up.
    code : int
        The account's row; see :func:`code_of`.
    accounts : AccountModel or None
        Its session; None for a picture that is no live one.
    breaks, errors : sequence
        What is stored about it.
    history_problem : str or None
        Why that could not be read.
    """
    spec = frame.book.specs[code]
    if spec is None:
        raise ValueError(f"code must be the row of an account, got {code}")
    name = spec.account_id
    status = None if accounts is None else accounts.status_of(name)
    return AccountDetail(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        row=account_row(frame, code),
        coins=tuple(coin_rows(frame, code, None if accounts is None else accounts.coin_heard_ns())),
        positions=tuple(position_rows(frame, name)),
        ladder=tuple(ladder_of(frame, name)),
        connection=connection_row(frame, code, status),
        key=_key(frame, spec, status),
        not_included=tuple(one for one in not_included(frame) if one.account_id == name),
        breaks=tuple(break_row(one.id, one.value) for one in breaks),
        model_errors=tuple(
            ModelErrorRow(
                figure="maintenance_margin" if one.figure == "maintenance_margin" else "adjusted_equity",
                at_ns=one.at_ns,
                error=one.error,
                gap_s=one.gap_s,
            )
            for one in errors
        ),
        history_problem=history_problem,
    )


def _age_s(frame: Frame, at_ns: int | None) -> float | None:
    return None if not at_ns else max(0.0, (frame.at_ns - at_ns) / NS)


def connection_row(frame: Frame, code: int, status: SessionStatus | None) -> ConnectionRow:
    """Return how an account is heard, by its row in the book; ``status`` is that of its session, if it has one."""
    link = frame.book.links[code] if status is None else status.connectivity
    state = LinkState.STARTING if link is None else link.link_state
    return ConnectionRow(
        state=state.value,
        is_fresh=link is not None and link.is_fresh(frame.at_ns),
        reason=None if link is None else link.reason,
        reason_code=None if link is None else link.reason_code,
        data_age_s=None if link is None else _age_s(frame, link.data_at_ns),
        socket_reply_age_s=None if link is None else _age_s(frame, link.socket_replied_at_ns),
        reconciled_age_s=None if link is None else _age_s(frame, link.reconciled_at_ns),
        fresh_for_s=None if link is None else link.fresh_for_ns / NS,
        socket_alive_for_s=None if link is None else link.socket_alive_for_ns / NS,
        poll_s=None if status is None else status.poll_s,
        reconcile_s=None if status is None else status.reconcile_s,
        is_waiting_for_socket=status is not None and status.is_waiting_for_socket,
        n_connects=None if status is None else status.n_connects,
        n_messages=None if status is None else status.n_messages,
        n_malformed=None if status is None else status.n_malformed,
        n_resyncs=None if status is None else status.n_resyncs,
    )


def _key(frame: Frame, spec: AccountSpec, status: SessionStatus | None) -> KeyRow:
    ends_ns = None if status is None else status.key_expires_at_ns
    return KeyRow(
        is_checked=status is not None and status.uid is not None,
        uid=None if status is None else status.uid,
        is_unsafe=status is not None and status.is_key_unsafe,
        is_unsafe_allowed=spec.allow_unsafe_key,
        expires_at_ns=ends_ns,
        expires_in_s=None if ends_ns is None else (ends_ns - frame.at_ns) / NS,
        warnings=() if status is None else status.warnings,
    )
