"""Exposure of each coin, in derivatives and with the wallet."""

import math

import numpy as np

from marginwatch.risk.account_measures import without
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.exposure import concentration, counted, grouped
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.table_rows import ExposureRow
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.tables.sums import tell_profitless

SUMS = (
    "long_usd",
    "short_usd",
    "net_usd",
    "gross_usd",
    "wallet_usd",
    "wallet_amount",
    "net_with_wallet_usd",
    "hedge_ratio",
    "concentration",
    "unrealized_pnl_usd",
)


def exposure_by_asset(frame: Frame) -> list[ExposureRow]:
    """Return the exposure of each coin that somebody bets on or owns, largest |net with wallet| first, cash last.

    Any account that does not count may hold any coin: each row tells how many there are. A coin that only such accounts
    were known to hold has a row without sums.
    """
    of = frame.assets
    n_accounts, n_left_out = int(frame.portfolio.n_accounts[1]), int(frame.portfolio.n_left_out[1])
    elsewhere = _held_by_others(frame) if n_left_out else set[int]()
    shares = concentration(of.long_usd - of.short_usd, float((of.long_usd + of.short_usd).sum()))
    is_cash = {int(coin) for coin in frame.prices.coin[frame.prices.is_cash]}
    profits = OpenProfits(frame)
    rows: list[ExposureRow] = []
    for coin in range(1, of.long_usd.shape[0]):
        touched = of.long_usd[coin] or of.short_usd[coin] or of.coin_equity[coin]
        if not (touched or of.n_unvalued[coin] or of.n_unknown_coins[coin]):
            if coin in elsewhere:
                rows.append(_not_summed(frame, coin, coin in is_cash, n_accounts, n_left_out))
            continue
        nulls = Nulls()
        net = float(of.long_usd[coin] - of.short_usd[coin])
        unknown = float(of.n_unknown_coins[coin])
        rows.append(
            ExposureRow(
                dimension="asset",
                name=frame.book.coins[coin],
                is_cash=coin in is_cash,
                long_usd=float(of.long_usd[coin]),
                short_usd=float(of.short_usd[coin]),
                net_usd=net,
                gross_usd=float(of.long_usd[coin] + of.short_usd[coin]),
                wallet_usd=nulls.complete(
                    "wallet_usd", of.wallet_usd[coin], unknown, "wallets without a price"
                ),
                wallet_amount=float(of.coin_equity[coin]),
                net_with_wallet_usd=net + float(of.bet_usd[coin]),
                hedge_ratio=nulls.number(
                    "hedge_ratio", of.hedge_ratio[coin], "price", int(of.hedge_ratio_answer[coin])
                ),
                concentration=nulls.number(
                    "concentration",
                    shares[coin],
                    "",
                    Answer.NOT_APPLICABLE if math.isnan(shares[coin]) else None,
                ),
                n_unvalued=int(of.n_unvalued[coin]),
                n_unknown_coins=int(unknown),
                n_left_out=n_left_out,
                n_accounts=n_accounts,
                unrealized_pnl_usd=profits.of(coin, nulls),
                reasons=nulls.reasons,
            )
        )
    return sorted(rows, key=lambda row: (row.is_cash, -abs(row.net_with_wallet_usd or 0.0), row.name or ""))


def _held_by_others(frame: Frame) -> set[int]:
    """Return the coins that accounts which do not count were known to hold or bet on."""
    book, counts = frame.book, frame.inclusion == Inclusion.INCLUDED
    coin = frame.prices.coin
    legs = (book.quantity != 0.0) & (book.account > 0) & ~counts[book.account]
    # An amount that was never told may be anything.
    owned = (frame.holdings.wallet_usd != 0.0) & (book.holding_account > 0) & ~counts[book.holding_account]
    held = np.concatenate((book.holding_asset[book.holding[legs]], book.holding_asset[owned]))
    return set(coin[held].tolist())


def _not_summed(frame: Frame, coin: int, is_cash: bool, n_accounts: int, n_left_out: int) -> ExposureRow:
    """Return the row of a coin that no account which counts is known to hold: nothing is known of it, not 0."""
    nulls = Nulls()
    sums = {name: nulls.number(name, math.nan, "only accounts that do not count hold it") for name in SUMS}
    return ExposureRow(
        dimension="asset",
        name=frame.book.coins[coin],
        is_cash=is_cash,
        **sums,
        n_unvalued=0,
        n_unknown_coins=0,
        n_left_out=n_left_out,
        n_accounts=n_accounts,
        reasons=nulls.reasons,
    )


class OpenProfits:
    """The open profit on each coin over accounts that count, USD.

    A frame has no such sums: most who look at it want none, and they are made in microseconds.
    """

    def __init__(self, frame: Frame) -> None:
        book, rows, n_coins = frame.book, frame.rows, len(frame.book.coins)
        counts = frame.inclusion == Inclusion.INCLUDED
        coin = np.where(counts[book.account], frame.prices.coin[book.holding_asset[book.holding]], 0)
        self._sums = grouped(coin, without(rows.pnl_usd, rows.without_pnl), n_coins)
        self._n_open = counted(coin[book.quantity != 0.0], n_coins)
        self._n_without = counted(coin[rows.without_pnl], n_coins)

    def of(self, coin: int, nulls: Nulls) -> float | None:
        """Return the sum of a coin, 0 of one that nobody bets on, and tell how many positions it leaves out.

        Parameters
        ----------
        coin : int
            Its code in ``frame.book.coins``.
        nulls : Nulls
            Hears what is left out, or that all is.
        """
        n_open, n_without = int(self._n_open[coin]), int(self._n_without[coin])
        if n_open and n_without >= n_open:
            return nulls.number("unrealized_pnl_usd", math.nan, "no position has a price and an entry price")
        tell_profitless(nulls, n_without)
        return float(self._sums[coin])
