"""Wire shape of an account's totals and coins (docs: v5/account/wallet-balance, v5/websocket/private/wallet)."""

import msgspec


class WireCoin(msgspec.Struct, rename="camel", gc=False):
    """One coin. Margins are ``""`` in portfolio mode, ``usdValue`` in classic accounts."""

    coin: str
    equity: str | None = None
    usd_value: str | None = None
    wallet_balance: str | None = None
    locked: str | None = None
    borrow_amount: str | None = None
    total_order_im: str | None = msgspec.field(name="totalOrderIM", default=None)
    total_position_im: str | None = msgspec.field(name="totalPositionIM", default=None)
    total_position_mm: str | None = msgspec.field(name="totalPositionMM", default=None)
    unrealised_pnl: str | None = None
    margin_collateral: bool | None = None
    collateral_switch: bool | None = None


class WireWallet(msgspec.Struct, rename="camel", gc=False):
    """One account. In isolated mode rates, margin balance, available balance and margins are ``""``."""

    coin: list[msgspec.Raw]
    account_type: str | None = None
    total_equity: str | None = None
    total_wallet_balance: str | None = None
    total_margin_balance: str | None = None
    total_available_balance: str | None = None
    total_perp_upl: str | None = msgspec.field(name="totalPerpUPL", default=None)
    total_perp_upl_small: str | None = msgspec.field(name="totalPerpUpl", default=None)
    total_initial_margin: str | None = None
    total_maintenance_margin: str | None = None
    account_im_rate: str | None = msgspec.field(name="accountIMRate", default=None)
    account_mm_rate: str | None = msgspec.field(name="accountMMRate", default=None)


class WireWalletPush(WireWallet, rename="camel", gc=False):
    """The same in a push, coins decoded at once: a push is taken whole or not at all."""

    coin: list[WireCoin]  # pyright: ignore[reportIncompatibleVariableOverride]  # decoded, not raw; nobody holds one as the other


class WireWalletPage(msgspec.Struct, rename="camel"):
    """``result`` of ``/v5/account/wallet-balance``."""

    rows: list[WireWallet] = msgspec.field(name="list")


class WireWalletFrame(msgspec.Struct, rename="camel", gc=False):
    """A push of the ``wallet`` topic: full totals, and only the coins that were touched."""

    topic: str
    data: list[WireWalletPush]
    creation_time: int | str
