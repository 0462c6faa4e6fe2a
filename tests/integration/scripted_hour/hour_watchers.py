"""pybit and ccxt watching one account each, unmodified but for their addresses; what they hear is written down."""

import asyncio
import copy
from typing import Any

import ccxt.pro
import pybit.unified_trading

from marginwatch.sim.bybit.server import Urls
from marginwatch.sim.rows import KeyInfo

PYBIT_TOPICS = ("position", "wallet", "order", "execution", "fast_execution", "greek")
"""As pybit names its subscriptions."""

CCXT_TOPICS = ("watch_positions", "watch_balance", "watch_orders", "watch_my_trades")
"""ccxt has no reader of the private greeks; it reads those of one option by REST (``fetch_greeks``)."""

SETTLED = (
    {"category": "linear", "settleCoin": "USDT"},
    {"category": "linear", "settleCoin": "USDC"},
    {"category": "inverse"},
    {"category": "option"},
)
"""What a client has to ask for to see all of an account."""

CCXT_SETTLED = (
    {"type": "swap", "subType": "linear", "settleCoin": "USDT"},
    {"type": "swap", "subType": "linear", "settleCoin": "USDC"},
    {"type": "swap", "subType": "inverse"},
    {"type": "option"},
)


class Pybit:
    """pybit's REST session and private socket of one account; the socket's callbacks run in pybit's own thread.

    Parameters
    ----------
    urls : Urls
        Where the exchange is.
    key : KeyInfo
        Of the account.
    """

    def __init__(self, urls: Urls, key: KeyInfo) -> None:
        self.messages: list[dict[str, Any]] = []
        self._secrets = {"api_key": key.api_key, "api_secret": key.api_secret}
        self.session: Any = pybit.unified_trading.HTTP(**self._secrets)
        self.session.endpoint = urls.rest
        self.socket: Any = None

    def connect(self) -> None:
        """Open the socket and subscribe to every private topic that pybit knows; blocks."""
        self.socket = pybit.unified_trading.WebSocket(testnet=False, channel_type="private", **self._secrets)
        for topic in PYBIT_TOPICS:
            getattr(self.socket, f"{topic}_stream")(self.messages.append)

    def view(self) -> dict[str, Any]:
        """Return what its reads say now; blocks."""
        read = self.session
        return {
            "positions": self._lists(read.get_positions, *SETTLED, limit=200),
            "orders": self._lists(read.get_open_orders, *SETTLED, {"category": "spot"}, limit=50),
            "wallet": read.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0],
            "greeks": read.get_coin_greeks()["result"]["list"],
        }

    def histories(self, start_ms: int, end_ms: int) -> dict[str, list[dict[str, Any]]]:
        """Return all executions, ledger lines and closed profits, newest first; blocks."""
        read, span = self.session, {"startTime": start_ms, "endTime": end_ms}
        families = [{"category": name} for name in ("linear", "inverse", "option", "spot")]
        return {
            "executions": self._lists(read.get_executions, *families, limit=100, **span),
            "ledger": self._lists(read.get_transaction_log, {}, limit=50, **span),
            "closed": self._lists(read.get_closed_pnl, *families[:2], limit=100, **span),
            "fundings of BTCUSDT": self._lists(
                read.get_executions, families[0], symbol="BTCUSDT", execType="Funding", **span
            ),
        }

    @staticmethod
    def _lists(read: Any, *filters: dict[str, str], **options: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for one in filters:
            cursor: dict[str, str] = {}
            while True:
                result = read(**one, **options, **cursor)["result"]
                rows += [{"category": one.get("category", ""), **row} for row in result["list"]]
                # Some lists hand out a cursor with their last page too; the page behind it is empty.
                if not result["nextPageCursor"] or not result["list"]:
                    break
                cursor = {"cursor": result["nextPageCursor"]}
        return rows


class Noted(ccxt.pro.bybit):
    """ccxt with a notebook in front of it: each message is written down and handed on as it is."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.noted: list[dict[str, Any]] = []
        super().__init__(config)

    def handle_message(self, client: Any, message: Any) -> None:
        if "topic" in message:
            self.noted.append(copy.deepcopy(message))
        super().handle_message(client, message)


class Ccxt:
    """ccxt.pro watching one account by its four private watches at once.

    Parameters
    ----------
    urls, key
        As for :class:`Pybit`.
    """

    def __init__(self, urls: Urls, key: KeyInfo) -> None:
        self.api: Any = Noted({"apiKey": key.api_key, "secret": key.api_secret, "enableRateLimit": False})
        streams = {"spot": {"unified": urls.private, "nonUnified": urls.private}}
        streams |= dict.fromkeys(("contract", "usdc", "trade"), urls.private)
        self.api.urls["api"] |= {
            "public": urls.rest,
            "private": urls.rest,
            "ws": {"public": urls.public, "private": streams},
        }
        self.told: dict[str, list[Any]] = {name: [] for name in CCXT_TOPICS}
        """What each watch returned."""
        self.errors: list[BaseException] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What came over the socket."""
        return self.api.noted

    def connect(self) -> None:
        """Start watching."""
        self._tasks = [asyncio.create_task(self._follow(name)) for name in CCXT_TOPICS]

    async def _follow(self, name: str) -> None:
        watch = getattr(self.api, name)
        while True:
            try:
                rows = await watch()
            except Exception as error:  # whatever it is, the test has to show it
                self.errors.append(error)
                return
            self.told[name].append(copy.deepcopy(rows))

    async def view(self) -> dict[str, Any]:
        """Return what its reads and its caches say now."""
        api = self.api
        positions = [row for one in CCXT_SETTLED for row in await api.fetch_positions(None, dict(one))]
        # Left to itself it asks for inverse orders settled in USDT, of which there are none.
        inverse = {"type": "swap", "subType": "inverse", "settleCoin": "BTC"}
        families = (*CCXT_SETTLED, inverse, {"type": "spot"})
        orders = [row for one in families for row in await api.fetch_open_orders(None, None, 50, dict(one))]
        caches = {"positions": api.positions, "orders": api.orders, "trades": api.myTrades}
        return {
            "positions": positions,
            "orders": orders,
            "balance": await api.fetch_balance(),
            "watched": {name: copy.deepcopy(list(rows or [])) for name, rows in caches.items()},
            "watched balance": copy.deepcopy((api.balance or {}).get("unified", {})),
        }

    async def histories(self, start_ms: int, end_ms: int) -> dict[str, list[dict[str, Any]]]:
        """Return all trades and ledger lines."""
        families = (*CCXT_SETTLED[1:], {"type": "spot"})
        span = {"until": end_ms, "paginate": True}
        trades = [
            row
            for one in families
            for row in await self.api.fetch_my_trades(
                None, start_ms, 100, {**{k: v for k, v in one.items() if k != "settleCoin"}, **span}
            )
        ]
        ledger = await self.api.fetch_ledger(None, start_ms, 50, dict(span))
        return {"trades": trades, "ledger": ledger}

    async def close(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.api.close()
