"""A desk on which everything that can go wrong does, one frame after the other."""

import random
from dataclasses import replace

import numpy as np
from tests.risk.conftest import CALL, CONTRACTS, World, position, random_world

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import AccountRemoved
from marginwatch.model.position import Greeks
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.chances import measure_chances
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.levels import measure_levels
from marginwatch.risk.heavy.moves import PastReturns, moves_of
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.risk.history.closes import DAY_S, HOUR_S
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.risk.measures.contracts import GREEKS

COINS = ("BTC", "ETH", "PEPE", "USDT", "USDC")
GOOD_FOR_S = 15.0


def past() -> PastReturns:
    dice = np.random.default_rng(1)
    tables = [
        ReturnTable(COINS, interval, np.arange(400) * interval, dice.normal(0.0, size, (400, len(COINS))))
        for interval, size in ((DAY_S, 0.03), (HOUR_S, 0.006))
    ]
    return PastReturns(daily=tables[0], hourly=tables[1])


class Play:
    """A random desk to which something happens before each frame."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)
        self.world: World = random_world(seed, 12)
        self.heavy = Heavy()
        self.past = past()
        self.n_new = 0

    def names(self) -> list[str]:
        entries = self.world.book.columns.accounts.entries
        return [entry.spec.account_id for entry in entries if entry is not None]

    def frame(self) -> Frame:
        return replace(self.world.frame(), heavy=self.heavy)

    def next(self) -> Frame:
        """Let something happen and return the frame after it."""
        for _ in range(self.pick.randint(1, 3)):
            self.pick.choice(
                (
                    self.move,
                    self.move,
                    self.sweep,
                    self.link,
                    self.reckon,
                    self.wait,
                    self.register,
                    self.remove,
                )
            )()
        return self.frame()

    def move(self) -> None:
        one = self.pick.choice((*CONTRACTS, CALL))
        price = round(self.pick.uniform(0.5, 60_000), 4)
        stated = [self.pick.choice((None, str(round(self.pick.uniform(-1, 1), 6)))) for _ in range(4)]
        greeks = Greeks(**dict(zip(GREEKS, stated, strict=True))) if one is CALL else None
        self.world.mark(one, str(price), underlying_price=str(price), greeks=greeks)

    def sweep(self) -> None:
        """An account is read again: rows come, go, and turn round; what is known of it changes."""
        rows = [
            position(
                one,
                round(self.pick.uniform(-5, 5), 3) or 1,
                str(round(self.pick.uniform(1, 60_000), 2)),
                sequence=self.pick.randint(2, 10**9),
                initial_margin=self.pick.choice((None, "100")),
                liquidation_price=self.pick.choice((None, "20000")),
            )
            for one in self.pick.sample((*CONTRACTS, CALL), self.pick.randint(0, 5))
        ]
        mode = self.pick.choice(("cross", "isolated", "portfolio", "unknown", None))
        state = AccountState(
            equity="5000",
            margin_mode=mode,
            account_type=self.pick.choice((None, "UTA2.0")),
            as_of_ns=self.pick.choice((None, self.world.now - 10**9)),
        )
        self.world.sweep(
            self.pick.choice(self.names()),
            *rows,
            coins=[Balance(asset="USDT", wallet_balance="90000")],
            state=state,
        )

    def link(self) -> None:
        state = self.pick.choice(list(LinkState))
        reason = "make a key" if state is LinkState.STOPPED else None
        self.world.link(self.pick.choice(self.names()), state, reason=reason)

    def reckon(self) -> None:
        sheet = self.world.press.sheet(self.world.now)
        moves = moves_of(sheet, self.past.daily)

        def part(value: object) -> Part:
            return Part(at_ns=self.world.now, value=value, reason=None, good_for_s=GOOD_FOR_S)

        self.heavy = Heavy(
            distance=part(measure_distance(sheet, moves)),
            chances=part(measure_chances(sheet, moves, self.past)),
            levels=part(measure_levels(sheet, moves, self.past, None, {})),
        )

    def wait(self) -> None:
        self.world.clock._elapsed_ns += self.pick.choice((10**8, 7 * 10**9, 20 * 10**9))

    def register(self) -> None:
        self.n_new += 1
        self.world.register(f"new{self.n_new}", desk=self.pick.choice((None, "mm")))
        if self.pick.random() < 0.5:
            self.world.link(f"new{self.n_new}", LinkState.STREAMING)

    def remove(self) -> None:
        if len(names := self.names()) > 3:
            self.world.book.apply(AccountRemoved(self.pick.choice(names)))
