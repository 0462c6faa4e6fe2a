"""Accounts that bet against each other in one coin: margin tied up twice for no exposure."""

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
    """
    is_bet = ~np.isnan(net_usd) & (net_usd != 0.0)
    coin, account, net_usd = coin[is_bet], account[is_bet], net_usd[is_bet]
    sides = np.zeros((2, int(coin.max(initial=0)) + 1), np.bool_)
    sides[0, coin[net_usd > 0]] = True
    sides[1, coin[net_usd < 0]] = True
    pairs: list[OpposedPair] = []
    for code in np.flatnonzero(sides[0] & sides[1]):
        mine = coin == code
        pairs += _match(int(code), account[mine], net_usd[mine])
    pairs.sort(key=lambda pair: -pair.offset_usd)
    return pairs[:n_max]


def _match(coin: int, account: CodeArray, net_usd: FloatArray) -> list[OpposedPair]:
    order = np.argsort(net_usd, kind="stable")
    left, right = 0, len(order) - 1
    remaining = net_usd.copy()
    pairs: list[OpposedPair] = []
    while left < right and remaining[order[left]] < 0.0 < remaining[order[right]]:
        short, long = order[left], order[right]
        offset = float(min(-remaining[short], remaining[long]))
        pairs.append(
            OpposedPair(
                coin=coin,
                long_account=int(account[long]),
                short_account=int(account[short]),
                long_usd=float(net_usd[long]),
                short_usd=float(net_usd[short]),
                offset_usd=offset,
            )
        )
        remaining[short] += offset
        remaining[long] -= offset
        if remaining[short] >= 0.0:
            left += 1
        if remaining[long] <= 0.0:
            right -= 1
    return pairs
