"""Money in an account: one row a coin, and the account's own totals."""

import msgspec

from marginwatch.model.ids import Asset, DecimalText
from marginwatch.model.position import MarginMode


class Balance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One coin of an account; amounts in the coin unless said otherwise, exact texts, None where not sent.

    Parameters
    ----------
    asset : str
        Coin.
    wallet_balance, equity : str or None
        Cash ledger; wallet balance + unrealized PnL (− borrowed). Both may be negative.
    usd_value : str or None
        The venue's valuation of the equity in USD.
    borrowed, locked : str or None
        Debt in the coin; held by spot orders.
    unrealized_pnl : str or None
        Of the positions settled in this coin, gain positive.
    initial_margin, maintenance_margin, order_initial_margin : str or None
        Of positions and, apart, of open orders.
    is_collateral : bool or None
        Counts as collateral: the platform allows it and the user has it switched on.
    """

    asset: Asset
    wallet_balance: DecimalText | None = None
    equity: DecimalText | None = None
    usd_value: DecimalText | None = None
    borrowed: DecimalText | None = None
    locked: DecimalText | None = None
    unrealized_pnl: DecimalText | None = None
    initial_margin: DecimalText | None = None
    maintenance_margin: DecimalText | None = None
    order_initial_margin: DecimalText | None = None
    is_collateral: bool | None = None


class AccountState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An account's totals as the venue states them; reporting currency, exact texts, None where not sent.

    Parameters
    ----------
    wallet_balance, equity, adjusted_equity, available_balance : str or None
        Cash; cash + unrealized PnL; equity after the venue's haircuts; free for new risk. USD.
    unrealized_pnl : str or None
        Of perpetuals and futures, USD.
    initial_margin, maintenance_margin : str or None
        Required, USD.
    initial_margin_usage, maintenance_margin_usage : str or None
        The venue's own rates (Bybit truncates them to 4 decimals); kept beside ours, never used for it.
    margin_mode : {'cross', 'isolated', 'portfolio'} or None
        None where the message does not say.
    account_type : str or None
        The venue's kind of account in its own words, such as ``UTA2.0``.
    as_of_ns : int or None
        When the venue says this held, UTC nanoseconds.
    """

    wallet_balance: DecimalText | None = None
    equity: DecimalText | None = None
    adjusted_equity: DecimalText | None = None
    available_balance: DecimalText | None = None
    unrealized_pnl: DecimalText | None = None
    initial_margin: DecimalText | None = None
    maintenance_margin: DecimalText | None = None
    initial_margin_usage: DecimalText | None = None
    maintenance_margin_usage: DecimalText | None = None
    margin_mode: MarginMode | None = None
    account_type: str | None = None
    as_of_ns: int | None = None
