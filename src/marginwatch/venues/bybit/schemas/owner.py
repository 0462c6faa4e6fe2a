"""Wire shapes of what belongs to the owner: keys, members, account settings, collateral, fees, wallets outside.

Documents: v5/user/apikey-info, v5/user/subuid-list, v5/user/page-subuid, v5/account/account-info,
v5/account/collateral-info, v5/spot-margin-uta/tier-collateral-ratio, v5/spot-margin-uta/position-tiers,
v5/account/fee-rate, v5/asset/balance/all-balance, v5/account/unified-trans-amnt.
"""

import msgspec


class WireKey(msgspec.Struct, rename="camel", gc=False):
    """What a key is (``/v5/user/query-api``). The fields ``apiKey`` and ``secret`` are not even read."""

    read_only: int | bool | str | None = None
    permissions: dict[str, list[str] | None] | None = None
    ips: list[str] | None = None
    deadline_day: int | str | None = None
    expired_at: str | None = None
    user_id: int | str | None = msgspec.field(name="userID", default=None)
    is_master: bool | None = None


class WireMember(msgspec.Struct, rename="camel", gc=False):
    """One sub-account."""

    uid: str | int
    username: str | None = None
    status: int | str | None = None
    account_mode: int | str | None = None


class WireMembers(msgspec.Struct, rename="camel"):
    """``result`` of both sub-account endpoints; ``nextCursor`` ``"0"`` is the end."""

    sub_members: list[msgspec.Raw]
    next_cursor: str | int | None = None


class WireAccountInfo(msgspec.Struct, rename="camel", gc=False):
    """Margin mode and kind of account; older accounts send three fields only."""

    margin_mode: str | None = None
    unified_margin_status: int | str | None = None
    updated_time: str | int | None = None


class WireCollateral(msgspec.Struct, rename="camel", gc=False):
    """One coin of ``/v5/account/collateral-info``; ``collateralRatio`` is stale since 2025-02."""

    currency: str
    margin_collateral: bool | None = None
    collateral_switch: bool | None = None
    borrowable: bool | None = None
    borrow_amount: str | None = None
    available_to_borrow: str | None = None
    max_borrowing_amount: str | None = None
    borrow_usage_rate: str | None = None
    hourly_borrow_rate: str | None = None
    collateral_ratio: str | None = None


class WireCollateralBand(msgspec.Struct, rename="camel", gc=False):
    """One band; an empty ``maxQty`` is without end."""

    min_qty: str
    collateral_ratio: str
    max_qty: str | None = None


class WireCollateralBands(msgspec.Struct, rename="camel", gc=False):
    """The bands of one coin (``/v5/spot-margin-trade/collateral``)."""

    currency: str
    collateral_ratio_list: list[WireCollateralBand]


class WireBorrowTier(msgspec.Struct, rename="camel", gc=False):
    """One borrow tier."""

    borrow_limit: str
    position_mmr: str | None = msgspec.field(name="positionMMR", default=None)
    position_imr: str | None = msgspec.field(name="positionIMR", default=None)
    max_leverage: str | None = None


class WireBorrowTiers(msgspec.Struct, rename="camel", gc=False):
    """The borrow tiers of one coin (``/v5/spot-margin-trade/position-tiers``)."""

    currency: str
    position_tiers_ratio_list: list[WireBorrowTier]


class WireFeeRate(msgspec.Struct, rename="camel", gc=False):
    """Fees of one contract, or of the options of one coin (then ``symbol`` is empty)."""

    symbol: str | None = None
    base_coin: str | None = None
    taker_fee_rate: str | None = None
    maker_fee_rate: str | None = None


class WireOutsideBalance(msgspec.Struct, rename="camel", gc=False):
    """One coin of a wallet outside the unified account."""

    coin: str
    wallet_balance: str | None = None
    transfer_balance: str | None = None


class WireOutsideBalances(msgspec.Struct):
    """``result`` of ``/v5/asset/transfer/query-account-coins-balance``."""

    rows: list[msgspec.Raw] = msgspec.field(name="balance")


class WireWithdrawable(msgspec.Struct, rename="camel", gc=False):
    """``result`` of ``/v5/account/withdrawal``: one coin asked for, or a map of several."""

    available_withdrawal: str | None = None
    available_withdrawal_map: dict[str, str | None] | None = None
