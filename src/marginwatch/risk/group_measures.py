"""Sums over accounts that count: by coin, desk, tag and venue, and over all."""

from dataclasses import dataclass, fields

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.account_measures import AccountMeasures, Valued
from marginwatch.risk.answers import AnswerArray
from marginwatch.risk.measures.exposure import counted, grouped, hedge_ratio, zeroed
from marginwatch.risk.rows import Rows


@dataclass(slots=True, frozen=True)
class GroupMeasures:
    """Sums over the accounts of each group that count, shape (n_groups,), float64, USD; group 0 is *none*.

    Exposure as in :class:`~marginwatch.risk.account_measures.AccountMeasures`; the other sums leave out accounts whose
    number is missing, counted in ``n_without_equity`` and so on. ``n_left_out`` counts accounts that do not count.
    """

    long_usd: FloatArray
    short_usd: FloatArray
    long_with_wallet_usd: FloatArray
    short_with_wallet_usd: FloatArray
    hedge_ratio: FloatArray
    hedge_ratio_answer: AnswerArray
    pnl_usd: FloatArray
    n_accounts: FloatArray
    n_left_out: FloatArray
    n_positions: FloatArray
    n_unvalued: FloatArray
    n_without_pnl: FloatArray
    n_stale: FloatArray
    n_unknown_coins: FloatArray
    equity_usd: FloatArray
    n_without_equity: FloatArray
    initial_margin_usd: FloatArray
    n_without_initial_margin: FloatArray
    maintenance_margin_usd: FloatArray
    n_without_maintenance_margin: FloatArray
    free_usd: FloatArray
    n_without_free: FloatArray


SUMMED = (
    "long_usd",
    "short_usd",
    "long_with_wallet_usd",
    "short_with_wallet_usd",
    "pnl_usd",
    "n_positions",
    "n_unvalued",
    "n_without_pnl",
    "n_stale",
    "n_unknown_coins",
)
"""Measures of accounts that are never missing, whose sums have the same name."""

MONEY = ("equity", "initial_margin", "maintenance_margin", "free")
"""Those that may be missing: of each there is a sum, ``…_usd``, and a count of what it leaves out, ``n_without_…``."""


def summable(of_accounts: AccountMeasures) -> FloatArray:
    """Return what groups sum, one row each, shape (18, n_accounts): ``SUMMED``, ``MONEY``, and where that is missing."""
    n, k = len(SUMMED), of_accounts.long_usd.shape[0]
    block = np.empty((n + 2 * len(MONEY), k))
    for row, name in zip(block, SUMMED, strict=False):
        row[:] = getattr(of_accounts, name)
    money, missing = block[n : n + len(MONEY)], block[n + len(MONEY) :]
    for row, name in zip(money, MONEY, strict=True):
        row[:] = getattr(of_accounts, f"{name}_usd")
    np.isnan(money, out=missing)
    money[missing > 0.0] = 0.0
    return block


def measure_groups(
    block: FloatArray, accounts: CodeArray, groups: CodeArray, n_groups: int, counts: BoolArray
) -> GroupMeasures:
    """Return the sums of each group.

    Parameters
    ----------
    block : ndarray of shape (18, n_accounts), float64
        From :func:`summable`.
    accounts, groups : ndarray of shape (n_members,), int64
        Membership: account and group of each; an account may be in several groups, as with tags.
    n_groups : int
        Number of groups, *none* included.
    counts : ndarray of shape (n_accounts,), bool
        Which accounts count.
    """
    mine = counts[accounts]
    left_out = counted(groups[~mine], n_groups)
    accounts, groups = accounts[mine], groups[mine]
    # Member by member of one group, so that all sums are made along runs in one go.
    order = np.argsort(groups, kind="stable")
    sums = np.zeros((block.shape[0], n_groups))
    if order.shape[0]:
        groups = groups[order]
        first = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1])))
        sums[:, groups[first]] = np.add.reduceat(block.take(accounts[order], axis=1), first, axis=1)
    n = len(SUMMED)
    named = dict(zip(SUMMED, sums[:n], strict=True))
    named |= {f"{name}_usd": total for name, total in zip(MONEY, sums[n:], strict=False)}
    named |= {f"n_without_{name}": count for name, count in zip(MONEY, sums[n + len(MONEY) :], strict=True)}
    ratio, ratio_answer = hedge_ratio(named["long_usd"], named["short_usd"])
    return GroupMeasures(
        hedge_ratio=ratio,
        hedge_ratio_answer=ratio_answer,
        n_accounts=counted(groups, n_groups),
        n_left_out=left_out,
        **named,
    )


def measure_all(of_parts: GroupMeasures) -> GroupMeasures:
    """Return the sums over everything as group 1, from groups that hold each account exactly once."""
    sums = {
        field.name: np.array([0.0, getattr(of_parts, field.name).sum()])
        for field in fields(GroupMeasures)
        if not field.name.startswith("hedge_ratio")
    }
    ratio, ratio_answer = hedge_ratio(sums["long_usd"], sums["short_usd"])
    return GroupMeasures(hedge_ratio=ratio, hedge_ratio_answer=ratio_answer, **sums)


@dataclass(slots=True, frozen=True)
class AssetMeasures:
    """Sums over the holdings of accounts that count, by coin, shape (n_coins,), float64; coin 0 is *none*.

    ``coin_equity`` is in the coin, ``wallet_usd`` its value, both of cash too; ``bet_usd`` is 0 for cash. What is
    unknown is left out and counted in ``n_unknown_coins``; positions without a price make ``n_unvalued``.
    """

    long_usd: FloatArray
    short_usd: FloatArray
    bet_usd: FloatArray
    coin_equity: FloatArray
    wallet_usd: FloatArray
    n_unknown_coins: FloatArray
    n_unvalued: FloatArray
    hedge_ratio: FloatArray
    hedge_ratio_answer: AnswerArray


def measure_assets(
    rows: Rows,
    valued: Valued,
    contract_coin: CodeArray,
    asset_coin: CodeArray,
    n_coins: int,
    counts: BoolArray,
) -> AssetMeasures:
    """Return the sums of each coin over all venues.

    Parameters
    ----------
    rows, valued : Rows, Valued
        Everything.
    contract_coin, asset_coin : ndarray of int64
        Code of the coin that each contract is a bet on, and that each row of the asset table is.
    n_coins : int
        Number of coins, *none* included.
    counts : ndarray of shape (n_accounts,), bool
        Which accounts count.
    """
    # Accounts that do not count go to coin 0, which is none: cheaper than picking the others out.
    coin = contract_coin.take(rows.instrument)
    wallet_coin = np.where(counts[rows.coin_owner], asset_coin.take(rows.coin_asset), 0)
    if not counts[rows.venue > 0].all():
        coin = np.where(counts.take(rows.account), coin, 0)
    wallets = valued.wallets
    is_unknown: BoolArray = np.isnan(wallets.worth)
    is_unheard: BoolArray = np.isnan(wallets.amount)

    def total(codes: CodeArray, values: FloatArray) -> FloatArray:
        sums = grouped(codes, values, n_coins)
        sums[0] = 0.0
        return sums

    long_usd, short_usd = total(coin, valued.long_side), total(coin, valued.short_side)
    ratio, ratio_answer = hedge_ratio(long_usd, short_usd)
    unvalued, unknown = coin[valued.rows.unvalued], wallet_coin[is_unknown]
    return AssetMeasures(
        long_usd=long_usd,
        short_usd=short_usd,
        bet_usd=total(wallet_coin, wallets.bet_usd),
        coin_equity=total(wallet_coin, zeroed(wallets.amount, is_unheard)),
        wallet_usd=total(wallet_coin, zeroed(wallets.worth, is_unknown)),
        n_unknown_coins=total(unknown, np.ones(len(unknown))),
        n_unvalued=total(unvalued, np.ones(len(unvalued))),
        hedge_ratio=ratio,
        hedge_ratio_answer=ratio_answer,
    )
