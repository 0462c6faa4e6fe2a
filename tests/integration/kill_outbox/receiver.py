"""Somebody on the other end who answers in every way that there is, and remembers what was taken and how it was answered."""

import asyncio
import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass

ANSWERS = {
    "ok": 60,
    "slow": 14,
    "429": 4,
    "500": 5,
    "403": 5,
    "garbage": 6,
    "none": 3,
    "cut": 3,
}
"""How → how often of a hundred."""


@dataclass(slots=True)
class Taken:
    """One message as it came in.

    Parameters
    ----------
    lane, run, channel : str
        Database, life of the process, channel.
    message_id : str
        Its name.
    transition_ids : tuple of str
        What it tells.
    alerts : tuple
        ``alert_id`` and severity of each.
    how : str
        How it was answered.
    """

    lane: str
    run: str
    channel: str
    message_id: str
    transition_ids: tuple[str, ...]
    alerts: tuple[tuple[str, int], ...]
    how: str

    @property
    def is_confirmed(self) -> bool:
        """Whether the answer said that it was taken."""
        return self.how in ("ok", "slow")


class Receiver:
    """Listens on a loopback port.

    Parameters
    ----------
    chance : random.Random
        Decides how to answer.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.taken: list[Taken] = []
        self.is_kind: set[str] = set()
        self.port = 0
        self.counts: Counter[tuple[str, str]] = Counter()
        self._news = asyncio.Event()

    async def __aenter__(self) -> "Receiver":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def wait_for(self, lane: str, run: str, count: int, timeout_s: float) -> None:
        """Return once ``count`` messages of a life have come, or after a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.counts[lane, run] < count:
                    self._news.clear()
                    await self._news.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length:")[1].split("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        _, lane, run, channel = head.split(" ")[1].split("/")
        how = "ok" if lane in self.is_kind else self._chance.choices(list(ANSWERS), list(ANSWERS.values()))[0]
        # Before the answer: whoever refuses or does not answer may have read it all the same.
        self.taken.append(
            Taken(
                lane,
                run,
                channel,
                body["message_id"],
                tuple(body["transition_ids"]),
                tuple((one["alert_id"], one["severity"]) for one in body["alerts"]),
                how,
            )
        )
        self.counts[lane, run] += 1
        self._news.set()
        if how == "slow":
            await asyncio.sleep(self._chance.uniform(0.005, 0.05))
        if how == "none":
            await asyncio.sleep(1.0)
            return False
        if how == "cut":
            return False
        status = {
            "ok": "200 OK",
            "slow": "200 OK",
            "429": "429 Slow\r\nRetry-After: 0",
            "500": "500 Oh",
            "403": "403 No",
        }
        writer.write(
            f"HTTP/1.1 {status[how]}\r\nContent-Length: 0\r\n\r\n".encode()
            if how in status
            else b"\x00garbage\r\n\r\n"
        )
        await writer.drain()
        return how in status
