"""What is killed: rules → store → dispatcher, in processes forked from one that has imported everything.

The nursery reads one JSON object a line and answers with the process id of a child that does what it says; the child says
when it is ready. Children are reaped by the system, so that a killed one is soon gone.
"""

import asyncio
import gc
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import aiohttp
import numpy as np

from marginwatch.clock import SystemClock
from marginwatch.model.delivery import RowOutcome, RowState
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import ChannelContext
from marginwatch.notify.channels.webhook.config import WebhookTable
from marginwatch.notify.channels.webhook.manifest import KIND
from marginwatch.notify.dispatcher import Dispatcher
from marginwatch.notify.followups import FollowUps
from marginwatch.notify.planner import rows_for
from marginwatch.notify.settings import ChannelSetup, DispatchSettings, NotifySetup, Route
from marginwatch.notify.worker import Worker
from marginwatch.rules.column import Measure
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.rulebook import RuleBook
from marginwatch.rules.series import SeriesSource
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.outbox import StoredOutbox

USAGE = Measure(
    "account.maintenance_margin_usage",
    "account",
    "fraction",
    0.0,
    np.inf,
    "Of margin.",
    lambda source: source.column(USAGE),
)
RULE = Rule(
    name="margin",
    measure=USAGE.name,
    side="above",
    steps=(
        Step(severity=Severity.HIGH, bound=0.5, clear=0.45),
        Step(severity=Severity.CRITICAL, bound=0.7, clear=0.65),
    ),
)
ACCOUNTS = tuple(f"mm-{number}" for number in range(5))
STEP_S = 0.004
SETTINGS = DispatchSettings(
    poll_s=0.05,
    backoff_first_s=0.01,
    backoff_max_s=0.05,
    attempts_max=4,
    fall_over_after_s=1.0,
    fall_over_critical_after_s=0.5,
    store_retry_s=0.05,
    look_again_s=0.05,
)


def setup_of(base: str) -> NotifySetup:
    tables = (
        WebhookTable(
            name="a", url=f"{base}/a", fall_over_to="b", timeout_s=0.3, messages_per_minute=60_000.0
        ),
        WebhookTable(name="b", url=f"{base}/b", timeout_s=0.3, messages_per_minute=60_000.0),
    )
    channels = {
        table.name: ChannelSetup(
            table=table, kind=KIND, secrets={}, min_severity=Severity.INFO, place="kill.toml"
        )
        for table in tables
    }
    route = Route(name="default", channels=("a",), group_wait_s=0.005, group_interval_s=0.01)
    return NotifySetup(channels=channels, default_route=route)


async def live(order: dict) -> None:
    chance, clock = random.Random(order["seed"]), SystemClock()
    setup = setup_of(order["base"])
    store = await Store.open(Path(order["database"]))
    alerts, outbox = StoredAlerts(store), StoredOutbox(store)
    book = RuleBook([RULE], {USAGE.name: USAGE})
    book.restore(await alerts.open_alerts(), await alerts.judged_until_ns(), clock.now_ns())
    async with aiohttp.ClientSession() as http:
        channels = {
            name: KIND.build(one.table, {}, ChannelContext(name, http, clock))
            for name, one in setup.channels.items()
        }
        dispatcher = Dispatcher(
            setup, channels, outbox, alerts, book.open_alerts, clock=clock, settings=SETTINGS, chance=chance
        )
        followups = FollowUps(
            setup,
            outbox,
            alerts,
            book.open_alerts,
            dispatcher.memory,
            clock=clock,
            on_rows=dispatcher.wake_for,
        )
        tasks = [asyncio.create_task(dispatcher.run()), asyncio.create_task(followups.run())]
        os.write(order["say"], f"ready {order['lane']} {os.getpid()}\n".encode())
        calm = dict.fromkeys(ACCOUNTS, 0.1)
        while not order["is_last"]:
            # Ended by the signal.
            values = {
                name: chance.choice((0.1, 0.1, 0.6, 0.8)) if chance.random() < 0.3 else value
                for name, value in calm.items()
            }
            await judge(book, values, store, alerts, setup, dispatcher)
            calm = values
            await asyncio.sleep(STEP_S)
        await judge(book, calm, store, alerts, setup, dispatcher)
        if await dispatcher.drain(20):
            os.close(os.open(order["done"], os.O_CREAT | os.O_WRONLY))
        for task in tasks:
            task.cancel()
    await store.close()


async def judge(book, values, store, alerts, setup, dispatcher) -> None:
    now_ns = time.time_ns()
    transitions = book.evaluate(SeriesSource(now_ns, {USAGE.name: values}))
    if transitions:
        async with store.transaction() as unit:
            await alerts.write(unit, transitions, rows_for(transitions, setup, now_ns))
        dispatcher.wake()


def record_before_sending() -> None:
    """Break the dispatcher: what it is about to send counts as sent."""
    tell = Worker._tell

    async def wrong(self, draft, view):
        done = [
            RowOutcome(row_id=row.row_id, state=RowState.SENT) for item in draft.items for row in item.rows
        ]
        await self._shared.outbox.finish(self._shared.owner, done)
        await tell(self, draft, view)

    Worker._tell = wrong


def forget_to_record() -> None:
    """Break the dispatcher: what was taken is not written down at once, but told a second time."""
    delivered = Worker._delivered

    async def wrong(self, draft, delivery, receipt, view):
        await self._way.send(
            self._outgoing(
                draft, [row for item in draft.items for row in item.rows], delivery.message_id, delivery.at_ns
            )
        )
        await delivered(self, draft, delivery, receipt, view)

    Worker._delivered = wrong


BREAKS = {"record_before_sending": record_before_sending, "forget_to_record": forget_to_record}


def nursery() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Logs would come between what is said to the parent.
            order["say"] = os.dup(1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            if order["broken"]:
                BREAKS[order["broken"]]()
            code = 1
            try:
                asyncio.run(live(order))
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        sys.stdout.write(f"born {order['lane']} {pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    nursery()
