"""Wire shape of a position row (docs: v5/position and v5/websocket/private/position)."""

import msgspec


class WirePosition(msgspec.Struct, rename="camel", gc=False, kw_only=True):
    """One row of ``/v5/position/list`` or of the ``position`` topic.

    REST says ``avgPrice`` where the stream says ``entryPrice``; the documentation spells ``mmrSysUpdatedTime`` in its
    table and ``mmrSysUpdateTime`` in its example. Whole numbers come as numbers, but are accepted as texts.
    The fields stand in the order of the stream, for the decoder looks for each key behind the one before it.
    """

    position_idx: int | str
    trade_mode: int | str | None = None
    risk_id: int | str | None = None
    risk_limit_value: str | None = None
    symbol: str
    side: str | None
    size: str
    avg_price: str | None = None
    entry_price: str | None = None
    session_avg_price: str | None = None
    leverage: str | None = None
    mark_price: str | None = None
    position_im: str | None = msgspec.field(name="positionIM", default=None)
    position_mm: str | None = msgspec.field(name="positionMM", default=None)
    take_profit: str | None = None
    stop_loss: str | None = None
    trailing_stop: str | None = None
    unrealised_pnl: str | None = None
    cur_realised_pnl: str | None = None
    delta: str | None = None
    gamma: str | None = None
    vega: str | None = None
    theta: str | None = None
    open_time: int | str | None = None
    updated_time: str | int | None = None
    liq_price: str | None = None
    category: str | None = None
    position_status: str | None = None
    adl_rank_indicator: int | str | None = None
    auto_add_margin: int | str | None = None
    mmr_sys_updated_time: str | None = None
    mmr_sys_update_time: str | None = None
    seq: int | str | None = None
    is_reduce_only: bool | None = None


class WirePositionFrame(msgspec.Struct, rename="camel", gc=False):
    """A push of the ``position`` topic: whole rows, not deltas."""

    topic: str
    creation_time: int | str
    data: list[WirePosition]
