"""The monitor of a soak: the daemon of ``marginwatch run``, with a look into its book on standard input.

``python -m benchmarks.soak.monitor FILE`` prints one JSON line when it runs, and one for each line it is asked with:
``book`` (rows and coins of every account, to the last digit) or ``sessions`` (what became of their sockets).
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from marginwatch.app.service import Service
from marginwatch.cli.file_limit import raise_file_limit
from marginwatch.config.loader import load_service
from marginwatch.daemon import run_loop, serve
from marginwatch.logs import configure_logs

LEGS = {"net": 0, "long": 1, "short": 2}

Answer = dict[str, Any]


def book_of(service: Service) -> Answer:
    """Return of every account its open rows (quantity and entry price by symbol and leg) and coins, as texts."""
    picture = service.book.freeze()
    accounts: list[Answer | None] = [
        None if spec is None else {"positions": {}, "coins": {}} for spec in picture.specs
    ]
    for row, position in enumerate(picture.positions):
        account = accounts[int(picture.account[row])]
        if position is not None and account is not None:
            key = f"{position.instrument.venue_symbol}/{LEGS[position.position_side]}"
            account["positions"][key] = (position.quantity, position.entry_price)
    for row, balance in enumerate(picture.balances):
        account = accounts[int(picture.holding_account[row])]
        if balance is not None and account is not None:
            account["coins"][balance.asset] = balance.wallet_balance
    named = zip(picture.specs, accounts, strict=True)
    return {"accounts": {spec.account_id: found for spec, found in named if spec is not None}}


def sessions_of(service: Service) -> Answer:
    """Return where every session stands and what it has been through, and the calls of the budget."""
    sessions = {
        one.account_id: {
            "state": one.connectivity.link_state.name.lower(),
            "reason": one.connectivity.reason,
            "connects": one.n_connects,
            "messages": one.n_messages,
            "malformed": one.n_malformed,
            "resyncs": one.n_resyncs,
            "reconcile_s": one.reconcile_s,
        }
        for one in service.statuses()
    }
    calls = sum(budget.state().calls for budget in service.budgets.values())
    return {"sessions": sessions, "calls": calls, "breaks": service.n_breaks}


ANSWERS = {"book": book_of, "sessions": sessions_of}


def say(answer: Answer) -> None:
    """Write one line of JSON for the referee."""
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


async def answer_all(service: Service) -> None:
    """Answer until nobody asks any more, then stop the daemon: a monitor does not outlive its referee."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while question := (await reader.readline()).decode().strip():
        say(ANSWERS[question](service))
    os.kill(os.getpid(), signal.SIGTERM)


def main(path: Path) -> None:
    """Run until told to stop."""
    raise_file_limit()
    settings = load_service(path)
    scrubber = configure_logs(settings.log_format, settings.log_level)
    began_s, tasks = time.time(), list[asyncio.Task[None]]()

    def on_start(service: Service, url: str) -> None:
        say({"url": url, "token_file": str(settings.token_file), "began_s": began_s})
        tasks.append(asyncio.get_running_loop().create_task(answer_all(service)))

    run_loop(serve(path, scrubber, on_start=on_start))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
