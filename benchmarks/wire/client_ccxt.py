"""ccxt.pro with our URLs: one exchange object an account, each in a ``watch_positions`` loop.

Messages are counted where it takes them in: of two that come before the loop is awake again, ``watch_positions`` returns
only the first. Nothing else is changed.
The loop it is given is uvloop and the JSON decoder it finds is orjson, which is the fast case for it.
"""

import asyncio
from collections.abc import Callable

import ccxt.pro

from benchmarks.wire.meter import Meter
from benchmarks.wire.plan import Plan


class CountedBybit(ccxt.pro.bybit):
    """The library's own class, with a count of the position messages that it has dealt with."""

    count_message: Callable[[], None]

    def handle_positions(self, client: object, message: object) -> None:
        """Do what the library does, then count."""
        super().handle_positions(client, message)
        self.count_message()


def exchange_for(number: int, private: str, rest: str, meter: Meter) -> CountedBybit:
    """Return an exchange object that speaks to the feeder."""
    streams = {"contract": private, "usdc": private, "trade": private}
    exchange = CountedBybit(
        {
            "apiKey": f"key-{number}",
            "secret": "secret",
            "enableRateLimit": False,
            "options": {"fetchMarkets": {"types": ["linear"]}, "defaultType": "swap"},
        }
    )
    exchange.count_message = meter.message
    exchange.urls["api"]["public"] = rest
    exchange.urls["api"]["private"] = rest
    exchange.urls["api"]["ws"]["private"] = streams | {"spot": {"unified": private, "nonUnified": private}}
    return exchange


async def watch(exchange: CountedBybit) -> None:
    """Take positions for ever; the first answer is the (empty) snapshot."""
    while True:
        await exchange.watch_positions()


async def run(plan: Plan, meter: Meter, private: str, rest: str) -> dict[str, object]:
    """Receive the whole stream; close afterwards."""
    exchanges = [exchange_for(number, private, rest, meter) for number in range(plan.sockets)]
    await exchanges[0].load_markets()
    for exchange in exchanges[1:]:
        exchange.set_markets(exchanges[0].markets)
    watchers = [asyncio.create_task(watch(exchange)) for exchange in exchanges]
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
