"""How long the web holds the loop of a service: ``python -m benchmarks.web_loop [--accounts N] [--positions N] [--json FILE]``.

The service is in this process: a book whose prices all move, frames ten times a second, heavy measures reckoned once, the
stream and the routes on a real socket. Another process asks. Each step of the loop is timed, by what it was a step of: its
processor time, which other processes do not lengthen, and by the clock, with what it waited for the interpreter and the machine.
"""

import argparse
import asyncio
import asyncio.events
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks import machine, report
from benchmarks.bench_frame import filled_book
from benchmarks.stream.listener import Listener, listen
from marginwatch.daemon import THREAD_TURN_S
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import HeavyWork
from marginwatch.model.events import MarksUpdate
from marginwatch.model.price import Mark
from marginwatch.model.secret import Secret
from marginwatch.risk.heavy.asked import Asked
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer

TOKEN = "benchmark-token"
PARTS = ("distance", "levels", "chances")
FRAME_EVERY_S = 0.1
HELD_MS_MAX = 20.0
FRAMES = "frames"
LISTEN_S = 6.0

TABLES = ("overview", "accounts", "positions")
DOCUMENTS = ("margin", "levels", "exposure?by=asset", "summary")
PATHS = (
    "/api/v1/accounts",
    "/api/v1/levels",
    "/api/v1/positions?limit=1000",
    "/api/v1/export/accounts.csv",
)


class Steps:
    """Times every step of the loop."""

    def __init__(self) -> None:
        self.took_ms: dict[str, list[tuple[float, float]]] = defaultdict(list)
        run = asyncio.events.Handle._run
        steps = self

        def timed(handle: asyncio.events.Handle) -> None:
            began_s, used_s = time.perf_counter(), time.thread_time()
            try:
                run(handle)
            finally:
                took_ms = (time.perf_counter() - began_s) * 1e3
                if took_ms > 1.0:
                    steps.took_ms[_name(handle)].append(((time.thread_time() - used_s) * 1e3, took_ms))

        asyncio.events.Handle._run = timed  # type: ignore[method-assign]

    def web_ms(self) -> tuple[float, float]:
        """Return the longest step that was none of the frames' own: of the processor, and by the clock."""
        steps = [step for name, found in self.took_ms.items() if name != FRAMES for step in found]
        return max((used for used, _ in steps), default=0.0), max((took for _, took in steps), default=0.0)

    def worst(self, count: int = 3) -> list[tuple[str, float]]:
        """Return the kinds of steps that took most of the processor at a time."""
        longest = [(name, max(found)[0]) for name, found in self.took_ms.items() if name != FRAMES]
        return sorted(longest, key=lambda pair: -pair[1])[:count]


def _name(handle: asyncio.events.Handle) -> str:
    owner = getattr(handle._callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        name = owner.get_name()
        return owner.get_coro().__qualname__ if name.startswith("Task-") else name
    return getattr(handle._callback, "__qualname__", repr(handle._callback))


class Desk:
    """The live picture."""

    def __init__(self, n_accounts: int, n_positions: int) -> None:
        self._book, self._clock = filled_book(n_accounts, n_positions, max(n_positions, 500))
        self.engine = Engine(self._book, self._clock)
        self.engine.run_frame()
        asyncio.run(HeavyWork(self.engine, self._clock).answer(Asked(parts=PARTS)))
        self._contracts = [one for one in self._book.columns.instruments.instruments if one is not None]
        self.frames_ms: list[float] = []

    def latest_frame(self) -> Any:
        return self.engine.frame

    def is_alive(self) -> bool:
        return True

    def gather_book(self) -> Any:
        raise NotImplementedError

    async def run(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(FRAME_EVERY_S)
            number += 1
            began_s = time.perf_counter()
            self._clock._elapsed_ns += int(FRAME_EVERY_S * 1e9)
            moved = tuple(
                Mark(instrument=one, mark_price=price, index_price=price)
                for place, one in enumerate(self._contracts)
                for price in [str(10 + place + number % 7 / 100)]
            )
            self._book.apply(MarksUpdate(moved, self._clock.now_ns()))
            self.engine.run_frame()
            self.frames_ms.append((time.perf_counter() - began_s) * 1e3)


async def _ask(url: str, what: list[str], seconds: float) -> dict[str, Any]:
    """Return when everything came first, in a process of its own."""
    began_s = time.monotonic()
    found: dict[str, Any] = {}
    if what[0].startswith("/"):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(headers=headers, read_bufsize=2**22) as http:
            for path in what:
                began_s = time.monotonic()
                async with http.get(url + path) as reply:
                    body = await reply.read()
                    found[path] = [reply.status, time.monotonic() - began_s, len(body)]
        return found
    listener: Listener = await listen(url, TOKEN, *what)
    came_s = began_s
    for _ in range(max(1, round(4 * seconds))):
        await asyncio.sleep(0.25)
        if came_s == began_s and all(one in listener.n_messages for one in what):
            came_s = time.monotonic()
    came_s -= began_s
    found = {one: [listener.n_messages[one], came_s, listener.n_bytes[one]] for one in what}
    found["errors"] = [listener.n_messages["error"], 0.0, 0]
    found["whole"] = [listener.n_whole, 0.0, 0]
    listener.close()
    return found


async def _measured(desk: Desk, steps: Steps, what: tuple[str, ...], seconds: float) -> dict[str, Any]:
    server = WebServer(create_app(desk, Secret(TOKEN)), port=0)
    await server.start()
    frames = asyncio.create_task(desk.run(), name=FRAMES)
    await asyncio.sleep(0.5)
    steps.took_ms.clear()
    desk.frames_ms.clear()
    asking = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.web_loop", "--seconds", str(seconds), "--ask", server.url, *what),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asking.communicate()
    got, (web_ms, clock_ms), worst = json.loads(out), steps.web_ms(), steps.worst()
    frame_ms = sorted(desk.frames_ms)
    frames.cancel()
    await asyncio.gather(frames, return_exceptions=True)
    await server.stop()
    return {
        "web_ms": web_ms,
        "clock_ms": clock_ms,
        "worst": worst,
        "frame_ms": frame_ms[len(frame_ms) // 2],
        "frame_ms_max": frame_ms[-1],
        "got": got,
    }


def run(n_accounts: int, n_positions: int, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Return what was measured of each kind of question, the worst of the rounds."""
    sys.setswitchinterval(THREAD_TURN_S)
    desk, steps = Desk(n_accounts, n_positions), Steps()
    found: list[dict[str, Any]] = []
    for name, what in (
        ("tables, first whole", TABLES),
        ("documents", DOCUMENTS),
        ("routes", PATHS),
    ):
        turns = [asyncio.run(_measured(desk, steps, what, seconds)) for _ in range(rounds)]
        found.append({"asked": name, **max(turns, key=lambda one: one["web_ms"])})
    return found


def table(found: list[dict[str, Any]]) -> str:
    """Return the figures as Markdown."""
    rows = [
        (
            one["asked"],
            report.number(one["web_ms"]),
            report.number(one["clock_ms"]),
            report.number(one["frame_ms"]),
            report.number(one["frame_ms_max"]),
            "; ".join(f"{name} {ms:.0f}" for name, ms in one["worst"]),
            report.verdict(one["web_ms"] <= HELD_MS_MAX),
        )
        for one in found
    ]
    head = ("Asked for", "web held the loop, ms", "by the clock", "frame ms", "at most", "by, ms", "")
    return report.grid(head, rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return 1 if ``--strict`` and the loop was held too long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web_loop", description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--positions", type=int, default=20, help="an account")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=LISTEN_S, help="of listening to the stream")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--ask", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.ask:
        print(json.dumps(asyncio.run(_ask(options.ask[0], options.ask[1:], options.seconds))))
        return 0
    if min(options.accounts, options.positions, options.rounds) < 1:
        parser.error("--accounts, --positions and --rounds must be positive")
    found = run(options.accounts, options.positions, options.rounds, options.seconds)
    print(table(found))
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine.describe(), "result": found}, indent=1))
    return 1 if options.strict and any(one["web_ms"] > HELD_MS_MAX for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
