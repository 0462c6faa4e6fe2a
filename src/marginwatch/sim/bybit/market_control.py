"""The part of the remote control that acts on the market: sudden moves, moods, pegs, depth."""

from aiohttp import web

from marginwatch.sim.bybit import orders_given as given
from marginwatch.sim.bybit.account_control import Action, Answer, read_order
from marginwatch.sim.exchange import Exchange


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
    def actions(self) -> dict[str, Action]:
        """Return the actions by the path they are asked for at."""
        return {"/shock": self._shock, "/regime": self._regime, "/peg": self._peg, "/depth": self._depth}

    async def _shock(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Shock)
        self._exchange.shock(order.move, order.coin)
        return {"move": order.move, "coin": order.coin}

    async def _regime(self, request: web.Request) -> Answer:
        order = await read_order(request, given.RegimeOrder)
        self._exchange.set_regime(order.regime)
        return {"regime": order.regime}

    async def _peg(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Peg)
        self._exchange.set_peg(order.coin, None if order.price is None else float(order.price))
        return {"coin": order.coin, "price": order.price}

    async def _depth(self, request: web.Request) -> Answer:
        order = await read_order(request, given.DepthOrder)
        self._exchange.set_depth(order.factor, order.symbol)
        return {"factor": order.factor, "symbol": order.symbol}
