"""ccxt.pro, unmodified but for its URLs: one exchange object an account, each in a ``watch_positions`` loop.

The loop it is given is uvloop and the JSON decoder it finds is orjson, which is the fast case for it.
"""

import asyncio

import ccxt.pro

from benchmarks.wire.meter import Meter
from benchmarks.wire.plan import Plan


def exchange_for(number: int, private: str, rest: str) -> ccxt.pro.bybit:
    """Return an exchange object that speaks to the feeder."""
    streams = {"contract": private, "usdc": private, "trade": private}
    exchange = ccxt.pro.bybit(
        {
            "apiKey": f"key-{number}",
            "secret": "secret",
            "enableRateLimit": False,
            "options": {"fetchMarkets": {"types": ["linear"]}, "defaultType": "swap"},
        }
    )
    exchange.urls["api"]["public"] = rest
    exchange.urls["api"]["private"] = rest
    exchange.urls["api"]["ws"]["private"] = streams | {"spot": {"unified": private, "nonUnified": private}}
    return exchange


async def watch(exchange: ccxt.pro.bybit, meter: Meter) -> None:
    """Take positions for ever; the first answer is the (empty) snapshot."""
    while True:
        for _ in await exchange.watch_positions():
            meter.message()


async def run(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Receive the whole stream; close afterwards."""
    exchanges = [exchange_for(number, private, rest) for number in range(plan.sockets)]
    await exchanges[0].load_markets()
    for exchange in exchanges[1:]:
        exchange.set_markets(exchanges[0].markets)
    watchers = [asyncio.create_task(watch(exchange, meter)) for exchange in exchanges]
    finished = asyncio.create_task(meter.finished())
    await asyncio.wait([finished, *watchers], return_when=asyncio.FIRST_COMPLETED)
    for task in (finished, *watchers):
        task.cancel()
    failures = [
        outcome
        for outcome in await asyncio.gather(*watchers, return_exceptions=True)
        if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError)
    ]
    for exchange in exchanges:
        await exchange.close()
    if failures:
        raise failures[0]
    return {}
