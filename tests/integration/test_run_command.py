"""``marginwatch run`` as a program against the simulated exchange, and the commands that ask it."""

import asyncio
import contextlib
import csv
import io
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from marginwatch.clock import SystemClock
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import parse_faults

PROGRAM = [sys.executable, "-c", "import sys; from marginwatch.cli import main; sys.exit(main())"]
STOPS_WITHIN_S = 10.0


class Program:
    """One running command, with all that it wrote."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.written = b""
        self._readers = [
            asyncio.create_task(self._read(process.stderr, is_log=True)),
            asyncio.create_task(self._read(process.stdout, is_log=False)),
        ]

    async def _read(self, stream: asyncio.StreamReader | None, *, is_log: bool) -> None:
        assert stream is not None
        async for line in stream:
            self.written += line
            if is_log:
                self.lines.append(json.loads(line))

    def logged(self, event: str, **fields: str) -> list[dict[str, Any]]:
        return [
            line
            for line in self.lines
            if line["event"] == event and all(line.get(name) == value for name, value in fields.items())
        ]

    async def end(self) -> int:
        code = await asyncio.wait_for(self.process.wait(), STOPS_WITHIN_S)
        await asyncio.gather(*self._readers)
        return code


class Desk:
    """An exchange of six accounts and the folder of the service that watches some of them."""

    def __init__(self, exchange: Exchange, server: BybitSimServer, folder: Path) -> None:
        self.exchange, self.server = exchange, server
        self.file = folder / "marginwatch.toml"
        self.data = folder / "data"
        self.accounts = {info.name: info for info in exchange.accounts()}
        self.environment = dict(os.environ)
        self.replies: list[bytes] = []
        for number, info in enumerate(self.accounts.values()):
            self.environment[f"KEY_{number}"] = info.key.api_key
            self.environment[f"SECRET_{number}"] = info.key.api_secret

    def write(self, *names: str, disabled: tuple[str, ...] = (), extra: str = "") -> None:
        urls = self.server.urls
        public = ", ".join(f'{category} = "{url}"' for category, url in urls.public.items())
        text = """
[service]
port = 0
data_dir = "data"
log_format = "json"
[limits]
share_of_limit = 1.0
[collect]
poll_s = 1.0
reconcile_s = 2.0
backoff_first_s = 0.2
backoff_max_s = 0.5
ping_s = 1.0
socket_alive_for_s = 6.0
"""
        for number, name in enumerate(self.accounts):
            if name in names:
                text += f"""
[[account]]
id = "{name}"
venue = "bybit"
urls = {{ rest = "{urls.rest}", private = "{urls.private}", public = {{ {public} }} }}
api_key = "env:KEY_{number}"
api_secret = "env:SECRET_{number}"
desk = "{self.accounts[name].desk}"
uid = {self.accounts[name].uid}
enabled = {str(name not in disabled).lower()}
"""
        self.file.write_text(text + extra)

    def secrets(self) -> list[bytes]:
        keys = [info.key for info in self.accounts.values()]
        return [text.encode() for key in keys for text in (key.api_key, key.api_secret)]

    def sockets(self, names: list[str]) -> list[object]:
        """Return the private sockets of accounts as the exchange sees them."""
        found = [self.server.private.of_account(self.accounts[name].uid) for name in names]
        assert all(len(one) == 1 for one in found), names
        return [one[0] for one in found]

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end."""
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        self.replies += [out, err]
        return process.returncode or 0, out.decode(), err.decode()

    async def get(self, url: str, *, has_token: bool = True) -> tuple[int, bytes]:
        token = (self.data / "api-token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"} if has_token else {}
        async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as reply:
            body = await reply.read()
        self.replies.append(body)
        return reply.status, body

    async def asks_until(self, url: str, is_so: Callable[[Any], bool], seconds: float = 40.0) -> None:
        """Ask until the answer is so: replies are of the last frame, which may be a tenth of a second old."""
        body = b""
        try:
            async with asyncio.timeout(seconds):
                while not is_so(json.loads(body := (await self.get(url))[1])):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pytest.fail(f"not within {seconds} s: {body[-2000:]!r}")


async def until(condition: Callable[[], object], seconds: float, say: Callable[[], object]) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"not within {seconds} s: {say()}")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    exchange = Exchange(71, SystemClock(), n_accounts=6, activity_per_s=1.0)
    async with BybitSimServer(exchange) as server:
        market = asyncio.create_task(exchange.run())
        yield Desk(exchange, server, tmp_path)
        market.cancel()
        await asyncio.gather(market, return_exceptions=True)


@pytest.fixture
async def start(desk: Desk) -> AsyncIterator[Callable[[], Any]]:
    started: list[asyncio.subprocess.Process] = []

    async def begin() -> Program:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            "run",
            "-c",
            str(desk.file),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=desk.environment,
        )
        started.append(process)
        program = Program(process)
        await until(lambda: program.logged("picture complete"), 30, lambda: program.written[-2000:])
        return program

    yield begin
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def url_of(program: Program) -> str:
    return str(program.logged("service started")[0]["url"])


async def set_a_password(desk: Desk, program: Program) -> None:
    """Nobody on this machine need sign in until there is a password, which a running service takes up at once."""
    url = url_of(program)
    (dashboard,) = program.logged("dashboard")
    assert dashboard["url"] == url
    assert dashboard["login"].startswith("not needed on this machine")
    assert (await desk.get(f"{url}/api/v1/session", has_token=False))[0] == 200
    assert (await desk.get(f"{url}/readyz", has_token=False))[0] in (200, 503)
    (desk.file.parent / "password").write_text("correct horse battery")
    setting = [
        "web",
        "set-password",
        "--role",
        "operator",
        "--password-file",
        str(desk.file.parent / "password"),
    ]
    assert (await desk.run(*setting, "-c", str(desk.file)))[0] == 0
    assert (await desk.get(f"{url}/readyz", has_token=False))[0] == 401
    await until(
        lambda: program.logged("passwords read again", roles="operator"), 10, lambda: program.lines[-3:]
    )


async def test_the_running_service_is_asked_in_every_form_and_keeps_its_secrets(
    desk: Desk, start: Any
) -> None:
    names = list(desk.accounts)[:4]
    desk.write(*names)
    program = await start()
    url = url_of(program)
    assert await desk.get(f"{url}/healthz", has_token=False) == (200, b"alive\n")
    await set_a_password(desk, program)
    await desk.asks_until(f"{url}/readyz", lambda reply: reply["is_complete"] and reply["n_included"] == 4)
    assert (await desk.get(f"{url}/readyz"))[0] == 200
    for route in ("accounts", "positions", "exposure", "summary", "notices", "breaks", "openapi.json"):
        assert (await desk.get(f"{url}/api/v1/{route}"))[0] == 200, route

    # The first prices come a moment after the last account.
    await desk.asks_until(f"{url}/api/v1/summary", lambda reply: reply["summary"]["is_complete"])

    service = ["--url", url, "-c", str(desk.file)]
    wrong = ["--url", url, "--token", "not-the-token"]
    nobody = ["--url", "http://127.0.0.1:9", "--token", "any"]
    calls = [
        *(desk.run(command, *service, form) for form in ("--json", "--csv") for command in COMMANDS),
        *(desk.run(command, *service) for command in COMMANDS),
        desk.run("accounts", *wrong),
        desk.run("accounts", *nobody),
        desk.run("accounts", "--url", "nonsense", "--token", "any"),
    ]
    ended: list[tuple[int, str, str]] = []
    for first in range(0, len(calls), 3):
        ended += await asyncio.gather(*calls[first : first + 3])
    as_json, as_csv, as_table, failed = ended[:3], ended[3:6], ended[6:9], ended[9:]
    assert [code for code, _, _ in ended[:9]] == [0] * 9, [err for _, _, err in ended[:9]]
    assert [code for code, _, _ in failed] == [2, 3, 2]
    for _, out, err in failed:
        assert out == ""
        assert err.count("\n") == 1

    replies = [json.loads(out) for _, out, _ in as_json]
    assert {row["account_id"] for row in replies[0]["rows"]} == set(names)
    assert replies[0]["not_included"] == []
    held = {(row["account_id"], row["venue_symbol"], row["position_side"]) for row in replies[1]["rows"]}
    assert held
    assert {row["dimension"] for row in replies[2]["rows"]} == {"asset"}
    assert replies[2]["portfolio"]["n_included"] == 4
    tables = [list(csv.DictReader(io.StringIO(out))) for _, out, _ in as_csv]
    assert {row["account_id"] for row in tables[0]} == set(names)
    assert all(float(row["equity_usd"]) > 0 for row in tables[0])
    assert all(Decimal(row["quantity"]) for row in tables[1])
    assert {row["name"] for row in tables[2]} >= {"BTC", "USDT"}
    for name in names:
        assert name in as_table[0][1]
    assert "BTC" in as_table[2][1]

    program.process.send_signal(signal.SIGTERM)
    began_s = time.monotonic()
    assert await program.end() == 0
    assert time.monotonic() - began_s < STOPS_WITHIN_S
    assert program.logged("stopped")
    await until(lambda: desk.server.sockets() == 0, 40, desk.server.sockets)
    files = [file.read_bytes() for file in desk.data.rglob("*") if file.is_file()]
    assert any(content.startswith(b"SQLite") for content in files)
    for secret in (*desk.secrets(), b"correct horse battery"):
        for place in (program.written, *desk.replies, *files):
            assert secret not in place
    # What the service wrote down can be read without it, and holds nothing of the keys in any encoding of ours.
    with contextlib.closing(sqlite3.connect(desk.data / "marginwatch.sqlite")) as database:
        dump = "\n".join(database.iterdump())
    for secret in desk.secrets():
        assert secret.decode() not in dump


COMMANDS = ("accounts", "positions", "exposure")


async def test_a_lost_source_is_one_line_and_so_is_its_return(desk: Desk, start: Any) -> None:
    names = list(desk.accounts)[:3]
    desk.write(*names)
    program = await start()
    await until(
        lambda: all(desk.server.private.of_account(desk.accounts[name].uid) for name in names), 10, str
    )
    admitted = desk.server.limits.admit_socket
    desk.server.limits.admit_socket = lambda *_: False
    desk.server.faults.plan = parse_faults("rest_error=100%")
    for name in names:
        desk.server.cut_account(desk.accounts[name].uid)

    def lines(event: str) -> list[int]:
        return [len(program.logged(event, account_id=name)) for name in names]

    await until(lambda: lines("account lost") == [1] * 3, 40, lambda: program.lines[-5:])
    refused = desk.server.front.counts["sockets refused"]
    await until(lambda: desk.server.front.counts["sockets refused"] > refused + 9, 40, str)
    assert lines("stream lost") == [1] * 3, "many failed attempts, one line"
    assert lines("account lost") == [1] * 3
    assert lines("stream back") == lines("account back") == [0] * 3
    status, body = await desk.get(f"{url_of(program)}/api/v1/accounts")
    assert status == 200
    assert {entry["state"] for entry in json.loads(body)["not_included"] if entry["kind"] == "account"} == {
        "lost"
    }
    assert (await desk.run("accounts", "--url", url_of(program), "-c", str(desk.file)))[0] == 3

    desk.server.limits.admit_socket = admitted
    desk.server.faults.plan = parse_faults("")
    await until(lambda: lines("account back") == [1] * 3, 40, lambda: program.lines[-5:])
    await until(lambda: lines("stream back") == [1] * 3, 40, lambda: program.lines[-5:])
    assert lines("account lost") == lines("stream lost") == [1] * 3
    program.process.send_signal(signal.SIGTERM)
    assert await program.end() == 0


async def test_sighup_changes_what_is_watched_and_disturbs_nobody_else(desk: Desk, start: Any) -> None:
    kept, gone, paused, added = (names := list(desk.accounts))[:2], names[2], names[3], names[4]
    desk.write(*kept, gone, paused)
    program = await start()
    url = url_of(program)

    def watched(name: str) -> tuple[object, ...]:
        return desk.server.private.of_account(desk.accounts[name].uid)

    await until(lambda: all(len(watched(name)) == 1 for name in (*kept, gone, paused)), 40, str)
    before = desk.sockets(kept)

    desk.write(*kept, paused, added, disabled=(paused,))
    program.process.send_signal(signal.SIGHUP)
    await until(lambda: program.logged("configuration reloaded"), 40, lambda: program.lines[-3:])
    await until(lambda: watched(added) and not watched(gone) and not watched(paused), 40, str)
    assert desk.sockets(kept) == before

    def shows(*wanted: str) -> Any:
        return desk.asks_until(
            f"{url}/api/v1/accounts", lambda reply: {row["account_id"] for row in reply["rows"]} == {*wanted}
        )

    await shows(*kept, added)

    desk.write(*kept, gone, extra='\n[[account]]\nid = "half"\nvenue = "bybti"\n')
    program.process.send_signal(signal.SIGHUP)
    refused = "configuration not reloaded; the old one stays in force"
    await until(lambda: program.logged(refused), 40, lambda: program.lines[-3:])
    assert f"{desk.file}:" in program.logged(refused)[0]["reason"], "it names the line"
    desk.file.write_text("this is = not TOML [")
    program.process.send_signal(signal.SIGHUP)
    await until(lambda: len(program.logged(refused)) == 2, 40, lambda: program.lines[-3:])
    await shows(*kept, added)
    assert desk.sockets(kept) == before
    assert not watched(gone)

    desk.write(*kept, paused, added)
    program.process.send_signal(signal.SIGHUP)
    await until(lambda: len(program.logged("configuration reloaded")) == 2, 40, lambda: program.lines[-3:])
    await until(lambda: watched(paused), 40, str)
    assert desk.sockets(kept) == before
    await shows(*kept, paused, added)
    positions = json.loads((await desk.get(f"{url}/api/v1/positions"))[1])["rows"]
    assert gone not in {row["account_id"] for row in positions}
    program.process.send_signal(signal.SIGTERM)
    assert await program.end() == 0
    written = program.written
    assert not [secret for secret in desk.secrets() if secret in written]


async def test_one_reading_of_the_configuration_needs_no_service(desk: Desk) -> None:
    names = list(desk.accounts)[:3]
    desk.write(*names)
    code, out, err = await desk.run("positions", "-c", str(desk.file), "--json")
    assert (code, err) == (0, "")
    assert {row["account_id"] for row in json.loads(out)["rows"]} == set(names)
    assert not desk.data.exists(), "a single reading writes nothing down"
    assert not [secret for secret in desk.secrets() if secret in out.encode()]


async def test_a_configuration_that_cannot_be_used_is_2_and_nothing_is_started(desk: Desk) -> None:
    desk.write(*list(desk.accounts)[:1], extra="\n[collect]\n")
    code, out, err = await desk.run("run", "-c", str(desk.file))
    assert (code, out) == (2, "")
    assert str(desk.file) in err
    assert "Traceback" not in err
    assert desk.server.sockets() == 0
