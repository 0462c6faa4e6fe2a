"""The totals over all accounts that count."""

import math
from collections.abc import Sequence

from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.table_rows import NotIncluded, PortfolioSummary
from marginwatch.risk.tables.left_out import not_included
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.tables.sums import NOBODY_COUNTS, money, open_profit


def portfolio_summary(frame: Frame, left_out: Sequence[NotIncluded] | None = None) -> PortfolioSummary:
    """Return the totals over the accounts that count, with everything they leave out.

    Parameters
    ----------
    frame : Frame
        Of one moment.
    left_out : sequence of NotIncluded, optional
        What is listed as left out, empty only where nothing is; by default all of it.
    """
    of = frame.portfolio
    left_out = not_included(frame) if left_out is None else left_out
    nulls = Nulls()
    is_empty = not of.n_accounts[1]

    # Nobody counts although there are accounts: then nothing is known, not even that a question makes no sense.
    is_unheard = bool(is_empty and of.n_left_out[1])

    def total(field: str, value: float) -> float | None:
        return nulls.number(field, math.nan if is_empty else value, NOBODY_COUNTS)

    def count(field: str, value: float) -> int | None:
        return nulls.count(field, math.nan if is_empty else value, NOBODY_COUNTS)

    def ratio(field: str, value: float, answer: int) -> float | None:
        if is_unheard:
            return nulls.number(field, math.nan, NOBODY_COUNTS)
        return nulls.number(field, value, "price", answer)

    def bias(field: str, value: float) -> float | None:
        return ratio(field, value, Answer.NOT_APPLICABLE if math.isnan(value) else Answer.NUMBER)

    long_usd, short_usd = float(of.long_usd[1]), float(of.short_usd[1])
    wallet_long, wallet_short = float(of.long_with_wallet_usd[1]), float(of.short_with_wallet_usd[1])
    cash = {int(coin) for coin in frame.prices.coin[frame.prices.is_cash]}
    return PortfolioSummary(
        sequence=frame.sequence,
        at_ns=frame.at_ns,
        is_complete=not left_out,
        n_accounts=int(of.n_accounts[1] + of.n_left_out[1]),
        n_included=int(of.n_accounts[1]),
        n_positions=count("n_positions", of.n_positions[1]),
        n_stale_positions=count("n_stale_positions", of.n_stale[1]),
        long_usd=total("long_usd", long_usd),
        short_usd=total("short_usd", short_usd),
        net_usd=total("net_usd", long_usd - short_usd),
        gross_usd=total("gross_usd", long_usd + short_usd),
        net_with_wallet_usd=total("net_with_wallet_usd", wallet_long - wallet_short),
        gross_with_wallet_usd=total("gross_with_wallet_usd", wallet_long + wallet_short),
        hedge_ratio=ratio("hedge_ratio", of.hedge_ratio[1], int(of.hedge_ratio_answer[1])),
        direction_bias_by_count=bias("direction_bias_by_count", frame.direction_bias_by_count),
        direction_bias_by_delta=bias("direction_bias_by_delta", frame.direction_bias_by_delta),
        unrealized_pnl_usd=total("unrealized_pnl_usd", open_profit(nulls, of, 1)),
        equity_usd=money(nulls, "equity", of, 1),
        initial_margin_usd=money(nulls, "initial_margin", of, 1),
        maintenance_margin_usd=money(nulls, "maintenance_margin", of, 1),
        free_usd=money(nulls, "free", of, 1),
        wire_to_frame_ms=frame.wire_to_frame_ms,
        cash_assets=tuple(sorted({frame.book.coins[coin] or "" for coin in cash})),
        not_included=tuple(left_out),
        reasons=nulls.reasons,
    )
