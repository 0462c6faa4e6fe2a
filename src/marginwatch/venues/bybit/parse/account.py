"""Margin mode and kind of account, and what an account's coins may be pledged and borrowed for."""

from typing import Final

import msgspec

from marginwatch.model.balance import AccountState
from marginwatch.model.position import MarginMode
from marginwatch.model.venue_facts import CollateralInfo, FeeRate, OutsideBalance, Withdrawable
from marginwatch.venues.bybit.parse.envelope import decode_with
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page, read_rows
from marginwatch.venues.bybit.parse.text import count_or_none, number_or_none, time_ns_or_none
from marginwatch.venues.bybit.schemas.owner import (
    WireAccountInfo,
    WireCollateral,
    WireFeeRate,
    WireOutsideBalance,
    WireOutsideBalances,
    WireWithdrawable,
)

INFO_ENDPOINT = "/v5/account/info"
COLLATERAL_ENDPOINT = "/v5/account/collateral-info"
FEES_ENDPOINT = "/v5/account/fee-rate"
OUTSIDE_ENDPOINT = "/v5/asset/transfer/query-account-coins-balance"
WITHDRAWABLE_ENDPOINT = "/v5/account/withdrawal"

MARGIN_MODES: Final[dict[str | None, MarginMode]] = {
    "REGULAR_MARGIN": "cross",
    "ISOLATED_MARGIN": "isolated",
    "PORTFOLIO_MARGIN": "portfolio",
}
"""``marginMode`` (docs: v5/account/account-info): one for the whole account."""

ACCOUNT_TYPES: Final = {1: "classic", 3: "UTA1.0", 4: "UTA1.0 Pro", 5: "UTA2.0", 6: "UTA2.0 Pro"}
"""``unifiedMarginStatus`` and ``accountMode`` (docs: v5/acct-mode)."""

_infos = msgspec.json.Decoder(WireAccountInfo)
_collaterals = msgspec.json.Decoder(WireCollateral)
_fees = msgspec.json.Decoder(WireFeeRate)
_outsides = msgspec.json.Decoder(WireOutsideBalances)
_outside = msgspec.json.Decoder(WireOutsideBalance)
_withdrawables = msgspec.json.Decoder(WireWithdrawable)


def parse_account_info(result: msgspec.Raw, as_of_ns: int | None = None) -> AccountState:
    """Return ``/v5/account/info``: margin mode and account type, no amounts.

    A mode that is not known yet is ``unknown``, never a guess; None is one that was not said. ``as_of_ns`` is the reply's server time, else when
    the account's settings last changed.

    Raises
    ------
    ProtocolError
        If it does not decode.
    """
    info = decode_with(_infos, result, INFO_ENDPOINT)
    status = count_or_none(info.unified_margin_status, "unifiedMarginStatus")
    return AccountState(
        margin_mode=MARGIN_MODES.get(info.margin_mode, "unknown") if info.margin_mode else None,
        account_type=account_type_of(status),
        as_of_ns=as_of_ns or time_ns_or_none(info.updated_time, "updatedTime"),
    )


def margin_mode_said(result: msgspec.Raw) -> str | None:
    """Return the margin mode of ``/v5/account/info`` in the venue's own word; None if it says none."""
    return decode_with(_infos, result, INFO_ENDPOINT).margin_mode or None


def account_type_of(status: int | None) -> str | None:
    """Return the venue's name for a kind of account; a number not known yet is kept as text."""
    return None if status is None else ACCOUNT_TYPES.get(status, str(status))


def parse_collateral_info(result: msgspec.Raw) -> Page[CollateralInfo]:
    """Return ``/v5/account/collateral-info``.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    return read_page(
        open_page(result, COLLATERAL_ENDPOINT), _collaterals, _collateral_of, COLLATERAL_ENDPOINT
    )


def parse_fee_rates(result: msgspec.Raw) -> Page[FeeRate]:
    """Return ``/v5/account/fee-rate``.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    return read_page(open_page(result, FEES_ENDPOINT), _fees, _fee_of, FEES_ENDPOINT)


def parse_funding_balances(result: msgspec.Raw) -> Page[OutsideBalance]:
    """Return ``/v5/asset/transfer/query-account-coins-balance``.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    raws = decode_with(_outsides, result, OUTSIDE_ENDPOINT).rows
    return Page(*read_rows(raws, _outside, _outside_of, OUTSIDE_ENDPOINT))


def parse_withdrawable(result: msgspec.Raw, asset: str | None = None) -> tuple[Withdrawable, ...]:
    """Return ``/v5/account/withdrawal``: what could be moved out now.

    Parameters
    ----------
    result : msgspec.Raw
        ``result`` of the reply.
    asset : str or None
        The coin asked for, where only one was: the reply then may not repeat it.

    Raises
    ------
    ProtocolError
        If it does not decode or an amount is no number.
    """
    wire = decode_with(_withdrawables, result, WITHDRAWABLE_ENDPOINT)
    by_asset = wire.available_withdrawal_map or {}
    if not by_asset and asset is not None:
        by_asset = {asset: wire.available_withdrawal}
    return tuple(
        Withdrawable(asset=coin, amount=number_or_none(amount, f"availableWithdrawal of {coin[:20]}"))
        for coin, amount in by_asset.items()
    )


def _collateral_of(row: WireCollateral) -> CollateralInfo:
    return CollateralInfo(
        asset=row.currency,
        is_allowed=row.margin_collateral,
        is_switched_on=row.collateral_switch,
        is_borrowable=row.borrowable,
        borrowed=number_or_none(row.borrow_amount, "borrowAmount"),
        available_to_borrow=number_or_none(row.available_to_borrow, "availableToBorrow"),
        max_borrow=number_or_none(row.max_borrowing_amount, "maxBorrowingAmount"),
        borrow_usage=number_or_none(row.borrow_usage_rate, "borrowUsageRate"),
        hourly_borrow_rate=number_or_none(row.hourly_borrow_rate, "hourlyBorrowRate"),
        collateral_rate=number_or_none(row.collateral_ratio, "collateralRatio"),
    )


def _fee_of(row: WireFeeRate) -> FeeRate:
    return FeeRate(
        venue_symbol=row.symbol or None,
        base_asset=row.base_coin or None,
        taker_fee_rate=number_or_none(row.taker_fee_rate, "takerFeeRate"),
        maker_fee_rate=number_or_none(row.maker_fee_rate, "makerFeeRate"),
    )


def _outside_of(row: WireOutsideBalance) -> OutsideBalance:
    return OutsideBalance(
        asset=row.coin,
        wallet_balance=number_or_none(row.wallet_balance, "walletBalance"),
        transferable=number_or_none(row.transfer_balance, "transferBalance"),
    )
