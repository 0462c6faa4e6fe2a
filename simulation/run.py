"""One seed from start to verdict."""

import asyncio
import contextlib
import logging
import random
import sys
import traceback
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from marginwatch.app.service import Service, running
from marginwatch.config.settings import Config
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.risk.tables import not_included
from marginwatch.sim.bybit.mishaps import ELSEWHERE
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults, parse_faults
from marginwatch.sim.rows import AccountInfo
from simulation.auditor import DAMAGING, GOING_BACK, Auditor
from simulation.constants import COLLECT, LIMITS, PRICES, shortened
from simulation.deliveries import Deliveries
from simulation.owners import Owners
from simulation.plan import Plan, plan_of
from simulation.truth import differences
from simulation.virtual_time import Line, LoopClock, VirtualLoop
from simulation.wire import Wire

SETTLED_WITHIN_S = 30.0
"""The book must be true so soon after the last fault, where the exchange asked for no longer wait."""

LONG_WAITS = {"retcode.3100197": 330.0, "retcode.110063": 90.0}
"""Codes with which the exchange asks for minutes, and when the book must be true then."""

UNTOLD = DAMAGING | GOING_BACK | {"drop", "rest_wrong_types", "clock_skew"}
"""Faults that lose an execution without a sign of a gap; and a skewed clock, by which the simulated exchange stamps its
replies but not its executions, so that it does not find them in the time asked for."""


@dataclass(slots=True)
class Outcome:
    """What came of a seed; it passed if nothing is wrong.

    Parameters
    ----------
    plan : Plan
        What was played.
    wrong : list of str
        What the monitor did wrong.
    digest : str
        Of every byte that the exchange sent, and when: equal digests, equal runs.
    lasted_s, settled_s : float
        Simulated seconds in all, and from the last fault to the truth.
    counts : dict of str to int
        What happened.
    """

    plan: Plan
    wrong: list[str] = field(default_factory=list)
    digest: str = ""
    lasted_s: float = 0.0
    settled_s: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)


def simulate(seed: int) -> Outcome:
    """Play one seed and return what came of it; the same seed, the same run."""
    plan = plan_of(seed)
    loop = VirtualLoop()
    with shortened(), _listening() as crashes:
        asyncio.set_event_loop(loop)
        try:
            outcome = loop.run_until_complete(_Run(plan, loop).play())
            outcome.wrong += crashes[:5]
            return outcome
        finally:
            loop.run_until_complete(_end_all())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
            asyncio.set_event_loop(None)


async def _end_all() -> None:
    """End what still runs: calls that the exchange never answers."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@contextlib.contextmanager
def _listening() -> Iterator[list[str]]:
    """Keep logs from the screen; give the crashes among them, which no fault excuses."""
    crashes: list[str] = []

    def keep(_: object, level: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        error = sys.exc_info()[1]
        if level in ("exception", "error", "critical"):
            where = "" if error is None else traceback.format_exc().strip()
            crashes.append(f"{event['event']} ({event.get('part')}): {where}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.disable(logging.CRITICAL)
    try:
        yield crashes
    finally:
        logging.disable(logging.NOTSET)
        structlog.configure(**before)


class _Run:
    def __init__(self, plan: Plan, loop: VirtualLoop) -> None:
        self._plan = plan
        self._loop = loop
        self._clock = LoopClock(loop, plan.start_ns)
        self._faults = Faults(parse_faults(plan.faults), plan.seed)
        self._exchange = Exchange(
            plan.seed,
            self._clock,
            n_accounts=plan.n_desk,
            scenario=plan.scenario,
            positions_per_account=plan.positions_per_account,
            activity_per_s=plan.activity_per_s,
        )
        self._owners = Owners(self._exchange, plan.seed, plan.n_guests)
        self._accounts = self._exchange.accounts()
        keys = {info.key.api_key: info.uid for info in self._accounts}
        self._told = Deliveries(loop.time, keys.get, self._uid_of_line)
        self._exchange.subscribe(self._told.hear)
        loop.tap = Wire(self._told).hear
        self._server = BybitSimServer(self._exchange, self._faults, clock=self._clock)

    def _uid_of_line(self, line: Line) -> str | None:
        for connection in self._server.private.connections:
            if connection.socket._transport is line:  # noqa: SLF001  # whose socket it is, is not asked by anybody else
                return connection.uid or None
        return None

    async def play(self) -> Outcome:
        """Start both, let everything go wrong, then let it settle."""
        outcome = Outcome(self._plan)
        async with self._watched() as (service, auditor):
            await self._go_wrong()
            stopped_s = self._loop.time()
            is_settled = await self._settle(service, auditor)
            outcome.settled_s = self._loop.time() - stopped_s
            if not is_settled:
                outcome.wrong += self._what_is_wrong(service) + self._untold(auditor)
            outcome.wrong[:0] = auditor.lies
            outcome.counts = self._counts(service, auditor)
        self._exchange.check_books()
        outcome.digest = self._told.digest.hexdigest()
        outcome.lasted_s = self._loop.time() - 1000.0
        return outcome

    @contextlib.asynccontextmanager
    async def _watched(self) -> AsyncIterator[tuple[Service, Auditor]]:
        plan = self._plan
        collect = COLLECT
        if plan.is_idling:
            collect = msgspec.structs.replace(COLLECT, ping_s=4.0, socket_alive_for_s=6.0)
        async with self._server:
            config = Config(
                path=Path("simulated"),
                accounts=tuple(self._spec(info) for info in self._accounts),
                limits=LIMITS,
                prices=PRICES,
                collect=collect,
            )
            uids = {info.name: info.uid for info in self._accounts}
            auditor = Auditor(plan, self._told, uids, self._loop.time, collect.socket_alive_for_s)
            service = Service(
                config,
                clock=self._clock,
                is_recording=False,
                on_event=auditor.hear,
                on_frame=auditor.look,
                chance=random.Random(f"monitor-{plan.seed}"),
                # Threads would end at another moment of the jumping time in each run.
                is_heavy=False,
            )
            async with running(service):
                yield service, auditor

    def _spec(self, info: AccountInfo) -> AccountSpec:
        urls = self._server.urls
        private = f"{urls.private}?max_active_time=30s" if self._plan.is_idling else urls.private
        return AccountSpec(
            account_id=AccountId(info.name),
            exchange="bybit",
            venue=VenueId("bybit@sim"),
            endpoints=Endpoints(rest=urls.rest, private=private, public=urls.public),
            api_key=Secret(info.key.api_key),
            api_secret=Secret(info.key.api_secret),
            owner=info.owner,
            desk=info.desk,
            uid=info.uid,
        )

    async def _go_wrong(self) -> None:
        acting = [asyncio.create_task(self._exchange.run()), asyncio.create_task(self._owners.run())]
        await asyncio.sleep(self._plan.faulty_s)
        self._faults.stop()
        for task in acting:
            if task.done():
                task.result()
            task.cancel()
        await asyncio.gather(*acting, return_exceptions=True)

    def _is_dead(self, info: AccountInfo) -> bool:
        key = self._exchange.account(info.uid).key
        revoked = self._server.front.gatekeeper.rules.revoked
        is_expired = key.expires_ms is not None and key.expires_ms <= self._server.front.now_ms()
        return key.api_key in revoked or key.ips == (ELSEWHERE,) or is_expired

    async def _settle(self, service: Service, auditor: Auditor) -> bool:
        longest_s = max(
            [wait_s for code, wait_s in LONG_WAITS.items() if code in self._plan.faults],
            default=SETTLED_WITHIN_S,
        )
        until_s = self._loop.time() + longest_s
        while self._loop.time() < until_s:
            await asyncio.sleep(0.25)
            if not self._what_is_wrong(service) and not self._untold(auditor):
                return True
        return False

    def _what_is_wrong(self, service: Service) -> list[str]:
        """Return what still differs from the truth, and who is wrongly counted or left out."""
        alive = tuple(info for info in self._accounts if not self._is_dead(info))
        frame = service.engine.frame
        left_out = [] if frame is None else not_included(frame)
        wrong = differences(service, self._exchange, alive)
        names = {info.name for info in alive}
        wrong += [
            f"{entry.subject} of {entry.account_id} is left out: {entry.state}: {entry.reason}"
            for entry in left_out
            if entry.account_id in names
        ]
        stopped = {entry.account_id: entry for entry in left_out if entry.kind == "account"}
        for info in self._accounts:
            if info.name in names:
                continue
            entry = stopped.get(AccountId(info.name))
            if entry is None or entry.state != "stopped" or "key" not in entry.reason:
                said = "counts" if entry is None else f"{entry.state}: {entry.reason}"
                wrong.append(f"the key of {info.name} is dead, and it {said}")
        return wrong

    def _untold(self, auditor: Auditor) -> list[str]:
        """Return the executions that nobody was told of, where nothing but a gap can have hidden them."""
        if self._plan.names & UNTOLD:
            return []
        wrong: list[str] = []
        for info in self._accounts:
            since_ms = auditor.first_live_ms.get(info.name)
            if since_ms is None or self._is_dead(info):
                continue
            for category in ("linear", "inverse", "option"):
                wrong += [
                    f"{info.name}: execution {row.exec_id} of {row.symbol} ({row.kind}) was never told"
                    for row in self._exchange.executions(info.uid, category, start_ms=since_ms)
                    if not auditor.fills[info.name, row.exec_id]
                ]
        return wrong[:5]

    def _counts(self, service: Service, auditor: Auditor) -> dict[str, int]:
        return {
            **{f"sim {name}": count for name, count in self._server.front.counts.items()},
            "frames": auditor.n_frames,
            "fresh accounts": auditor.n_fresh,
            "fresh rows": auditor.n_rows,
            "left out": auditor.n_left_out,
            "fills": len(auditor.fills),
            "breaks": service.n_breaks,
            "connects": sum(one.n_connects for one in service.statuses()),
            "replies": self._told.n_replies,
            "messages": self._told.n_messages,
        }
