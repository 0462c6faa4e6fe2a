"""What befalls the whole exchange in its clock's time: bans, freezes, crashes, dying keys, accounts that change mode."""

import asyncio
import collections
import random
from collections.abc import Callable

from marginwatch.sim.bybit.front import Front
from marginwatch.sim.faults import Doom
from marginwatch.sim.modes import MODES
from marginwatch.sim.rows import Change

CRASH_MOVE = 0.05
CRASH_WINDOW_MS = 60_000
ELSEWHERE = "192.0.2.1"
"""An address that nobody has (RFC 5737)."""


class Mishaps:
    """Makes the planned mishaps happen, from seeded dice.

    Parameters
    ----------
    front : Front
        The exchange and its door-keepers.
    cut : callable
        Cuts the private sockets of an account.
    """

    def __init__(self, front: Front, cut: Callable[[str], object]) -> None:
        self._front = front
        self._cut = cut
        self.doomed: dict[str, Doom] = {}
        """Whose key dies under the present plan, by UID: dead already or yet to die."""
        self._tasks: list[asyncio.Task[None]] = []
        self._marks: collections.deque[tuple[int, float]] = collections.deque()

    def restart(self) -> None:
        """Begin anew with the present plan; needs a running loop."""
        self.cancel()
        front, plan = self._front, self._front.faults.plan
        if plan.ban_for:
            front.limits.ip_ban_s = plan.ban_for
        self.doomed = front.faults.dooms(account.uid for account in front.exchange.accounts())
        repeated: tuple[tuple[str, float, Callable[[random.Random], None]], ...] = (
            ("ban", plan.ban, self._ban),
            ("freeze", plan.freeze, self._freeze),
            ("mode_change", plan.mode_change, self._change_mode),
        )
        running = [self._repeat(kind, mean_s, do) for kind, mean_s, do in repeated if mean_s]
        self._tasks = [asyncio.create_task(one) for one in (*running, self._kill_keys())]

    def cancel(self) -> None:
        """Let nothing befall the exchange any more."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    def hear(self, change: Change) -> None:
        """Watch the market for a crash: the first contract's mark moving 5 % within a minute, up or down."""
        plan = self._front.faults.plan
        if not (plan.crash_freeze or plan.crash_late) or not change.tickers:
            return
        mark = float(change.tickers[0].mark_price)
        marks = self._marks
        marks.append((change.ts_ms, mark))
        while marks[0][0] < change.ts_ms - CRASH_WINDOW_MS:
            marks.popleft()
        values = [value for _, value in marks]
        if max(mark / min(values), max(values) / mark) >= 1 + CRASH_MOVE:
            marks.clear()
            self._crash()

    def kill_key(self, uid: str, how: str = "revoked") -> None:
        """Let the key of an account die: revoked, expired or bound elsewhere; its sockets are cut."""
        front = self._front
        key = front.exchange.account(uid).key
        front.counts[f"keys {how}"] += 1
        if how == "expired":
            front.exchange.set_key(key.api_key, expires_ms=front.now_ms() - 1)
        elif how == "bound elsewhere":
            front.exchange.set_key(key.api_key, ips=(ELSEWHERE,))
        else:
            front.gatekeeper.rules.revoked.add(key.api_key)
        self._cut(uid)

    async def _repeat(self, kind: str, mean_s: float, do: Callable[[random.Random], None]) -> None:
        dice = self._front.faults.event_dice(kind)
        while True:
            await self._front.clock.sleep(dice.expovariate(1 / mean_s))
            if self._front.faults.is_active:
                self._front.counts[kind] += 1
                do(dice)

    async def _kill_keys(self) -> None:
        passed_s = 0.0
        for uid, doom in sorted(self.doomed.items(), key=lambda item: item[1].after_s):
            await self._front.clock.sleep(doom.after_s - passed_s)
            passed_s = doom.after_s
            if self._front.faults.is_active:
                self.kill_key(uid, doom.how)

    def _ban(self, _: random.Random) -> None:
        self._front.limits.ban_all(self._front.clock.monotonic_s())

    def _freeze(self, dice: random.Random) -> None:
        self._front.lag.freeze(dice.uniform(*self._front.faults.plan.freeze_for))

    def _crash(self) -> None:
        front = self._front
        front.counts["crash"] += 1
        front.lag.crash()
        if front.faults.plan.crash_freeze:
            front.lag.freeze(front.faults.plan.crash_freeze)

    def _change_mode(self, dice: random.Random) -> None:
        exchange = self._front.exchange
        account = dice.choice(exchange.accounts())
        now = exchange.settings(account.uid).margin_mode
        wanted = dice.choice([name for name in MODES if name != now])
        try:
            exchange.set_margin_mode(account.uid, wanted)
        except ValueError:
            # As at the real one: an account that does not fit into a mode stays where it is.
            self._front.counts["mode_change refused"] += 1
