"""pybit, unmodified but for its URLs: one ``WebSocket`` an account, each with a thread of its own, as it comes."""

import asyncio

import pybit.unified_trading
from pybit.unified_trading import WebSocket

from benchmarks.wire.meter import Meter
from benchmarks.wire.plan import Plan


def connect(plan: Plan, meter: Meter, private: str) -> list[WebSocket]:
    """Open all sockets, one after the other, and subscribe to positions."""
    pybit.unified_trading.PRIVATE_WSS = private

    def receive(message: dict[str, object]) -> None:
        del message
        meter.message()

    sockets: list[WebSocket] = []
    for number in range(plan.sockets):
        socket = WebSocket("private", testnet=False, api_key=f"key-{number}", api_secret="secret")
        socket.position_stream(receive)
        sockets.append(socket)
    return sockets


async def run(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Receive the whole stream; the sockets' threads end with the process."""
    del rest
    sockets = await asyncio.to_thread(connect, plan, meter, private)
    await meter.finished()
    for socket in sockets:
        await asyncio.to_thread(socket.exit)
    return {}
