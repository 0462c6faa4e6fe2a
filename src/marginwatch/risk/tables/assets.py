"""Exposure of each coin, in derivatives and with the wallet."""

import math

from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.exposure import concentration
from marginwatch.risk.table_rows import ExposureRow
from marginwatch.risk.tables.nulls import Nulls


def exposure_by_asset(frame: Frame) -> list[ExposureRow]:
    """Return the exposure of each coin that somebody bets on or owns, largest |net with wallet| first, cash last."""
    of = frame.assets
    shares = concentration(of.long_usd - of.short_usd, float((of.long_usd + of.short_usd).sum()))
    is_cash = {int(coin) for coin in frame.prices.coin[frame.prices.is_cash]}
    rows: list[ExposureRow] = []
    for coin in range(1, of.long_usd.shape[0]):
        touched = of.long_usd[coin] or of.short_usd[coin] or of.coin_equity[coin]
        if not (touched or of.n_unvalued[coin] or of.n_unknown_coins[coin]):
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
                reasons=nulls.reasons,
            )
        )
    return sorted(rows, key=lambda row: (row.is_cash, -abs(row.net_with_wallet_usd or 0.0), row.name or ""))
