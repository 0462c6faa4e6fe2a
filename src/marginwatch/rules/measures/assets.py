"""Measures of coins over all accounts: price, exposure, who bets against whom."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.model.alert import Unit
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.exposure import grouped, hedge_ratio
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.rules.column import Column, Measure, Moment, ReadColumn
from marginwatch.rules.measures.columns import (
    WHOLE_UNKNOWN,
    Made,
    Reason,
    frame_of,
    missing_where,
    said,
    share,
    whole_gross_usd,
)
from marginwatch.rules.members import AWAITED

INFINITE = float("inf")

SLOW_EVERY_NS = 2_000_000_000
"""How old sums over all holdings and positions may be that only informational rules read."""

Make = Callable[[Frame], Made]


def _lacks(frame: Frame) -> Reason:
    def reason(row: int) -> str:
        return f"{int(frame.assets.n_unvalued[row])} positions in it have no price"

    return reason


def _column(
    moment: Moment, values: FloatArray, answers: AnswerArray, reason: Reason, at_ns: int | None = None
) -> Column:
    """Return a column of coins, doubtful while an account that holds one is stale or lost."""
    frame, members = frame_of(moment), moment.members
    n = members.once("awaited coins", (frame,), lambda: _awaited(frame))
    doubted = None if n is None else n > 0

    def doubt(row: int) -> str:
        return f"{0 if n is None else int(n[row])} accounts that hold it are not heard"

    return Column(values, answers, reason, moment.at_ns if at_ns is None else at_ns, doubted, doubt)


def _awaited(frame: Frame) -> FloatArray | None:
    """Return how many stale or lost accounts have each coin; None if nobody is stale or lost."""
    is_awaited = AWAITED[frame.inclusion]
    if not is_awaited.any():
        return None
    book, n_coins = frame.book, frame.assets.long_usd.shape[0]
    rows = np.flatnonzero(is_awaited[book.holding_account])
    return np.bincount(frame.prices.coin[book.holding_asset[rows]], minlength=n_coins).astype(np.float64)


def _read(make: Make) -> ReadColumn:
    def read(moment: Moment) -> Column:
        frame = frame_of(moment)
        return _column(moment, *_known(make(frame), frame.assets.n_unvalued), _lacks(frame))

    return read


def _known(made: Made, n_unvalued: FloatArray) -> tuple[FloatArray, AnswerArray]:
    """Return numbers of coins, missing where a position in one has no price."""
    return missing_where(made.values, made.answers, n_unvalued > 0.0)


def _plain(values: FloatArray) -> Made:
    return Made(values, np.zeros(values.shape, np.uint8))


def _gross(frame: Frame) -> FloatArray:
    return frame.assets.long_usd + frame.assets.short_usd


def _net(frame: Frame) -> FloatArray:
    return frame.assets.long_usd - frame.assets.short_usd


def _of_whole(part: Callable[[Frame], FloatArray]) -> ReadColumn:
    """Return a reader of shares of the gross of everything."""

    def read(moment: Moment) -> Column:
        frame = frame_of(moment)
        amount = part(frame)
        gross = whole_gross_usd(moment)
        made = share(amount, np.full(amount.shape, gross))
        reason = said(WHOLE_UNKNOWN) if math.isnan(gross) else _lacks(frame)
        return _column(moment, *_known(made, frame.assets.n_unvalued), reason)

    return read


def prices_of(frame: Frame) -> FloatArray:
    """Return the USD price of each coin by its code: of the first venue that has one; NaN without any."""
    usd = np.full(frame.assets.long_usd.shape, np.nan)
    known = np.flatnonzero(~np.isnan(frame.prices.usd))[::-1]
    usd[frame.prices.coin[known]] = frame.prices.usd[known]
    usd[0] = np.nan
    return usd


def _price(moment: Moment) -> Column:
    """Return prices of the coins that somebody holds or bets on; of others nobody asks."""
    frame = frame_of(moment)
    of, values = frame.assets, prices_of(frame)
    is_held = (of.long_usd + of.short_usd > 0.0) | (of.wallet_usd != 0.0) | (of.n_unvalued > 0.0)
    answers = np.where(np.isnan(values), np.uint8(Answer.MISSING), np.uint8(Answer.NUMBER))
    answers[~is_held] = Answer.NOT_APPLICABLE

    def reason(_: int) -> str:
        return "no venue's price for it is young enough"

    return Column(np.where(is_held, values, np.nan), answers, reason, frame.at_ns)


def opposed(frame: Frame) -> FloatArray:
    """Return what accounts that count cancel of each other's bets, by code of the coin, USD ≥ 0.

    The smaller of the sums of accounts that are long of it on balance and of those that are short.
    """
    book, n_coins = frame.book, frame.assets.long_usd.shape[0]
    counts = (frame.inclusion == Inclusion.INCLUDED)[book.holding_account]
    net, coin = np.where(counts, frame.holdings.net_usd, 0.0), frame.prices.coin[book.holding_asset]
    long, short = (grouped(coin, np.maximum(sign * net, 0.0), n_coins) for sign in (1.0, -1.0))
    return np.minimum(long, short)


def _slow(moment: Moment, name: str, make: Callable[[Frame], FloatArray]) -> tuple[int, FloatArray]:
    """Return sums that are made every few seconds, and their moment."""
    frame, members = frame_of(moment), moment.members
    key = (frame.at_ns // SLOW_EVERY_NS, frame.assets.long_usd.shape[0])
    return members.once(name, key, lambda: (frame.at_ns, make(frame)))


def _opposed_usd(moment: Moment) -> Column:
    at_ns, values = _slow(moment, "opposed", opposed)
    frame = frame_of(moment)
    return _column(moment, *_known(_plain(values), frame.assets.n_unvalued), _lacks(frame), at_ns)


def _opposed_share(moment: Moment) -> Column:
    at_ns, values = _slow(moment, "opposed", opposed)
    frame = frame_of(moment)
    found = _known(share(2.0 * values, _gross(frame)), frame.assets.n_unvalued)
    return _column(moment, *found, _lacks(frame), at_ns)


def _count(frame: Frame) -> FloatArray:
    book, n_coins = frame.book, frame.assets.long_usd.shape[0]
    coin = frame.prices.coin[book.holding_asset]
    counts = (frame.inclusion == Inclusion.INCLUDED)[book.account] & (book.quantity != 0.0)
    return np.bincount(coin[book.holding[counts]], minlength=n_coins).astype(np.float64)


def _n_positions(moment: Moment) -> Column:
    at_ns, values = _slow(moment, "positions of coins", _count)
    return _column(moment, *_plain(values)[:2], _lacks(frame_of(moment)), at_ns)


NEUTRAL_TAG = "delta-neutral"
"""Tag of accounts that mean to have no delta; the measures called neutral are of these alone."""


class _Neutral(NamedTuple):
    """Of the accounts so tagged that count, by code of the coin, shape (n_coins,)."""

    at_ns: int
    long_usd: FloatArray
    short_usd: FloatArray
    n_positions: FloatArray
    n_unvalued: FloatArray


def _neutral(moment: Moment) -> _Neutral:
    """Return sums over neutral accounts, made every few seconds: of what each is long or short of on balance."""
    frame, members = frame_of(moment), moment.members

    def make() -> _Neutral:
        book, n_coins, names = frame.book, frame.assets.long_usd.shape[0], frame.tag_names
        code = names.index(NEUTRAL_TAG) if NEUTRAL_TAG in names else 0
        mine = np.zeros(frame.inclusion.shape[0], np.bool_)
        mine[members.tag_accounts[members.tags == code]] = True
        mine &= frame.inclusion == Inclusion.INCLUDED
        if not mine.any():
            return _Neutral(frame.at_ns, *np.zeros((4, n_coins)))
        coin = frame.prices.coin[book.holding_asset]
        held = np.flatnonzero(mine[book.holding_account])
        # With the wallet: who sells futures against coins that it holds bets against nobody.
        net, coins = frame.holdings.exposure_usd[held], coin[held]
        rows = np.flatnonzero(mine[book.account] & (book.quantity != 0.0))
        unvalued = held[frame.holdings.is_unvalued[held]]
        return _Neutral(
            frame.at_ns,
            grouped(coins, np.maximum(net, 0.0), n_coins),
            grouped(coins, np.maximum(-net, 0.0), n_coins),
            np.bincount(coin[book.holding[rows]], minlength=n_coins).astype(np.float64),
            np.bincount(coin[unvalued], minlength=n_coins).astype(np.float64),
        )

    # Not in the same frame as other sums that are made so often.
    turn = (frame.at_ns + SLOW_EVERY_NS // 2) // SLOW_EVERY_NS
    key = (turn, frame.book.groups_version, frame.assets.long_usd.shape[0])
    return members.once("neutral", key, make)


def _of_neutral(make: Callable[[_Neutral], Made]) -> ReadColumn:
    def read(moment: Moment) -> Column:
        of = _neutral(moment)
        found = _known(make(of), of.n_unvalued)
        return _column(moment, *found, _lacks(frame_of(moment)), of.at_ns)

    return read


def _measure(
    name: str, unit: Unit, lowest: float, highest: float, description: str, read: ReadColumn
) -> Measure:
    return Measure(f"asset.{name}", "asset", unit, lowest, highest, description, read)


MEASURES = (
    _measure("price", "usd", 0.0, INFINITE, "USD price of a coin that is held or bet on.", _price),
    _measure(
        "gross_exposure_usd",
        "usd",
        0.0,
        INFINITE,
        "Long + short USD delta of the derivatives on it; high is bad.",
        _read(lambda frame: _plain(_gross(frame))),
    ),
    _measure(
        "net_exposure_usd",
        "usd",
        -INFINITE,
        INFINITE,
        "Long − short USD delta of the derivatives on it; far from 0 is bad.",
        _read(lambda frame: _plain(_net(frame))),
    ),
    _measure(
        "concentration",
        "fraction",
        0.0,
        1.0,
        "Net USD delta of it without sign ÷ gross USD delta of everything; high is bad.",
        _of_whole(lambda frame: np.abs(_net(frame))),
    ),
    _measure(
        "gross_share",
        "fraction",
        0.0,
        1.0,
        "Gross USD delta of it ÷ that of everything; high is bad.",
        _of_whole(_gross),
    ),
    _measure(
        "hedge_ratio",
        "fraction",
        0.0,
        1.0,
        "The smaller ÷ the larger of long and short USD delta on it; 1 is hedged, 0 a one-way bet.",
        _read(lambda frame: Made(frame.assets.hedge_ratio, frame.assets.hedge_ratio_answer)),
    ),
    _measure(
        "opposed_usd",
        "usd",
        0.0,
        INFINITE,
        "What accounts that bet against each other in it cancel: margin tied up twice for no exposure.",
        _opposed_usd,
    ),
    _measure(
        "opposed_share",
        "fraction",
        0.0,
        1.0,
        "Both sides of that ÷ gross USD delta of it; high is bad.",
        _opposed_share,
    ),
    _measure(
        "neutral_hedge_ratio",
        "fraction",
        0.0,
        1.0,
        "Hedge ratio of the accounts tagged delta-neutral, each with its net in the coin, its wallet included.",
        _of_neutral(lambda of: Made(*hedge_ratio(of.long_usd, of.short_usd))),
    ),
    _measure(
        "neutral_opposed_usd",
        "usd",
        0.0,
        INFINITE,
        "What accounts tagged delta-neutral that bet against each other in it cancel.",
        _of_neutral(lambda of: _plain(np.minimum(of.long_usd, of.short_usd))),
    ),
    _measure(
        "neutral_opposed_share",
        "fraction",
        0.0,
        1.0,
        "Both sides of that ÷ what these accounts are long and short of it on balance, wallets included.",
        _of_neutral(
            lambda of: share(2.0 * np.minimum(of.long_usd, of.short_usd), of.long_usd + of.short_usd)
        ),
    ),
    _measure(
        "neutral_gross_exposure_usd",
        "usd",
        0.0,
        INFINITE,
        "What accounts tagged delta-neutral are long and short of it on balance, wallets included, added up.",
        _of_neutral(lambda of: _plain(of.long_usd + of.short_usd)),
    ),
    _measure(
        "neutral_n_positions",
        "count",
        0.0,
        INFINITE,
        "Open positions on it of accounts tagged delta-neutral.",
        _of_neutral(lambda of: _plain(of.n_positions)),
    ),
    _measure(
        "n_positions", "count", 0.0, INFINITE, "Open positions on it, of accounts that count.", _n_positions
    ),
)
