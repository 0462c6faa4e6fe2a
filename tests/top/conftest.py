"""A service over loopback that can be stopped and started again on its port, and the program in a terminal of any size."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.steady_port import steady_port
from tests.web.alerts import Desk, small_desk
from tests.web.conftest import Picture
from textual.pilot import Pilot
from textual.widgets import Input, Static

from marginwatch.model.secret import Secret
from marginwatch.risk.frame import Frame
from marginwatch.top.app import TopApp
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer

TOKEN = Secret("t0ken")
PATIENCE_S = 8.0
"""For what must come; a busy machine takes longer instead of failing."""


class Service:
    def __init__(self, frame: Frame, desk: Desk) -> None:
        self.picture = Picture(frame)
        self.desk = desk
        self.url = ""
        self._server: WebServer | None = None

    async def start(self) -> None:
        port = int(self.url.rpartition(":")[2]) if self.url else steady_port()
        self._server = WebServer(create_app(self.picture, TOKEN, alerting=self.desk), port=port)
        await self._server.start()
        self.url = self._server.url

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()
        self._server = None

    async def ask(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN.reveal()}"}
        async with aiohttp.ClientSession() as http, http.get(self.url + path, headers=headers) as reply:
            assert reply.status == 200
            return await reply.json()


@pytest_asyncio.fixture
async def service(measure_desk: Callable[[], Frame]) -> AsyncGenerator[Service, None]:
    one = Service(measure_desk(), small_desk())
    await one.start()
    yield one
    await one.stop()


class Terminal:
    """The program, its keys, and what it shows."""

    def __init__(self, program: TopApp, pilot: Pilot[None]) -> None:
        self.program = program
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Put a text into the focused field, instead of what stands there."""
        field = self.program.focused
        assert isinstance(field, Input)
        field.value = text
        await self.pilot.pause()

    def complaint(self) -> str:
        """What an open window complains of."""
        return str(self.program.screen.query_one(".complaint", Static).render())

    def status(self) -> str:
        """The status line, unbroken."""
        return self.program._status()

    def lines(self) -> list[str]:
        """What stands on the screen, line by line."""
        strips = self.program.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def rows(self) -> list[str]:
        """The same without the lines above and below the view."""
        return self.lines()[2:-3]

    def text(self) -> str:
        return "\n".join(self.lines())

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + PATIENCE_S
        while not is_so():
            if loop.time() > give_up_at:
                raise AssertionError(f"it never came; the screen is:\n{self.text()}")
            await asyncio.sleep(0.05)

    async def until_shown(self, words: str) -> None:
        await self.until(lambda: words in self.text())


@pytest.fixture
def opened() -> Callable[..., Any]:
    """Return the program, opened on a terminal."""

    @asynccontextmanager
    async def open_program(
        service: Service, width: int = 80, height: int = 24
    ) -> AsyncGenerator[Terminal, None]:
        program = TopApp(service.url, TOKEN, every_s=0.4, author="nan")
        async with program.run_test(size=(width, height)) as pilot:
            terminal = Terminal(program, pilot)
            await terminal.until_shown("● live")
            yield terminal

    return open_program
