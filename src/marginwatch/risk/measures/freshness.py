"""Which accounts count in a total, and why the others do not."""

from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marginwatch.book.accounts import LINK_CODES, AccountTable
from marginwatch.book.table import CodeArray
from marginwatch.model.connectivity import LinkState

InclusionArray: TypeAlias = NDArray[np.uint8]


class Inclusion(IntEnum):
    """Whether an account is part of totals."""

    INCLUDED = 0
    STARTING = 1  # not heard yet, or no complete snapshot yet
    STALE = 2  # heard, but not lately enough
    LOST = 3  # neither socket nor REST answers
    STOPPED = 4  # refused, disabled or waiting for its owner
    NONE = 5  # no account in this row


def inclusion(accounts: AccountTable, now_ns: int, rows: CodeArray | None = None) -> InclusionArray:
    """Return for each account's row, or for some ``rows``, whether it counts, as :meth:`Connectivity.is_fresh` judges it.

    Returns
    -------
    ndarray of shape (n_accounts,), uint8
        :class:`Inclusion`; ``NONE`` in row 0 and rows not in use.
    """
    picked = slice(accounts.size) if rows is None else rows
    link, reconciled = accounts.link_state[picked], accounts.reconciled_at_ns[picked]
    is_streaming = link == LINK_CODES[LinkState.STREAMING]
    is_live = is_streaming | (link == LINK_CODES[LinkState.POLLING])
    is_young = now_ns - reconciled <= accounts.fresh_for_ns[picked]
    replied = accounts.socket_replied_at_ns[picked]
    is_alive = ~is_streaming | (now_ns - replied <= accounts.socket_alive_for_ns[picked])
    states = np.where(is_live & is_young & is_alive, np.uint8(Inclusion.INCLUDED), np.uint8(Inclusion.STALE))
    states[(link == LINK_CODES[LinkState.STARTING]) | (is_live & (reconciled == 0))] = Inclusion.STARTING
    states[link == LINK_CODES[LinkState.LOST]] = Inclusion.LOST
    states[link == LINK_CODES[LinkState.STOPPED]] = Inclusion.STOPPED
    states[accounts.venue[picked] == 0] = Inclusion.NONE
    return states
