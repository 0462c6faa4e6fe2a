"""How the referee speaks with the two others: the simulator's remote control, and the monitor's API."""

from typing import Any

import aiohttp

TIMEOUT = aiohttp.ClientTimeout(total=60.0)


class Exchange:
    """The remote control of the simulated exchange.

    Parameters
    ----------
    http : aiohttp.ClientSession
        Connections.
    control : dict
        Address and token, as the simulator prints them.
    """

    def __init__(self, http: aiohttp.ClientSession, control: dict[str, str]) -> None:
        self._http = http
        self._url = control["url"]
        self._headers = {"Authorization": f"Bearer {control['token']}"}

    async def ask(self, path: str, **query: str) -> dict[str, Any]:
        """Return the answer to a look."""
        async with self._http.get(
            self._url + path, params=query, headers=self._headers, timeout=TIMEOUT
        ) as reply:
            reply.raise_for_status()
            return await reply.json()

    async def order(self, path: str, **body: object) -> dict[str, Any]:
        """Have something done."""
        async with self._http.post(
            self._url + path, json=body, headers=self._headers, timeout=TIMEOUT
        ) as reply:
            if reply.status != 200:
                raise RuntimeError(f"the simulator refused {path}: {await reply.text()}")
            return await reply.json()

    async def truths(self, names: list[str]) -> dict[str, dict[str, Any]]:
        """Return every account as it really is, by name."""
        return {name: (await self.ask("/truth", account=name))["truth"] for name in names}

    async def calls(self) -> dict[str, int]:
        """Return how many REST calls have reached the exchange, by path."""
        counts = (await self.ask("/stats"))["counts"]
        return {name: number for name, number in counts.items() if name.startswith("/v5/")}


class Monitor:
    """The API of the monitor.

    Parameters
    ----------
    http : aiohttp.ClientSession
        Connections.
    url, token : str
        Where, and what it wants to be shown.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return status and body of one route; the body is empty where it is no JSON."""
        async with self._http.get(self._url + path, headers=self._headers, timeout=TIMEOUT) as reply:
            is_json = "json" in reply.headers.get("Content-Type", "")
            return reply.status, await reply.json() if is_json else {}

    async def accounts(self) -> dict[str, Any]:
        """Return all account rows and what is not included."""
        status, body = await self.get("/api/v1/accounts")
        if status != 200:
            raise RuntimeError(f"the monitor answers {status} for its accounts")
        return body
