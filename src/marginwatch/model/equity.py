"""What is kept of equity: a sample a minute of every account, desk and of all; and the ledger lines that moved it."""

from typing import Literal

import msgspec

from marginwatch.model.ids import AccountId, Asset, DecimalText

EquityScope = Literal["account", "desk", "portfolio"]


class EquitySample(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One subject at one minute; None wherever a figure is missing.

    Parameters
    ----------
    scope, name
        Whose; the name of all accounts together is empty.
    minute_s : int
        The minute, UTC seconds, a multiple of 60.
    equity_usd : float or None
        At live marks.
    money_at_ns : int or None
        When the balances behind it held, UTC nanoseconds on the venue's clock: money that moved later is not in it.
    initial_margin_usage, maintenance_margin_usage, liquidation_distance : float or None
        Fractions; of accounts alone. The distance is that of all coins moving together, as rules judge it.
    long_usd, short_usd, pnl_usd : float or None
        Exposure to both sides, both ≥ 0; unrealized profit.
    growth_index, peak_index : float or None
        What 1 USD would have become by performance alone since the history began, and the most it ever was.
    """

    scope: EquityScope
    name: str
    minute_s: int
    equity_usd: float | None = None
    money_at_ns: int | None = None
    initial_margin_usage: float | None = None
    maintenance_margin_usage: float | None = None
    liquidation_distance: float | None = None
    long_usd: float | None = None
    short_usd: float | None = None
    pnl_usd: float | None = None
    growth_index: float | None = None
    peak_index: float | None = None


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of an account's ledger as it is kept; signs as in :class:`~marginwatch.model.activity.LedgerEntry`.

    Parameters
    ----------
    account_id, line_key
        Whose; what tells it from every other line of the account.
    asset, kind
        Coin; the venue's type in lower case.
    is_flow : bool
        Whether money came from or went outside, which is no performance.
    change, cash_flow, funding_payment, fee : str or None
        Exact, in the coin.
    usd : float or None
        What ``change`` was worth at its time; None while no price of that time is known.
    at_ns : int
        UTC nanoseconds on the venue's clock.
    """

    account_id: AccountId
    line_key: str
    asset: Asset
    kind: str
    is_flow: bool
    change: DecimalText | None
    cash_flow: DecimalText | None = None
    funding_payment: DecimalText | None = None
    fee: DecimalText | None = None
    usd: float | None = None
    at_ns: int


class LedgerCursor(msgspec.Struct, frozen=True):
    """From when to when the ledger of an account was read without a gap, UTC nanoseconds on the venue's clock."""

    account_id: AccountId
    since_ns: int
    until_ns: int
