"""``python -m benchmarks.message``: what a position message costs without its socket, part by part, for changes by turns.

The parts run one after the other as in the service, a lane behind each batch, a frame behind each twenty. There is no
waiting and no other process, so what else runs on a machine matters less than to ``wire``: of the times of each part the
lower sixth is told. Caches are warmer than in the service, so the sum is no answer to what a message costs there.
"""

import argparse
import asyncio
import gc
import time
from collections.abc import Callable

from benchmarks.machine import pin_to_core
from benchmarks.wire import desk
from benchmarks.wire.frames import SYMBOLS, frames
from benchmarks.wire.plan import Plan
from marginwatch.book.position_book import PositionBook
from marginwatch.clock import SystemClock
from marginwatch.engine.engine import Engine
from marginwatch.model.account import AccountSpec
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import ConnectivityUpdate, MarksUpdate
from marginwatch.venues.bybit.parse.private_stream import parse_private_frame
from marginwatch.venues.bybit.stream import BybitStream

SETTINGS = {1000: 25, 20: 4}
"""Accounts → messages between two lanes, about as many as 4 ms bring in the settings of ``wire``."""
BATCHES_A_FRAME = 20
HOURS_NS = 10**13


def fill(book: PositionBook, venue: desk.DeskVenue, specs: list[AccountSpec], plan: Plan) -> None:
    """Tell a book everything that the desk knows before the stream begins, all of it fresh."""
    now_ns = time.time_ns()
    for number, spec in enumerate(specs):
        book.register(spec)
        book.apply(desk.snapshot_of(spec.account_id, number, plan, venue.catalog))
        link = Connectivity(
            account_id=spec.account_id,
            link_state=LinkState.STREAMING,
            socket_replied_at_ns=now_ns,
            reconciled_at_ns=now_ns,
            data_at_ns=now_ns,
            fresh_for_ns=HOURS_NS,
            socket_alive_for_ns=HOURS_NS,
        )
        book.apply(ConnectivityUpdate(link))
    held = [venue.catalog.resolve("linear", symbol) for symbol in SYMBOLS]
    contracts = (*held, *BybitStream(venue.catalog).conversion_instruments())
    book.apply(MarksUpdate(asyncio.run(venue.fetch_marks("linear", contracts)), now_ns))
    desk.tell_facts(book, venue.catalog, specs)


def measure(n_accounts: int, n_messages: int) -> dict[str, float]:
    """Return the processor time of each part, µs a message; ``lane`` and ``frame`` are shared out."""
    batch, clock = SETTINGS[n_accounts], SystemClock()
    plan = Plan(
        sockets=n_accounts, rate=5000, warm=0, measured=n_messages, epoch_ms=clock.now_ns() // 1_000_000
    )
    venue, specs, book = desk.DeskVenue(plan), desk.specs_for(plan, "", ""), PositionBook(clock)
    fill(book, venue, specs, plan)
    engine = Engine(book, clock, rules=[lambda _: None])
    stream = list(frames(plan))
    spent: dict[str, list[int]] = {"parse": [], "book": [], "lane": [], "frame": []}

    def timed(part: str, work: Callable[[], object]) -> None:
        started = time.thread_time_ns()
        work()
        spent[part].append(time.thread_time_ns() - started)

    def parse(first: int) -> None:
        for number in range(first, min(first + batch, n_messages)):
            account_id = specs[number % n_accounts].account_id
            said.append(parse_private_frame(stream[number], account_id, venue.catalog, clock.now_ns())[0])  # type: ignore[index]  # all of them are pushes

    def apply() -> None:
        for event in said:
            engine.sink(event)

    gc.collect()
    for number, first in enumerate(range(0, n_messages, batch)):
        said: list[object] = []
        timed("parse", lambda first=first: parse(first))
        timed("book", apply)
        timed("lane", engine.run_lane)
        if number % BATCHES_A_FRAME == 0:
            timed("frame", engine.run_frame)
    shared = {"parse": batch, "book": batch, "lane": batch, "frame": batch * BATCHES_A_FRAME}
    return {part: sorted(times)[len(times) // 6] / 1e3 / shared[part] for part, times in spent.items()}


def main() -> None:
    """Print one line for each setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=12_000)
    n_messages: int = parser.parse_args().messages
    pin_to_core(1)
    for n_accounts in SETTINGS:
        parts = measure(n_accounts, n_messages)
        words = ", ".join(f"{part} {cost:.2f}" for part, cost in parts.items())
        print(
            f"{n_accounts:>5} accounts: {words}, together {sum(parts.values()):.2f} µs a message", flush=True
        )


if __name__ == "__main__":
    main()
