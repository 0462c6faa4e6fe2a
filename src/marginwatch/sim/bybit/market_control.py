"""The part of the remote control that acts on the market: sudden moves, moods, pegs, depth."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from marginwatch.sim.bybit import orders_given as given
from marginwatch.sim.exchange import Exchange

Order = TypeVar("Order", bound=msgspec.Struct)
Answer = dict[str, object]


class MarketControl:
    """What can be done to the market from outside; each action is one call of the exchange.

    Parameters
    ----------
    exchange : Exchange
        Whose market.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @property
    def actions(self) -> dict[str, Callable[[web.Request], Awaitable[Answer]]]:
        """Return the actions by the path they are asked for at."""
        return {"/shock": self._shock, "/regime": self._regime, "/peg": self._peg, "/depth": self._depth}

    async def _shock(self, request: web.Request) -> Answer:
        order = await _read(request, given.Shock)
        self._exchange.shock(order.move, order.coin)
        return {"move": order.move, "coin": order.coin}

    async def _regime(self, request: web.Request) -> Answer:
        order = await _read(request, given.RegimeOrder)
        self._exchange.set_regime(order.regime)
        return {"regime": order.regime}

    async def _peg(self, request: web.Request) -> Answer:
        order = await _read(request, given.Peg)
        self._exchange.set_peg(order.coin, None if order.price is None else float(order.price))
        return {"coin": order.coin, "price": order.price}

    async def _depth(self, request: web.Request) -> Answer:
        order = await _read(request, given.DepthOrder)
        self._exchange.set_depth(order.factor, order.symbol)
        return {"factor": order.factor, "symbol": order.symbol}


async def _read(request: web.Request, kind: type[Order]) -> Order:
    return msgspec.json.decode(await request.read(), type=kind)
