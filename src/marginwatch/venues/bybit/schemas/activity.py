"""Wire shapes of executions, orders, ledger lines and closed profits.

Documents: v5/order/execution, v5/websocket/private/execution and fast-execution; v5/order/open-order,
v5/websocket/private/order; v5/account/transaction-log; v5/position/close-pnl.
"""

import msgspec


class WireExecution(msgspec.Struct, rename="camel", gc=False):
    """One execution. ``extraFees`` (a list here, ``""`` there) is left out; ``execution.fast`` sends few fields."""

    symbol: str
    side: str | None = None
    category: str | None = None
    exec_id: str | None = None
    order_id: str | None = None
    exec_qty: str | None = None
    exec_price: str | None = None
    exec_fee: str | None = None
    exec_type: str | None = None
    create_type: str | None = None
    exec_time: str | int | None = None
    seq: int | str | None = None


class WireExecutionFrame(msgspec.Struct, rename="camel", gc=False):
    """A push of the ``execution`` or ``execution.fast`` topic."""

    topic: str
    data: list[WireExecution]
    creation_time: int | str


class WireOrder(msgspec.Struct, rename="camel", gc=False):
    """One order; ``leavesQty`` may be ``""`` on options."""

    order_id: str
    symbol: str
    side: str | None = None
    category: str | None = None
    qty: str | None = None
    leaves_qty: str | None = None
    price: str | None = None
    order_status: str | None = None
    cancel_type: str | None = None
    reduce_only: bool | None = None
    created_time: str | int | None = None
    updated_time: str | int | None = None


class WireOrderFrame(msgspec.Struct, rename="camel", gc=False):
    """A push of the ``order`` topic."""

    topic: str
    data: list[WireOrder]
    creation_time: int | str


class WireLedgerEntry(msgspec.Struct, rename="camel", gc=False):
    """One line of the transaction log. ``id`` repeats: a line is told apart by id, trade and type."""

    id: str
    currency: str
    type: str
    symbol: str | None = None
    category: str | None = None
    change: str | None = None
    cash_flow: str | None = None
    funding: str | None = None
    fee: str | None = None
    cash_balance: str | None = None
    trade_id: str | None = None
    transaction_time: str | int | None = None


class WireClosedPnl(msgspec.Struct, rename="camel", gc=False):
    """One closed position; ``side`` is that of the *closing* order."""

    symbol: str
    side: str | None = None
    order_id: str | None = None
    qty: str | None = None
    closed_size: str | None = None
    avg_entry_price: str | None = None
    avg_exit_price: str | None = None
    closed_pnl: str | None = None
    leverage: str | None = None
    exec_type: str | None = None
    open_fee: str | None = None
    close_fee: str | None = None
    created_time: str | int | None = None
    updated_time: str | int | None = None


class WireCoinGreeks(msgspec.Struct, rename="camel", gc=False):
    """Option totals of one base coin (docs: v5/account/coin-greeks, v5/websocket/private/greek)."""

    base_coin: str
    total_delta: str | None = None
    total_gamma: str | None = None
    total_vega: str | None = None
    total_theta: str | None = None


class WireGreeksFrame(msgspec.Struct, rename="camel", gc=False):
    """A push of the ``greeks`` topic."""

    topic: str
    data: list[WireCoinGreeks]
    creation_time: int | str


class WireOptionAsset(msgspec.Struct, rename="camel", gc=False):
    """One coin of ``/v5/account/option-asset-info`` (docs: v5/account/option-asset-info)."""

    coin: str
    total_delta: str | None = None
    total_rpl: str | None = msgspec.field(name="totalRPL", default=None)
    total_upl: str | None = msgspec.field(name="totalUPL", default=None)
    asset_im: str | None = msgspec.field(name="assetIM", default=None)
    asset_mm: str | None = msgspec.field(name="assetMM", default=None)
    send_time: int | str | None = None


class WireOptionAssets(msgspec.Struct):
    """``result`` of that endpoint: ``result.result``."""

    rows: list[msgspec.Raw] = msgspec.field(name="result")
