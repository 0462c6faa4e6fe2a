"""Doors: a service over real sockets with passwords that cost little to compare, and callers who come in every way."""

import json
from collections.abc import AsyncIterator, Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import aiohttp
import argon2
import pytest
import pytest_asyncio
from tests.web.alerts import Desk, small_desk
from tests.web.conftest import Picture

from marginwatch.clock import ManualClock
from marginwatch.model.secret import Secret
from marginwatch.risk.frame import Frame
from marginwatch.web.access.access import Access
from marginwatch.web.access.passwords import Passwords, Role, write_password
from marginwatch.web.access.sessions import Sessions
from marginwatch.web.access.verifying import Verifier
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer

TOKEN = "t0ken-of-the-api"
OPERATOR, VIEWER = "correct horse battery", "only here to look around"

QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def quick_hash(password: str) -> Secret:
    """Hash as the product does, a thousand times cheaper; the hash says so itself."""
    return Secret(QUICK.hash(password))


class Reply:
    """What came back."""

    def __init__(self, reply: aiohttp.ClientResponse, body: bytes) -> None:
        self.status = reply.status
        self.headers = reply.headers
        self.body = body
        self.text = body.decode()
        jar = SimpleCookie()
        for line in reply.headers.getall("Set-Cookie", []):
            jar.load(line)
        self.cookies = {name: one.value for name, one in jar.items()}
        self.cookie_lines = reply.headers.getall("Set-Cookie", [])

    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


class Door:
    """A service and the folder of its passwords; one that is started again finds what it kept."""

    def __init__(self, folder: Path, frame: Frame, desk: Desk) -> None:
        self.folder, self.frame, self.desk = folder, frame, desk
        self.clock = ManualClock()
        self.passwords = folder / "web-passwords.toml"
        self.sessions = folder / "web-sessions.json"
        self.token = TOKEN
        self.options: dict[str, Any] = {"is_local": True, "login": "auto"}
        self.server: WebServer | None = None
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    def set(self, role: Role, password: str | None) -> None:
        write_password(self.passwords, role, None if password is None else quick_hash(password))

    async def start(self, host: str = "127.0.0.1") -> None:
        access = Access(
            Secret(self.token),
            passwords=Passwords(self.passwords),
            sessions=Sessions(self.sessions, self.clock, 30.0),
            clock=self.clock,
            verifier=Verifier(quick_hash("nobody's").reveal()),
            **self.options,
        )
        self.access = access
        self.server = WebServer(create_app(Picture(self.frame), access, alerting=self.desk), host, 0)
        await self.server.start()

    async def stop(self) -> None:
        if self.server is not None:
            await self.server.stop()
            self.server = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        cookie: str | None = None,
        token: str | None = None,
        body: object = None,
        data: bytes | None = None,
        **headers: str,
    ) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie is not None:
            sent["Cookie"] = cookie
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        async with self.http.request(method, self.url + path, headers=sent, json=body, data=data) as reply:
            return Reply(reply, await reply.read())

    async def sign_in(self, password: str, **headers: str) -> Reply:
        return await self.ask("POST", "/api/v1/session", body={"password": password}, **headers)

    async def signed_in(self, password: str) -> "Caller":
        reply = await self.sign_in(password)
        assert reply.status == 200, reply.text
        ((name, value),) = reply.cookies.items()
        return Caller(self, f"{name}={value}", reply.json()["csrf"])


class Caller:
    """A page of somebody who signed in, with all that a browser sends along."""

    def __init__(self, door: Door, cookie: str, csrf: str) -> None:
        self.door, self.cookie, self.csrf = door, cookie, csrf

    async def get(self, path: str = "/api/v1/summary") -> Reply:
        return await self.door.ask("GET", path, cookie=self.cookie)

    async def change(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        sent = {"Origin": self.door.url, "X_CSRF_Token": self.csrf} | headers
        sent = {name: value for name, value in sent.items() if value}
        return await self.door.ask(method, path, cookie=self.cookie, body=body, **sent)


@pytest_asyncio.fixture
async def door(measure_desk: Callable[[], Frame], tmp_path: Path) -> AsyncIterator[Door]:
    """A service that is not started yet."""
    made = Door(tmp_path / "data", measure_desk(), small_desk())
    yield made
    await made.stop()
    await made.http.close()


@pytest.fixture
def passwords_of_both(door: Door) -> Door:
    """The same with a password for each role."""
    door.set("operator", OPERATOR)
    door.set("viewer", VIEWER)
    return door
