"""Account totals and coins, from REST and from pushes."""

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.failure import Failure
from marginwatch.venues.bybit.parse.envelope import decode_with
from marginwatch.venues.bybit.parse.page import read_rows
from marginwatch.venues.bybit.parse.text import number_or_none, prove_numbers
from marginwatch.venues.bybit.schemas.wallet import WireCoin, WireWallet, WireWalletPage

ENDPOINT = "/v5/account/wallet-balance"

_pages = msgspec.json.Decoder(WireWalletPage)
_coins = msgspec.json.Decoder(WireCoin)

_TOTAL_FIELDS = (
    ("totalWalletBalance", "total_wallet_balance"),
    ("totalEquity", "total_equity"),
    ("totalMarginBalance", "total_margin_balance"),
    ("totalAvailableBalance", "total_available_balance"),
    ("totalPerpUPL", "total_perp_upl"),
    ("totalPerpUpl", "total_perp_upl_small"),
    ("totalInitialMargin", "total_initial_margin"),
    ("totalMaintenanceMargin", "total_maintenance_margin"),
    ("accountIMRate", "account_im_rate"),
    ("accountMMRate", "account_mm_rate"),
)
_COIN_FIELDS = (
    ("walletBalance", "wallet_balance"),
    ("equity", "equity"),
    ("usdValue", "usd_value"),
    ("borrowAmount", "borrow_amount"),
    ("locked", "locked"),
    ("unrealisedPnl", "unrealised_pnl"),
    ("totalPositionIM", "total_position_im"),
    ("totalPositionMM", "total_position_mm"),
    ("totalOrderIM", "total_order_im"),
)


class WalletPage(msgspec.Struct, frozen=True):
    """An account's totals and coins, and the coins that could not be read."""

    account: AccountState
    balances: tuple[Balance, ...]
    failures: tuple[Failure, ...] = ()


def parse_wallet(result: msgspec.Raw, as_of_ns: int | None = None) -> WalletPage:
    """Return ``/v5/account/wallet-balance``.

    Parameters
    ----------
    result : msgspec.Raw
        ``result`` of the reply.
    as_of_ns : int or None
        Server time of the reply, UTC nanoseconds.

    Raises
    ------
    ProtocolError
        If no account is in it or a total is no number. A bad coin is a failure, named by its position in the list.
    """
    rows = decode_with(_pages, result, ENDPOINT).rows
    if not rows:
        raise ProtocolError("the list holds no account", endpoint=ENDPOINT)
    # A request names one accountType; should more come, the unified account is the one that positions margin in.
    wallet = next((row for row in rows if row.account_type == "UNIFIED"), rows[0])
    balances, failures = read_rows(wallet.coin, _coins, balance_of, ENDPOINT)
    return WalletPage(account_of(wallet, as_of_ns), balances, failures)


def account_of(wallet: WireWallet, as_of_ns: int | None) -> AccountState:
    """Return an account's totals.

    Raises
    ------
    ProtocolError
        If a total is no number; names it.
    """
    try:
        prove_numbers(
            (
                wallet.total_wallet_balance,
                wallet.total_equity,
                wallet.total_margin_balance,
                wallet.total_available_balance,
                wallet.total_perp_upl,
                wallet.total_perp_upl_small,
                wallet.total_initial_margin,
                wallet.total_maintenance_margin,
                wallet.account_im_rate,
                wallet.account_mm_rate,
            )
        )
    except ValueError:
        raise _explained(wallet, _TOTAL_FIELDS, "account") from None
    return AccountState(
        wallet_balance=wallet.total_wallet_balance or None,
        equity=wallet.total_equity or None,
        adjusted_equity=wallet.total_margin_balance or None,
        available_balance=wallet.total_available_balance or None,
        unrealized_pnl=wallet.total_perp_upl or wallet.total_perp_upl_small or None,
        initial_margin=wallet.total_initial_margin or None,
        maintenance_margin=wallet.total_maintenance_margin or None,
        initial_margin_usage=wallet.account_im_rate or None,
        maintenance_margin_usage=wallet.account_mm_rate or None,
        as_of_ns=as_of_ns,
    )


def balance_of(coin: WireCoin) -> Balance:
    """Return one coin.

    Raises
    ------
    ProtocolError
        If an amount is no number or the coin has no name; says which.
    """
    if not coin.coin:
        raise ProtocolError("coin: the name is empty")
    try:
        prove_numbers(
            (
                coin.wallet_balance,
                coin.equity,
                coin.usd_value,
                coin.borrow_amount,
                coin.locked,
                coin.unrealised_pnl,
                coin.total_position_im,
                coin.total_position_mm,
                coin.total_order_im,
            )
        )
    except ValueError:
        raise _explained(coin, _COIN_FIELDS, coin.coin[:40]) from None
    allowed, switched_on = coin.margin_collateral, coin.collateral_switch
    return Balance(
        asset=coin.coin,
        wallet_balance=coin.wallet_balance or None,
        equity=coin.equity or None,
        usd_value=coin.usd_value or None,
        borrowed=coin.borrow_amount or None,
        locked=coin.locked or None,
        unrealized_pnl=coin.unrealised_pnl or None,
        initial_margin=coin.total_position_im or None,
        maintenance_margin=coin.total_position_mm or None,
        order_initial_margin=coin.total_order_im or None,
        # The switch means something only where the platform allows the coin as collateral.
        is_collateral=switched_on if allowed else allowed,
    )


def _explained(row: object, fields: tuple[tuple[str, str], ...], subject: str) -> ProtocolError:
    try:
        for field, name in fields:
            number_or_none(getattr(row, name), field)
    except ProtocolError as found:
        return ProtocolError(f"{subject}: {found.message}")
    return ProtocolError(f"{subject}: numbers far too large")
