"""Who holds how much of which coin: the largest of both, and what lies beyond them."""

from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import Asset
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.exposure import counted, grouped
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.web.replies import Reply

GroupKind = Literal["account", "desk"]


class MatrixAsset(msgspec.Struct, frozen=True, kw_only=True):
    """A coin over all accounts that count, shown or not: signed USD delta, as rows of exposure have it.

    ``rest_usd`` and ``rest_with_wallet_usd`` are the part of the groups that are not shown. Left out are ``n_unvalued`` positions
    without a price, and ``n_unknown_coins`` wallets whose coin has none or was not heard.
    """

    name: Asset
    net_usd: float
    net_with_wallet_usd: float
    rest_usd: float
    rest_with_wallet_usd: float
    n_unvalued: int
    n_unknown_coins: int


class MatrixGroup(msgspec.Struct, frozen=True, kw_only=True):
    """An account or desk over all coins: signed and unsigned USD delta; ``name`` is null for accounts without a desk.

    What is left out is counted as in :class:`MatrixAsset`.
    """

    name: str | None
    net_usd: float
    gross_usd: float
    net_with_wallet_usd: float
    gross_with_wallet_usd: float
    n_unvalued: int
    n_unknown_coins: int


class MatrixCell(msgspec.Struct, frozen=True, kw_only=True):
    """What one group holds of one coin; a pair without a cell holds nothing.

    Parameters
    ----------
    asset, group : int
        Places in ``assets`` and ``groups``.
    net_usd : float or None
        Signed USD delta of its positions that have a price; None where none of them has one.
    net_with_wallet_usd : float or None
        The same with the wallet's coin; None too where that has no price or was not heard.
    n_positions, n_unvalued : int
        Positions, and those of them without a price, which the figures leave out.
    """

    asset: int
    group: int
    net_usd: float | None
    net_with_wallet_usd: float | None
    n_positions: int
    n_unvalued: int


class MatrixReply(Reply, frozen=True, kw_only=True):
    """Exposure of coins by account or desk, of the accounts that count, the largest first.

    ``n_assets`` and ``n_groups`` are how many hold anything; ``n_left_out`` counts accounts that do not count.
    """

    by: GroupKind
    assets: tuple[MatrixAsset, ...]
    groups: tuple[MatrixGroup, ...]
    cells: tuple[MatrixCell, ...]
    n_assets: int
    n_groups: int
    n_left_out: int


@dataclass(slots=True, frozen=True)
class _Pairs:
    """Pairs of a coin and a group that hold something, each once; USD, shape (n_pairs,)."""

    coin: CodeArray
    group: CodeArray
    net: FloatArray
    bet: FloatArray
    n_positions: FloatArray
    n_unvalued: FloatArray
    n_unknown: FloatArray


def matrix_reply(
    frame: Frame, by: GroupKind = "account", n_assets: int = 30, n_groups: int = 60
) -> MatrixReply:
    """Return exposure by coin and account, or coin and desk.

    Parameters
    ----------
    frame : Frame
        Whose.
    by : {'account', 'desk'}
        What the groups are.
    n_assets, n_groups : int
        How many are shown at most: those with the largest gross delta, wallets included.
    """
    pairs = _pairs(frame, by)
    coins = _largest(pairs.coin, pairs, n_assets)
    groups = _largest(pairs.group, pairs, n_groups)
    return MatrixReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        by=by,
        assets=_assets(frame, pairs, coins, groups),
        groups=_groups(frame, by, pairs, groups),
        cells=_cells(pairs, coins, groups),
        n_assets=len(np.unique(pairs.coin)),
        n_groups=len(np.unique(pairs.group)),
        n_left_out=int(frame.portfolio.n_left_out[1]),
    )


def _pairs(frame: Frame, by: GroupKind) -> _Pairs:
    book, of = frame.book, frame.holdings
    n = len(book.holding_account)
    is_open = (book.quantity != 0.0) & (book.account > 0)
    n_positions = counted(book.holding[is_open], n)
    n_unvalued = counted(book.holding[frame.rows.unvalued], n)
    is_unknown: BoolArray = np.isnan(of.wallet_usd) & ~frame.prices.is_cash[book.holding_asset]
    counts = (frame.inclusion == Inclusion.INCLUDED)[book.holding_account]
    chosen = np.flatnonzero(counts & ((n_positions > 0.0) | (of.bet_usd != 0.0) | is_unknown))
    account = book.holding_account[chosen]
    group = account if by == "account" else book.account_desk[account]
    # A venue may have several assets that are one coin, and a desk several accounts.
    width = int(group.max(initial=0)) + 1
    keys, of_pair = np.unique(
        frame.prices.coin[book.holding_asset[chosen]] * width + group, return_inverse=True
    )

    def total(values: FloatArray) -> FloatArray:
        return grouped(of_pair, values[chosen].astype(float), len(keys))

    return _Pairs(
        coin=keys // width,
        group=keys % width,
        net=total(of.net_usd),
        bet=total(of.bet_usd),
        n_positions=total(n_positions),
        n_unvalued=total(n_unvalued),
        n_unknown=total(is_unknown.astype(float)),
    )


def _largest(codes: CodeArray, pairs: _Pairs, n_max: int) -> CodeArray:
    """Return the codes with the largest gross delta, largest first."""
    found, of_code = np.unique(codes, return_inverse=True)
    size = grouped(of_code, np.abs(pairs.net) + np.abs(pairs.net + pairs.bet), len(found))
    return found[np.argsort(-size, kind="stable")[:n_max]]


def _assets(frame: Frame, pairs: _Pairs, coins: CodeArray, groups: CodeArray) -> tuple[MatrixAsset, ...]:
    of = frame.assets
    n_coins = len(of.long_usd)
    beyond = ~np.isin(pairs.group, groups)
    rest = grouped(pairs.coin[beyond], pairs.net[beyond], n_coins)
    rest_bet = grouped(pairs.coin[beyond], pairs.bet[beyond], n_coins)
    n_unknown = grouped(pairs.coin, pairs.n_unknown, n_coins)
    net = of.long_usd - of.short_usd
    return tuple(
        MatrixAsset(
            name=frame.book.coins[coin] or "",
            net_usd=float(net[coin]),
            net_with_wallet_usd=float(net[coin] + of.bet_usd[coin]),
            rest_usd=float(rest[coin]),
            rest_with_wallet_usd=float(rest[coin] + rest_bet[coin]),
            n_unvalued=int(of.n_unvalued[coin]),
            n_unknown_coins=int(n_unknown[coin]),
        )
        for coin in map(int, coins)
    )


def _groups(frame: Frame, by: GroupKind, pairs: _Pairs, groups: CodeArray) -> tuple[MatrixGroup, ...]:
    of = frame.accounts if by == "account" else frame.desks
    n_unknown = grouped(pairs.group, pairs.n_unknown, len(of.long_usd))
    return tuple(
        MatrixGroup(
            name=_name(frame, by, group),
            net_usd=float(of.long_usd[group] - of.short_usd[group]),
            gross_usd=float(of.long_usd[group] + of.short_usd[group]),
            net_with_wallet_usd=float(of.long_with_wallet_usd[group] - of.short_with_wallet_usd[group]),
            gross_with_wallet_usd=float(of.long_with_wallet_usd[group] + of.short_with_wallet_usd[group]),
            n_unvalued=int(of.n_unvalued[group]),
            n_unknown_coins=int(n_unknown[group]),
        )
        for group in map(int, groups)
    )


def _name(frame: Frame, by: GroupKind, group: int) -> str | None:
    if by == "desk":
        return frame.desk_names[group]
    spec = frame.book.specs[group]
    return None if spec is None else spec.account_id


def _cells(pairs: _Pairs, coins: CodeArray, groups: CodeArray) -> tuple[MatrixCell, ...]:
    row = {coin: place for place, coin in enumerate(coins.tolist())}
    column = {group: place for place, group in enumerate(groups.tolist())}
    shown = np.flatnonzero(np.isin(pairs.coin, coins) & np.isin(pairs.group, groups))
    cells: list[MatrixCell] = []
    for at in shown.tolist():
        n_positions, n_unvalued = int(pairs.n_positions[at]), int(pairs.n_unvalued[at])
        is_missing = 0 < n_positions == n_unvalued
        net, bet = float(pairs.net[at]), float(pairs.bet[at])
        cells.append(
            MatrixCell(
                asset=row[int(pairs.coin[at])],
                group=column[int(pairs.group[at])],
                net_usd=None if is_missing else net,
                net_with_wallet_usd=None if is_missing or pairs.n_unknown[at] else net + bet,
                n_positions=n_positions,
                n_unvalued=n_unvalued,
            )
        )
    return tuple(cells)
