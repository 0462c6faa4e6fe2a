"""The part of the remote control that acts on accounts: trades, orders, money, modes, and what befalls their contracts."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from marginwatch.sim.bybit import orders_given as given
from marginwatch.sim.exchange import Exchange

Order = TypeVar("Order", bound=msgspec.Struct)
Answer = dict[str, object]
Action = Callable[[web.Request], Awaitable[Answer]]


async def read_order(request: web.Request, kind: type[Order]) -> Order:
    """Return the body of a request.

    Raises
    ------
    msgspec.MsgspecError
        If it is not what was expected; names the field. ValueError if it is nested too deep to be read.
    """
    body = await request.read()
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError:
        raise ValueError("the body is nested too deep") from None


class AccountControl:
    """What can be done to accounts from outside; each action is one call of the exchange.

    Parameters
    ----------
    exchange : Exchange
        Whose accounts.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @property
    def actions(self) -> dict[str, Action]:
        """Return the actions by the path they are asked for at."""
        return {
            "/position": self._position,
            "/order": self._order,
            "/amend": self._amend,
            "/cancel": self._cancel,
            "/deposit": self._deposit,
            "/transfer": self._transfer,
            "/funding": self._funding,
            "/mode": self._mode,
            "/hedging": self._hedging,
            "/margin": self._margin,
            "/margin_change": self._margin_change,
            "/pool": self._pool,
        }

    def uid_of(self, account: str) -> str:
        """Return the UID of an account named by name or UID.

        Raises
        ------
        ValueError
            If there is none.
        """
        for one in self._exchange.accounts():
            if account in (one.uid, one.name):
                return one.uid
        raise ValueError(f"account must be the name or the UID of an account, got {account!r}")

    # --- trading ----------------------------------------------------------------------------------------------

    async def _position(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Trade)
        uid = self.uid_of(order.account)
        done = self._exchange.open_position(
            uid, order.symbol, order.quantity, order.price, position_idx=order.position_idx
        )
        return {"execution": msgspec.to_builtins(done)}

    async def _order(self, request: web.Request) -> Answer:
        order = await read_order(request, given.LimitOrder)
        uid, category = self.uid_of(order.account), order.category
        if category not in (None, "spot") and not self._exchange.instruments(category, order.symbol):
            raise ValueError(f"symbol must be listed in {category}, got {order.symbol!r}")
        place = self._exchange.place_spot_order if category == "spot" else self._exchange.place_order
        placed = place(uid, order.symbol, order.quantity, order.price)
        return {"order": msgspec.to_builtins(placed)}

    async def _amend(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Amend)
        uid = self.uid_of(order.account)
        self._check_open(uid, order.order_id)
        return {"order": msgspec.to_builtins(self._exchange.amend_order(uid, order.order_id, order.price))}

    async def _cancel(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Cancel)
        uid = self.uid_of(order.account)
        if order.order_id is not None:
            self._check_open(uid, order.order_id)
        wanted = self._open_orders(uid) if order.order_id is None else [order.order_id]
        return {"orders": [msgspec.to_builtins(self._exchange.cancel_order(uid, one)) for one in wanted]}

    def _open_orders(self, uid: str) -> list[str]:
        return [row.order_id for row in self._exchange.truth(uid).orders]

    def _check_open(self, uid: str, order_id: str) -> None:
        if order_id not in self._open_orders(uid):
            raise ValueError(f"order_id must be of an open order of that account, got {order_id!r}")

    # --- money ------------------------------------------------------------------------------------------------

    async def _deposit(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Deposit)
        self._exchange.deposit(self.uid_of(order.account), order.coin, order.amount)
        return {}

    async def _transfer(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Transfer)
        giver, taker = self.uid_of(order.from_account), self.uid_of(order.to_account)
        self._exchange.transfer(giver, taker, order.coin, order.amount)
        return {}

    async def _funding(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Funding)
        uid = self.uid_of(order.account)
        self._exchange.move_funding(uid, order.coin, order.amount)
        left = self._exchange.funding_balances(uid).get(order.coin)
        return {"funding_balance": str(left)}

    # --- settings ---------------------------------------------------------------------------------------------

    async def _mode(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Mode)
        self._exchange.set_margin_mode(self.uid_of(order.account), order.margin_mode)
        return {"margin_mode": order.margin_mode}

    async def _hedging(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Hedging)
        self._exchange.set_spot_hedging(self.uid_of(order.account), is_on=order.is_on)
        return {"is_on": order.is_on}

    async def _margin(self, request: web.Request) -> Answer:
        order = await read_order(request, given.AddMargin)
        uid = self.uid_of(order.account)
        self._exchange.add_margin(uid, order.symbol, order.amount, position_idx=order.position_idx)
        return {}

    # --- contracts and pools ----------------------------------------------------------------------------------

    async def _margin_change(self, request: web.Request) -> Answer:
        order = await read_order(request, given.MarginChange)
        when_ms = self._exchange.announce_margin_change(order.symbol, order.factor, order.delay_s)
        return {"effective_ms": when_ms}

    async def _pool(self, request: web.Request) -> Answer:
        order = await read_order(request, given.Pool)
        self._exchange.set_insurance_pool(order.coin, order.amount)
        return {}
