"""Funding payments, places in the deleveraging queue and expiries, as structs. What is null has its reason beside it."""

import msgspec

from marginwatch.model.ids import AccountId, Asset
from marginwatch.risk.table_rows import Row


class FundingRow(Row, frozen=True, kw_only=True):
    """Funding of one position, USD, received > 0; or, without ``instrument_id``, of one account.

    Parameters
    ----------
    account_id : AccountId
        Whose.
    instrument_id : str or None
        The contract; None for the account as a whole.
    quantity : float or None
        Contracts, signed.
    funding_rate : float or None
        Of one interval; longs pay when positive.
    interval_s : int or None
        Seconds between payments.
    next_at_ns : int or None
        Next payment, UTC nanoseconds; of an account the earliest of its positions.
    next_usd : float or None
        The payment then; of an account the sum of those at that time.
    n_payments : int or None
        Payments within the horizon.
    horizon_usd : float or None
        Their sum at the present rate and price.
    paid_usd, received_usd : float or None
        Its parts: what positions pay, and what they receive, both ≥ 0.
    """

    account_id: AccountId
    instrument_id: str | None
    quantity: float | None
    funding_rate: float | None
    interval_s: int | None
    next_at_ns: int | None
    next_usd: float | None
    n_payments: int | None
    horizon_usd: float | None
    paid_usd: float | None
    received_usd: float | None


class FundingCalendar(Row, frozen=True, kw_only=True):
    """Funding of all accounts within a horizon, USD, received > 0.

    Sums leave out what is missing, which ``left_out`` names; they are null if nothing is known.
    """

    hours: float
    next_at_ns: int | None
    horizon_usd: float | None
    paid_usd: float | None
    received_usd: float | None
    accounts: tuple[FundingRow, ...]
    positions: tuple[FundingRow, ...]
    left_out: tuple[str, ...]


class AdlRow(Row, frozen=True, kw_only=True):
    """A position's place in the queue of automatic deleveraging.

    Parameters
    ----------
    rank : int or None
        As the venue counts: 0 not in the queue, 5 first in it.
    notional_usd : float or None
        At risk of being taken away.
    """

    account_id: AccountId
    instrument_id: str
    quantity: float
    rank: int | None
    notional_usd: float | None


class ExpiryRow(Row, frozen=True, kw_only=True):
    """An option or dated future.

    Parameters
    ----------
    days_left : float
        Days of 86,400 s; 0 once it has expired and is still held.
    notional_usd : float or None
        |quantity| × multiplier × price of the underlying (option) or mark, USD.
    delta_usd : float or None
        Signed USD delta that goes when it expires.
    """

    account_id: AccountId
    instrument_id: str
    underlying_asset: Asset | None
    is_option: bool
    quantity: float
    expiry_ns: int
    days_left: float
    notional_usd: float | None
    delta_usd: float | None


class ExpiryDate(Row, frozen=True, kw_only=True):
    """Everything that expires at one moment. Sums leave out what has no price; ``reasons`` says of how many they do."""

    expiry_ns: int
    days_left: float
    n_positions: int
    option_notional_usd: float | None
    future_notional_usd: float | None
    delta_usd: float | None


class ExpiryCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """Expiries, the nearest first, and the positions behind them."""

    dates: tuple[ExpiryDate, ...]
    positions: tuple[ExpiryRow, ...]


class FundingPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that has been made, or several of one sign: signed amount in its coin (received > 0; NaN not read)."""

    account_id: AccountId
    instrument_id: str | None
    coin: Asset
    amount: float
    n_payments: int = 1


class PastFunding(Row, frozen=True, kw_only=True):
    """What one account paid and received for one contract, USD at today's prices of the coins, both ≥ 0.

    Without ``instrument_id`` it is the sum of the account.
    """

    account_id: AccountId
    instrument_id: str | None
    n_payments: int
    paid_usd: float | None
    received_usd: float | None
    net_usd: float | None


class AccountPastFunding(Row, frozen=True, kw_only=True):
    """Funding that one account paid and received, as the venue told it.

    Parameters
    ----------
    account_id : AccountId
        Whose.
    since_ns : int or None
        From when on no payment is missing, UTC nanoseconds; None, like the sums, if its executions were never followed.
    total, last_24h : PastFunding or None
        Sums since then, and of the running hour and the 23 before it as far as they are after ``since_ns``.
    contracts, contracts_24h : tuple of PastFunding
        The same by contract, the largest net payer first; contracts without a payment have no row.
    """

    account_id: AccountId
    since_ns: int | None
    total: PastFunding | None
    last_24h: PastFunding | None
    contracts: tuple[PastFunding, ...]
    contracts_24h: tuple[PastFunding, ...]
