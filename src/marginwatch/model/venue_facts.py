"""Slow facts of a venue and of an account's place in it: haircuts, borrowing, fees, announcements, members."""

from typing import Literal

import msgspec

from marginwatch.model.ids import Asset, DecimalText

FactKind = Literal["collateral_tiers", "borrow_tiers", "margin_tiers", "fee_rates", "collateral_switches"]
"""Slow facts that margins are computed from."""


class CollateralTier(msgspec.Struct, frozen=True, kw_only=True):
    """One band of a coin's collateral value.

    Parameters
    ----------
    asset : str
        Coin.
    quantity_from : str
        Where the band begins, in the coin.
    quantity_to : str or None
        Where it ends; None: it has no end.
    collateral_rate : str
        Fraction of the value that counts.
    """

    asset: Asset
    quantity_from: DecimalText
    quantity_to: DecimalText | None
    collateral_rate: DecimalText


class BorrowTier(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the margin that a debt in a coin requires.

    Parameters
    ----------
    asset : str
        Coin.
    tier : int
        From 1, in ascending order of ``limit``.
    limit : str
        Largest debt of this tier, in the coin.
    initial_margin_rate, maintenance_margin_rate : str or None
        Fractions.
    max_leverage : str or None
        ×.
    """

    asset: Asset
    tier: int
    limit: DecimalText
    initial_margin_rate: DecimalText | None = None
    maintenance_margin_rate: DecimalText | None = None
    max_leverage: DecimalText | None = None


class CollateralInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How one coin of an account may be pledged and borrowed; exact texts, None where not sent.

    Parameters
    ----------
    asset : str
        Coin.
    is_allowed, is_switched_on : bool or None
        The platform takes it as collateral; the user has it switched on.
    is_borrowable : bool or None
        Debts in it are possible.
    borrowed, available_to_borrow, max_borrow : str or None
        In the coin; the last is shared by a main account and its sub-accounts.
    borrow_usage : str or None
        Fraction of the borrowing limit in use.
    hourly_borrow_rate : str or None
        Fraction an hour.
    collateral_rate : str or None
        One rate for the whole coin, which the venue no longer keeps up to date; the tiers count.
    """

    asset: Asset
    is_allowed: bool | None = None
    is_switched_on: bool | None = None
    is_borrowable: bool | None = None
    borrowed: DecimalText | None = None
    available_to_borrow: DecimalText | None = None
    max_borrow: DecimalText | None = None
    borrow_usage: DecimalText | None = None
    hourly_borrow_rate: DecimalText | None = None
    collateral_rate: DecimalText | None = None


class FeeRate(msgspec.Struct, frozen=True, kw_only=True):
    """An account's trading fees in one contract, or in all options of one coin; taxes come on top.

    Parameters
    ----------
    venue_symbol : str or None
        The contract; None for options, which have one rate a base asset.
    base_asset : str or None
        For options.
    taker_fee_rate, maker_fee_rate : str or None
        Fractions of the value traded; negative is a rebate.
    """

    venue_symbol: str | None
    base_asset: Asset | None
    taker_fee_rate: DecimalText | None
    maker_fee_rate: DecimalText | None


class OutsideBalance(msgspec.Struct, frozen=True, kw_only=True):
    """A coin of an account that is not margin: a funding wallet.

    Parameters
    ----------
    asset : str
        Coin.
    wallet_balance, transferable : str or None
        In the coin.
    """

    asset: Asset
    wallet_balance: DecimalText | None = None
    transferable: DecimalText | None = None


class Withdrawable(msgspec.Struct, frozen=True, kw_only=True):
    """What could be moved out of the margin account now, by coin; None where the venue did not say."""

    asset: Asset
    amount: DecimalText | None = None


class Maintenance(msgspec.Struct, frozen=True, kw_only=True):
    """An interruption that the venue announces.

    Parameters
    ----------
    maintenance_id, title : str
        The venue's own.
    state : str
        ``scheduled``, ``ongoing``, ``completed``, ``canceled``, or a later word of the venue.
    begins_at_ns, ends_at_ns : int or None
        UTC nanoseconds.
    url : str or None
        Where the venue writes about it.
    services : tuple of int
        The venue's numbers of the services concerned; empty if it does not say.
    """

    maintenance_id: str
    title: str
    state: str
    begins_at_ns: int | None = None
    ends_at_ns: int | None = None
    url: str | None = None
    services: tuple[int, ...] = ()


class SubMember(msgspec.Struct, frozen=True, kw_only=True):
    """A sub-account of a main account.

    Parameters
    ----------
    uid, name : str
        The venue's number and name of it.
    is_normal : bool
        False while it is frozen or its login is banned.
    account_type : str or None
        In the venue's words, such as ``UTA2.0``.
    """

    uid: str
    name: str
    is_normal: bool
    account_type: str | None = None


class ClosedPnl(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a position, or of a part of one, that was closed; exact texts, None where not sent.

    Parameters
    ----------
    venue_symbol : str
        The contract.
    closing_side : {'buy', 'sell'} or None
        Of the *closing* order: a sold position was long.
    quantity : str or None
        Closed, unsigned.
    entry_price, exit_price : str or None
        Averages at cost, quote currency.
    realized_pnl : str or None
        Gain positive, settlement currency.
    order_id, closed_by : str or None
        The venue's own; its word for what closed it, in lower case.
    open_fee, close_fee, leverage_setting : str or None
        Settlement currency; ×.
    ts_venue_ns : int or None
        UTC nanoseconds.
    """

    venue_symbol: str
    closing_side: Literal["buy", "sell"] | None
    quantity: DecimalText | None
    entry_price: DecimalText | None
    exit_price: DecimalText | None
    realized_pnl: DecimalText | None
    order_id: str | None = None
    closed_by: str | None = None
    open_fee: DecimalText | None = None
    close_fee: DecimalText | None = None
    leverage_setting: DecimalText | None = None
    ts_venue_ns: int | None = None
