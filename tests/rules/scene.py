"""A real book, measured as the engine does it, with the rules over it: what the tests of built-in rules play with."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from tests.risk.conftest import BTCPERP, BTCUSD, BTCUSDT, ETHUSD, ETHUSDT, PEPE, World, position

from marginwatch.book.position_book import PositionBook
from marginwatch.model.alert import Alert, AlertState
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import LinkState
from marginwatch.risk.frame import Frame, FramePress
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.levels import measure_calendars
from marginwatch.risk.heavy.moves import PastReturns, moves_of
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.risk.heavy.value_at_risk import measure_value_at_risk
from marginwatch.risk.history.closes import DAY_S
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.rules.definition import Rule
from marginwatch.rules.facts import Facts
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.rulebook import RuleBook
from marginwatch.rules.sources import FrameSource
from marginwatch.rules.subjects.book import SubjectBook

NS = 1_000_000_000
BTC_MARK = 50_050.0
USUAL = {BTCUSD: "50000", BTCUSDT: "50050", BTCPERP: "49950", ETHUSDT: "3003", ETHUSD: "3000", PEPE: "0.01"}
COINS = ("BTC", "ETH")


class HandClock:
    """Time that is set."""

    def __init__(self) -> None:
        self.ns = 1_700_000_000 * NS

    def now_ns(self) -> int:
        return self.ns

    def monotonic_s(self) -> float:
        return self.ns / 1e9

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


class Scene(World):
    """A book under rules.

    ``heavy`` names the heavy parts that are reckoned before each look: distance, calendars, value_at_risk.
    """

    def __init__(self, *rules: Rule, heavy: tuple[str, ...] = ()) -> None:
        self.clock = HandClock()
        self.book = PositionBook(self.clock)
        self.press = FramePress(self.book)
        self.facts_known = Facts()
        self.subjects = SubjectBook()
        self.rules = RuleBook(rules, MEASURES)
        self.heavy = heavy
        self.past = PastReturns()
        self.prices = dict(USUAL)
        self.funding: dict[str, object] = {}
        self.quiet: set[str] = set()
        self.accounts: list[str] = []
        self.frame_now: Frame | None = None

    def hold(
        self, name: str, *rows, cash: float = 1e6, mode: str = "cross", state=None, coins=None, **spec
    ) -> None:
        """Let an account hold exactly these positions, so many USDT and of other coins; it is made if it is not there."""
        if name not in self.accounts:
            self.accounts.append(name)
            self.register(name, **spec)
            self.facts()
        wallet = tuple(
            Balance(
                asset=asset,
                wallet_balance=str(amount),
                equity=str(amount),
                unrealized_pnl="0",
                order_initial_margin="0",
                is_collateral=True,
            )
            for asset, amount in {"USDT": cash, **(coins or {})}.items()
        )
        self.settle()
        self.sweep(name, *rows, coins=wallet, state=state or AccountState(margin_mode=mode))

    def settle(self) -> None:
        """Let time pass until a snapshot may contradict the one before."""
        self.clock.ns += 5 * NS

    def refresh(self) -> None:
        """Let everything be heard that is not ``quiet``."""
        for contract, price in self.prices.items():
            self.mark(contract, price, **self.funding)
        for name in self.accounts:
            if name not in self.quiet:
                self.link(name, LinkState.STREAMING)

    def returns(self, daily_volatility: float, together: float = 0.9) -> None:
        """Let past daily returns of Bitcoin and Ether have a volatility, and a correlation."""
        dice = np.random.default_rng(3)
        market, own = dice.standard_normal((2, 400))
        ether = together * market + (1.0 - together**2) ** 0.5 * own
        # Of exactly this volatility at any length, so that nothing hangs on how the dice fell.
        values = daily_volatility * np.column_stack((market, ether))
        times = np.arange(400) * DAY_S + 1_600_000_000
        self.past = replace(self.past, daily=ReturnTable(COINS, DAY_S, times, values))

    def measured(self) -> Frame:
        """Return a frame of now with its heavy parts."""
        frame = self.press.frame(self.now)
        sheet = self.press.sheet(self.now) if self.heavy else None
        made = {
            "distance": lambda: measure_distance(sheet, moves_of(sheet, None)),
            "calendars": lambda: measure_calendars(sheet, np.full(1_000, -1), {}),
            "value_at_risk": lambda: measure_value_at_risk(sheet, self.past, {}),
        }
        parts = {name: Part(at_ns=self.now, value=made[name](), reason=None) for name in self.heavy}
        frame.heavy = Heavy(**parts)
        self.frame_now = frame
        return frame

    def source(self) -> FrameSource:
        """Return what rules read now."""
        return FrameSource(self.measured(), self.facts_known, self.subjects)

    def value(self, measure: str, row: int | str) -> float:
        """Return a measure of an account by name, or of a row."""
        self.refresh()
        place = self.code(row) if isinstance(row, str) else row
        return float(self.source().column(MEASURES[measure]).values[place])

    def look(self, seconds: float = 1.0) -> None:
        """Let time pass, hear everything, and evaluate."""
        self.clock.ns += int(seconds * NS)
        self.refresh()
        self.rules.evaluate(self.source())

    def alert(self, subject: str, rule: str) -> Alert | None:
        """Return the open alert of a subject, pending ones too."""
        found = [one for one in self.rules.open_alerts() if one.subject.name == subject and one.rule == rule]
        return found[0] if found else None

    def is_firing(self, subject: str, rule: str) -> bool:
        alert = self.alert(subject, rule)
        return alert is not None and alert.state is AlertState.FIRING


Play = Callable[[Scene, float], None]

__all__ = [
    "BTCPERP",
    "BTCUSD",
    "BTCUSDT",
    "BTC_MARK",
    "ETHUSD",
    "ETHUSDT",
    "PEPE",
    "USUAL",
    "Play",
    "Scene",
    "position",
]
