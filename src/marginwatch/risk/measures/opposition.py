"""Accounts that bet against each other in one coin: margin tied up twice for no exposure."""

import heapq
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray

PAIRS_MAX = 100
"""Largest pairs listed; beyond that nobody reads on."""


class OpposedPair(NamedTuple):
    """A coin, an account long of it, an account short of it, both USD deltas (signed) and the amount that cancels."""

    coin: int
    long_account: int
    short_account: int
    long_usd: float
    short_usd: float
    offset_usd: float


def opposed_pairs(
    coin: CodeArray, account: CodeArray, net_usd: FloatArray, n_max: int = PAIRS_MAX
) -> list[OpposedPair]:
    """Return pairs of accounts whose nets in one coin cancel, largest offset first.

    Within a coin the largest long is set against the largest short until one side is used up, so that the offsets of a
    coin add up to the smaller of its two sides and no exposure is counted twice.

    Parameters
    ----------
    coin, account : ndarray of shape (n,), int64
        Codes; each (coin, account) at most once.
    net_usd : ndarray of shape (n,), float64
        Signed USD delta of the account in the coin, hedge legs already netted; NaN is left out.
    n_max : int, default=100
        Longest list returned.

    Cost: one sort of all; of pairs little more are made than are returned.
    """
    is_bet = ~np.isnan(net_usd) & (net_usd != 0.0)
    coin, account, net_usd = coin[is_bet], account[is_bet], net_usd[is_bet]
    if not coin.size or n_max < 1:
        return []
    # By coin, and within one from the largest short to the largest long.
    order = np.lexsort((net_usd, coin))
    coin, account, net_usd = coin[order], account[order], net_usd[order]
    first = np.flatnonzero(np.r_[True, coin[1:] != coin[:-1]])
    last = np.r_[first[1:], coin.size] - 1
    # No offset of a coin can be larger than the smaller of its largest long and short; below 0 one of them is missing.
    most = np.minimum(-net_usd[first], net_usd[last])
    best: list[tuple[float, int, int, OpposedPair]] = []
    for place in np.argsort(-most, kind="stable").tolist():
        if most[place] <= 0.0 or _is_full(best, n_max, float(most[place])):
            break
        mine = slice(int(first[place]), int(last[place]) + 1)
        for number, pair in enumerate(_matched(int(coin[mine.start]), account[mine], net_usd[mine])):
            # Among equals the first of the lowest coin stays.
            entry = (pair.offset_usd, -pair.coin, -number, pair)
            _ = heapq.heappush(best, entry) if len(best) < n_max else heapq.heappushpop(best, entry)
            if _is_full(best, n_max, min(pair.long_usd, -pair.short_usd)):
                break
    return [entry[-1] for entry in sorted(best, key=lambda entry: entry[:3], reverse=True)]


def _is_full(best: list[tuple[float, int, int, OpposedPair]], n_max: int, most: float) -> bool:
    """Return whether nothing of at most this offset can be among the largest any more."""
    return len(best) == n_max and most < best[0][0]


def _matched(coin: int, account: CodeArray, net_usd: FloatArray) -> Iterator[OpposedPair]:
    """Give the pairs of one coin, whose nets ascend; neither side of a pair is larger than that of the one before."""
    left, right = 0, len(net_usd) - 1
    short_usd, long_usd = float(net_usd[left]), float(net_usd[right])
    while left < right and short_usd < 0.0 < long_usd:
        offset = min(-short_usd, long_usd)
        yield OpposedPair(
            coin=coin,
            long_account=int(account[right]),
            short_account=int(account[left]),
            long_usd=float(net_usd[right]),
            short_usd=float(net_usd[left]),
            offset_usd=offset,
        )
        short_usd, long_usd = short_usd + offset, long_usd - offset
        if short_usd >= 0.0:
            left += 1
            short_usd = float(net_usd[left])
        if long_usd <= 0.0:
            right -= 1
            long_usd = float(net_usd[right])
