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


STREAMING, POLLING = LINK_CODES[LinkState.STREAMING], LINK_CODES[LinkState.POLLING]

AT_BEST: InclusionArray = np.array(
    [
        {
            LinkState.STARTING: Inclusion.STARTING,
            LinkState.LOST: Inclusion.LOST,
            LinkState.STOPPED: Inclusion.STOPPED,
        }.get(state, Inclusion.INCLUDED)
        for state in LINK_CODES
    ],
    np.uint8,
)
"""By code of a link's state: what an account in it is, heard lately enough."""


def inclusion(accounts: AccountTable, now_ns: int, rows: CodeArray | None = None) -> InclusionArray:
    """Return for each account's row, or for some ``rows``, whether it counts, as :meth:`Connectivity.is_fresh` judges it.

    Returns
    -------
    ndarray of shape (n_accounts,), uint8
        :class:`Inclusion`; ``NONE`` in row 0 and rows not in use.
    """
    picked = slice(accounts.size) if rows is None else rows
    link, reconciled = accounts.link_state[picked], accounts.reconciled_at_ns[picked]
    is_streaming = link == STREAMING
    is_live = is_streaming | (link == POLLING)
    is_old = now_ns - reconciled > accounts.fresh_for_ns[picked]
    replied = accounts.socket_replied_at_ns[picked]
    is_silent = is_streaming & (now_ns - replied > accounts.socket_alive_for_ns[picked])
    states = AT_BEST.take(link)
    states[is_live & (is_old | is_silent)] = Inclusion.STALE
    states[is_live & (reconciled == 0)] = Inclusion.STARTING
    states[accounts.venue[picked] == 0] = Inclusion.NONE
    return states
