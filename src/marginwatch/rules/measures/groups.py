"""Measures of sums over accounts: of everything, of a venue, of a desk, of a tag."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.model.alert import Unit
from marginwatch.risk.answers import Answer
from marginwatch.risk.group_measures import GroupMeasures
from marginwatch.risk.measures.exposure import counted, direction_bias, grouped, hedge_ratio
from marginwatch.rules.column import Column, Measure, Moment
from marginwatch.rules.measures.columns import (
    SHARE_MAX,
    Made,
    Reason,
    frame_of,
    group_column,
    missing_where,
    multiple,
    share,
)
from marginwatch.rules.members import RECKONED, GroupScope, groups_of

SCOPES: tuple[GroupScope, ...] = ("portfolio", "venue", "desk", "tag")

INFINITE = float("inf")

Make = Callable[[GroupMeasures], Made]


def _lacks(of: GroupMeasures) -> Reason:
    def reason(row: int) -> str:
        if not of.n_accounts[row]:
            return "none of its accounts counts"
        return (
            f"not known: {int(of.n_unvalued[row])} positions without a price, {int(of.n_without_pnl[row])} without a profit, "
            f"equity of {int(of.n_without_equity[row])} accounts"
        )

    return reason


def _numbers(values: FloatArray) -> Made:
    return Made(values, np.zeros(values.shape, np.uint8))


def _net(of: GroupMeasures) -> FloatArray:
    return of.long_usd - of.short_usd


def _gross(of: GroupMeasures) -> FloatArray:
    return of.long_usd + of.short_usd


def _priced(made: Made, of: GroupMeasures, *, is_least: bool = False) -> Made:
    return made.lacking(of.n_unvalued, of.n_positions, is_least=is_least)


def _to_equity(amount: FloatArray, of: GroupMeasures) -> Made:
    return multiple(amount, of.equity_usd).lacking(of.n_without_equity, of.n_accounts)


def _hedge_ratio(of: GroupMeasures) -> Made:
    return _priced(Made(of.hedge_ratio, of.hedge_ratio_answer), of)


def _with_wallet(made: Made, of: GroupMeasures) -> Made:
    return made.lacking(of.n_unvalued + of.n_unknown_coins, of.n_positions)


def _hedge_ratio_with_wallet(of: GroupMeasures) -> Made:
    return _with_wallet(Made(*hedge_ratio(of.long_with_wallet_usd, of.short_with_wallet_usd)), of)


def _one_sided_with_wallet(of: GroupMeasures) -> Made:
    long_usd, short_usd = of.long_with_wallet_usd, of.short_with_wallet_usd
    return _with_wallet(share(np.maximum(long_usd, short_usd), long_usd + short_usd), of)


def _loss_share(of: GroupMeasures) -> Made:
    return _priced(share(-of.pnl_usd, _gross(of)), of).lacking(of.n_without_pnl, of.n_positions)


def _one_sided(of: GroupMeasures) -> Made:
    return _priced(share(np.maximum(of.long_usd, of.short_usd), _gross(of)), of)


def _margin_share(name: str) -> Make:
    def make(of: GroupMeasures) -> Made:
        made = _to_equity(getattr(of, f"{name}_usd"), of)
        return made.lacking(getattr(of, f"n_without_{name}"), of.n_accounts)

    return make


def _sum(name: str) -> Make:
    def make(of: GroupMeasures) -> Made:
        return _numbers(getattr(of, f"{name}_usd")).lacking(getattr(of, f"n_without_{name}"), of.n_accounts)

    return make


FAMILY: tuple[tuple[str, Unit, float, float, str, Make], ...] = (
    ("equity_usd", "usd", -INFINITE, INFINITE, "Sum of equities at live marks; low is bad.", _sum("equity")),
    ("free_usd", "usd", 0.0, INFINITE, "Sum of what is free for new risk; low is bad.", _sum("free")),
    (
        "gross_exposure_usd",
        "usd",
        0.0,
        INFINITE,
        "Long + short USD delta of the derivatives; high is bad.",
        lambda of: _priced(_numbers(_gross(of)), of, is_least=True),
    ),
    (
        "net_exposure_usd",
        "usd",
        -INFINITE,
        INFINITE,
        "Long − short USD delta of the derivatives; far from 0 is bad.",
        lambda of: _priced(_numbers(_net(of)), of),
    ),
    (
        "net_exposure_with_wallet_usd",
        "usd",
        -INFINITE,
        INFINITE,
        "The same with the coins in wallets, cash apart; far from 0 is bad.",
        lambda of: _with_wallet(_numbers(of.long_with_wallet_usd - of.short_with_wallet_usd), of),
    ),
    (
        "gross_exposure_to_equity",
        "times",
        0.0,
        SHARE_MAX,
        "Gross USD delta ÷ equity; high is bad.",
        lambda of: _priced(_to_equity(_gross(of), of), of, is_least=True),
    ),
    (
        "net_exposure_to_equity",
        "times",
        -SHARE_MAX,
        SHARE_MAX,
        "Net USD delta ÷ equity; far from 0 is bad.",
        lambda of: _priced(_to_equity(_net(of), of), of),
    ),
    (
        "net_exposure_share",
        "fraction",
        -1.0,
        1.0,
        "Net ÷ gross USD delta; far from 0 is a bet on one direction.",
        lambda of: _priced(share(_net(of), _gross(of)), of),
    ),
    (
        "one_sided_delta_share",
        "fraction",
        0.5,
        1.0,
        "The larger of long and short USD delta ÷ gross; 1 is all on one side.",
        _one_sided,
    ),
    (
        "one_sided_delta_share_with_wallet",
        "fraction",
        0.5,
        1.0,
        "The larger of long and short USD delta ÷ gross, coins in wallets included, cash apart; 1 is all on one side.",
        _one_sided_with_wallet,
    ),
    (
        "hedge_ratio",
        "fraction",
        0.0,
        1.0,
        "The smaller ÷ the larger of long and short USD delta; 1 is hedged, 0 a one-way bet.",
        _hedge_ratio,
    ),
    (
        "hedge_ratio_with_wallet",
        "fraction",
        0.0,
        1.0,
        "The smaller ÷ the larger of long and short USD delta, coins in wallets included, cash apart; 1 is hedged, 0 a one-way bet.",
        _hedge_ratio_with_wallet,
    ),
    (
        "unrealized_pnl_usd",
        "usd",
        -INFINITE,
        INFINITE,
        "Open profit at live marks; low is bad.",
        lambda of: _numbers(of.pnl_usd).lacking(of.n_without_pnl, of.n_positions),
    ),
    (
        "unrealized_loss_share",
        "fraction",
        -INFINITE,
        INFINITE,
        "Open loss ÷ gross USD delta; a profit is below 0, high is bad.",
        _loss_share,
    ),
    (
        "unrealized_loss_to_equity",
        "fraction",
        -SHARE_MAX,
        SHARE_MAX,
        "Open loss ÷ equity; a profit is below 0, high is bad.",
        lambda of: _to_equity(-of.pnl_usd, of).lacking(of.n_without_pnl, of.n_positions),
    ),
    (
        "initial_margin_to_equity",
        "fraction",
        0.0,
        SHARE_MAX,
        "Sum of initial margins ÷ equity; high is bad. Margin of one account does not help another: look at accounts too.",
        _margin_share("initial_margin"),
    ),
    (
        "maintenance_margin_to_equity",
        "fraction",
        0.0,
        SHARE_MAX,
        "Sum of maintenance margins ÷ equity; high is bad.",
        _margin_share("maintenance_margin"),
    ),
    ("n_positions", "count", 0.0, INFINITE, "Open positions.", lambda of: _numbers(of.n_positions)),
    (
        "n_accounts",
        "count",
        0.0,
        INFINITE,
        "Accounts whose holdings are known, heard at present or not.",
        lambda of: _numbers(of.n_accounts),
    ),
)
"""Name, unit, what it can reach, description, how it is made."""


def _measure(
    scope: GroupScope, name: str, unit: Unit, lowest: float, highest: float, description: str, make: Make
) -> Measure:
    def read(moment: Moment) -> Column:
        of = moment.members.groups(scope, frame_of(moment))
        # Nobody counts although there are accounts: nothing is known, not even that a question makes no sense.
        unheard = (of.n_accounts == 0.0) & (of.n_left_out > 0.0)
        made = make(of)
        found = Made(*missing_where(made.values, made.answers, unheard), made.partial)
        return group_column(moment, scope, found, _lacks(of))

    return Measure(f"{scope}.{name}", scope, unit, lowest, highest, description, read)


def _not_heard_share(scope: GroupScope) -> Measure:
    def read(moment: Moment) -> Column:
        of = groups_of(scope, frame_of(moment))
        awaited = moment.members.n_awaited(scope, frame_of(moment))
        lacking = np.zeros(of.n_accounts.shape) if awaited is None else awaited.astype(np.float64)
        made = share(lacking, of.n_accounts + of.n_left_out)
        # It says that accounts are not heard: nothing in it is doubtful because of that.
        return group_column(moment, scope, made, _lacks(of))._replace(is_doubtful=None, doubt=None)

    return Measure(
        f"{scope}.unheard_accounts_share",
        scope,
        "fraction",
        0.0,
        1.0,
        "Accounts that are stale or lost ÷ all; high is bad.",
        read,
    )


COUNT_EVERY_NS = 2_000_000_000
"""How old counts of positions by side may be: nobody is woken by them."""


LEG_LEAST = 0.1
"""From what part of an account's derivatives on a coin the coin in its wallet is a leg of a hedge, and not a remainder."""


class _Sides(NamedTuple):
    """How many longs and shorts each account has, and how many coins in its wallet hedge its derivatives: shape (n_accounts,)."""

    at_ns: int
    long: FloatArray
    short: FloatArray
    long_coins: FloatArray
    short_coins: FloatArray


def _sides(moment: Moment) -> _Sides:
    """Return what was counted every few seconds."""
    frame, size = frame_of(moment), frame_of(moment).inclusion.shape[0]

    def count() -> _Sides:
        # One pass over all positions: longs less shorts, and what both add up to is counted already.
        side = grouped(frame.book.account, np.sign(frame.book.quantity), size)
        both = frame.accounts.n_positions
        net, coin = frame.holdings.net_usd, frame.holdings.bet_usd
        is_leg = (coin * net < 0.0) & (np.abs(coin) >= LEG_LEAST * np.abs(net))
        owner = frame.book.holding_account
        legs = [counted(owner[is_leg & (sign * coin > 0.0)], size) for sign in (1.0, -1.0)]
        return _Sides(frame.at_ns, (both + side) / 2.0, (both - side) / 2.0, *legs)

    return moment.members.once(
        "sides", (frame.at_ns // COUNT_EVERY_NS, frame.book.groups_version, size), count
    )


def _bias_by_group(scope: GroupScope, *, with_wallet: bool) -> Measure:
    def read(moment: Moment) -> Column:
        frame = frame_of(moment)
        at_ns, long, short, long_coins, short_coins = _sides(moment)
        if with_wallet:
            long, short = long + long_coins, short + short_coins
        rows, groups = moment.members.members(scope, frame)
        counts = RECKONED[frame.inclusion[rows]]
        rows, groups = rows[counts], groups[counts]
        of = moment.members.groups(scope, frame)
        n: int = of.n_accounts.shape[0]
        by_side = [np.bincount(groups, weights=side[rows], minlength=n) for side in (long, short)]
        values = np.array([direction_bias(float(a), float(b)) for a, b in zip(*by_side, strict=True)])
        answers = np.where(np.isnan(values), np.uint8(Answer.NOT_APPLICABLE), np.uint8(Answer.NUMBER))
        return group_column(moment, scope, Made(values, answers), _lacks(of), at_ns)

    told = "(Long − short) ÷ all positions, counted; 1 is all long, −1 all short."
    if with_wallet:
        told = "(Long − short) ÷ all positions, counted, with the coins that hedge them in the same wallet; 1 is all long, −1 all short."
    suffix = "_with_wallet" if with_wallet else ""
    return Measure(f"{scope}.direction_bias_by_count{suffix}", scope, "fraction", -1.0, 1.0, told, read)


MEASURES = (
    *(_measure(scope, *one) for scope in SCOPES for one in FAMILY),
    *(_not_heard_share(scope) for scope in SCOPES),
    *(_bias_by_group(scope, with_wallet=False) for scope in SCOPES),
    *(_bias_by_group(scope, with_wallet=True) for scope in SCOPES),
)
