import json
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace

import aiohttp
import pytest_asyncio
from tests.bookfile.conftest import small_book

from marginwatch.bookfile.building import build_book
from marginwatch.bookfile.text import parse_book
from marginwatch.bookfile.writing import gather
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import Break
from marginwatch.risk.frame import Frame
from marginwatch.store import Store
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer


class Picture:
    def __init__(self, frame: Frame | None) -> None:
        self.frame = frame
        self.is_running = True

    def latest_frame(self) -> Frame | None:
        return self.frame

    def is_alive(self) -> bool:
        return self.is_running

    def gather_book(self):
        return gather(build_book(parse_book(json.dumps(small_book()).encode(), "x"), 1).book.columns, 5)


@pytest_asyncio.fixture
async def service(measure_desk: Callable[[], Frame], tmp_path) -> AsyncGenerator[SimpleNamespace, None]:
    """A service over real sockets: ``get(path, token=…)`` returns status, headers and body."""
    store = await Store.open(tmp_path / "x.sqlite")
    async with store.transaction() as tx:
        for number in (1, 2):
            found = Break(
                account_id=AccountId("mm-main"),
                subject="bybit:linear:BTCUSDT/net",
                field="quantity",
                ours=str(number),
                theirs=None,
                found_at_ns=number,
            )
            await tx.add_breaks([found])
        await tx.add_notices([Notice("key_warning", AccountId("arb-1"), "expires soon")], at_ns=3)
        for account_id, payload in (
            (AccountId("mm-main"), b'{"a": "\x1b[31m\xff\x00<"}'),
            (None, b"x" * 60_000),
        ):
            found = Quarantined(
                venue=VenueId("bybit"),
                account_id=account_id,
                source="/v5/position/list",
                message="row 3: size is empty",
                payload=payload,
                at_ns=4,
            )
            await tx.add_quarantined([found])
    picture = Picture(measure_desk())
    server = WebServer(create_app(picture, Secret("t0ken"), history=store), port=0)
    await server.start()

    async with aiohttp.ClientSession() as http:

        async def get(
            path: str, token: str | None = "t0ken", method: str = "GET", **headers: str
        ) -> SimpleNamespace:
            if token is not None:
                headers["Authorization"] = f"Bearer {token}"
            async with http.request(method, server.url + path, headers=headers) as reply:
                body = await reply.read()
                return SimpleNamespace(status=reply.status, headers=reply.headers, body=body)

        yield SimpleNamespace(get=get, picture=picture, server=server, http=http, store=store)
    await server.stop()
    await store.close()
