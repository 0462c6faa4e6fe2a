"""Snapshots replace: the whole of one account as the venue stated it at one moment."""

import msgspec

from marginwatch.model.activity import OpenOrder
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.failure import Failure
from marginwatch.model.ids import AccountId
from marginwatch.model.position import Position


class AccountSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything a complete sweep of one account returned.

    Parameters
    ----------
    account_id : AccountId
        The account.
    positions : tuple of Position
        Open rows of all categories; a row not listed is flat as of ``as_of_ns``.
    balances : tuple of Balance
        All coins; a coin not listed is gone as of ``as_of_ns``.
    account : AccountState
        Totals, margin mode and account type.
    open_orders : tuple of OpenOrder or None
        None where they were not asked for.
    as_of_ns : int
        The venue's clock when the *first* reply of the sweep was made: nothing later is contradicted by absence.
    ts_received_ns : int
        When the last reply was heard, UTC nanoseconds.
    asked_at_ns : int or None
        When it was begun, by our own clock, UTC nanoseconds: none of its rows is older, however wrong the venue's clock
        is. None where only the venue's time is known.
    failures : tuple of Failure
        Rows that could not be read; their contracts are not judged absent. One whose reason is ``not_covered`` names
        a whole category that could not be asked.
    not_covered : tuple of str
        Sentences for the owner: what belongs to the account and is not in this snapshot.
    """

    account_id: AccountId
    positions: tuple[Position, ...]
    balances: tuple[Balance, ...]
    account: AccountState
    as_of_ns: int
    ts_received_ns: int
    open_orders: tuple[OpenOrder, ...] | None = None
    asked_at_ns: int | None = None
    failures: tuple[Failure, ...] = ()
    not_covered: tuple[str, ...] = ()


class Break(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One difference found between our book and the venue's snapshot.

    Parameters
    ----------
    account_id, subject, field : str
        Account; ``instrument_id/position_side`` or asset; the field that differed.
    ours, theirs : str or None
        Both values as exact texts; None where that side had no such row.
    found_at_ns : int
        UTC nanoseconds.
    """

    account_id: AccountId
    subject: str
    field: str
    ours: str | None
    theirs: str | None
    found_at_ns: int
