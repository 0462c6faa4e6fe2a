"""The reference: the same sockets, picows alone, and msgspec decoding every field into typed rows. Nothing is kept."""

import asyncio
from functools import partial

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from benchmarks.wire.meter import Meter
from benchmarks.wire.plan import Plan

CONNECTS_AT_ONCE = 50
SOCKET_OPTIONS = {"use_aiofastnet": False, "read_buffer_init_size": 2048}
"""Those of the product's own sockets, so that the floor is the same socket without the product."""


def login_requests(number: int) -> tuple[bytes, bytes]:
    """Return what account ``number`` sends first; the feeder does not check signatures."""
    return (
        b'{"req_id":"1","op":"auth","args":["key-%d",1893456000000,"0"]}' % number,
        b'{"req_id":"2","op":"subscribe","args":["position"]}',
    )


class Row(msgspec.Struct, rename="camel"):
    """A position row: every key that the stream carries, texts kept as texts."""

    position_idx: int
    trade_mode: int
    risk_id: int
    risk_limit_value: str
    symbol: str
    side: str
    size: str
    entry_price: str
    session_avg_price: str
    leverage: str
    position_value: str
    position_balance: str
    mark_price: str
    position_im: str = msgspec.field(name="positionIM")
    position_mm: str = msgspec.field(name="positionMM")
    position_im_by_mp: str = msgspec.field(name="positionIMByMp")
    position_mm_by_mp: str = msgspec.field(name="positionMMByMp")
    take_profit: str
    stop_loss: str
    trailing_stop: str
    unrealised_pnl: str
    cum_realised_pnl: str
    cur_realised_pnl: str
    created_time: str
    updated_time: str
    tpsl_mode: str
    liq_price: str
    bust_price: str
    category: str
    position_status: str
    adl_rank_indicator: int
    auto_add_margin: int
    leverage_sys_updated_time: str
    mmr_sys_updated_time: str
    seq: int
    is_reduce_only: bool


class Push(msgspec.Struct, rename="camel"):
    """The envelope of a push; acknowledgements have no topic."""

    topic: str = ""
    id: str = ""
    creation_time: int = 0
    data: list[Row] = []


class FloorListener(WSListener):
    """Decode and count."""

    def __init__(self, number: int, meter: Meter) -> None:
        super().__init__()
        self._number = number
        self._decode = msgspec.json.Decoder(Push).decode
        self._message = meter.message

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Log in and subscribe."""
        for request in login_requests(self._number):
            transport.send(WSMsgType.TEXT, request)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Decode one frame into typed rows."""
        del transport
        if frame.msg_type == WSMsgType.TEXT and self._decode(frame.get_payload_as_memoryview()).topic:
            self._message()


async def run(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Receive the whole stream; close afterwards."""
    del rest
    transports: list[WSTransport] = []
    for first in range(0, plan.sockets, CONNECTS_AT_ONCE):
        numbers = range(first, min(first + CONNECTS_AT_ONCE, plan.sockets))
        made = await asyncio.gather(
            *(
                ws_connect(partial(FloorListener, number, meter), private, **SOCKET_OPTIONS)
                for number in numbers
            )
        )
        transports.extend(transport for transport, _ in made)
    await meter.finished()
    for transport in transports:
        transport.disconnect()
    return {}
