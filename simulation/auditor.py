"""Every frame that the monitor shows, against what was delivered to it: nothing stale is fresh, nothing is invented."""

from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal

from marginwatch.book.position_book import SETTLE_S
from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import Event, FillsUpdate
from marginwatch.model.position import Position
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.tables import not_included
from simulation.constants import COLLECT, PRICES, SETTINGS_AGE_S
from simulation.deliveries import POSITIONS, SWEEP, Deliveries, RowKey, Told, number
from simulation.plan import Plan
from simulation.truth import LEGS, MODES

INTERVALS = 3
"""An account is fresh while its last complete picture is younger than so many intervals, as the design says."""

PROMPT_S = 0.15
"""A push to a streaming account is in the next frame."""

LIES_MAX = 20

GOING_BACK = frozenset({"late", "freeze", "crash"})
"""Faults under which replies tell the past, so that a row may rightly go back."""

DAMAGING = frozenset({"malformed", "wrong_types", "huge", "trickle"})
"""Faults under which a push may be readable here and rightly be refused by the monitor."""


class Auditor:
    """Looks at every frame.

    Parameters
    ----------
    plan : Plan
        What may go wrong.
    told : Deliveries
        What was delivered.
    uids : dict of str to str
        Account name → UID.
    now_s : callable
        The loop's time.
    alive_s : float
        As configured: silence after which a socket is dead.
    """

    def __init__(
        self,
        plan: Plan,
        told: Deliveries,
        uids: dict[str, str],
        now_s: Callable[[], float],
        alive_s: float,
    ) -> None:
        self._plan = plan
        self._told = told
        self._uids = uids
        self._now_s = now_s
        self._alive_s = alive_s
        self._sequences: dict[tuple[str, RowKey], int] = {}
        self._live_s: dict[str, float] = {}
        self.fills: Counter[tuple[str, str]] = Counter()
        self.first_live_ms: dict[str, int] = {}
        self.lies: list[str] = []
        self.n_frames = self.n_fresh = self.n_rows = self.n_left_out = 0

    def _lie(self, text: str) -> None:
        if len(self.lies) < LIES_MAX:
            self.lies.append(f"at {self._now_s():.3f} s: {text}")

    def hear(self, event: Event) -> None:
        """Count the executions that are told: each of them once."""
        if isinstance(event, FillsUpdate):
            for fill in event.fills:
                self.fills[event.account_id, fill.fill_id] += 1
                if self.fills[event.account_id, fill.fill_id] == 2:
                    self._lie(f"{event.account_id}: execution {fill.fill_id} was told twice")

    def look(self, frame: Frame) -> None:
        """Judge one frame."""
        self.n_frames += 1
        rows = _rows_of(frame)
        coins = _coins_of(frame)
        left_out: list[str] = []
        for code, spec in enumerate(frame.book.specs):
            if spec is None:
                continue
            name, uid = str(spec.account_id), self._uids[spec.account_id]
            if frame.inclusion[code] != Inclusion.INCLUDED:
                left_out.append(name)
                self._live_s.pop(name, None)
                continue
            self.n_fresh += 1
            link = frame.book.links[code]
            assert link is not None  # noqa: S101  # an account that counts has been heard
            is_live = link.link_state is LinkState.STREAMING
            bound_s = INTERVALS * (COLLECT.reconcile_s if is_live else COLLECT.poll_s)
            told = self._told.of[uid]
            self._judge_sources(name, told, frame.book.gaps[code], bound_s, is_live=is_live)
            self._judge_rows(name, told, rows[code], bound_s + SETTLE_S, is_live=is_live)
            self._judge_money(name, told, coins[code], bound_s + SETTLE_S)
            self._judge_state(name, told, frame, code, bound_s + SETTLE_S)
            if is_live:
                self.first_live_ms.setdefault(name, frame.at_ns // 1_000_000)
                # What was pushed since the picture behind the stream was asked for was held back, and is in by now.
                self._live_s.setdefault(name, min(told.answered_s.values(), default=self._now_s()))
            else:
                self._live_s.pop(name, None)
        self._judge_prices(frame)
        if left_out:
            self._judge_left_out(frame, left_out)

    def _judge_sources(
        self, name: str, told: Told, gaps: tuple[str, ...], bound_s: float, *, is_live: bool
    ) -> None:
        now_s = self._now_s()
        for question in SWEEP:
            asked_s = told.answered_s.get(question)
            if question == (POSITIONS, "option", "") and any("option" in gap for gap in gaps):
                continue
            if asked_s is None or now_s - asked_s > bound_s + 1e-6:
                age = "never" if asked_s is None else f"{now_s - asked_s:.3f} s ago"
                self._lie(f"{name} is fresh (bound {bound_s:g} s), {question} was last answered {age}")
        if is_live and now_s - told.heard_s > self._alive_s + 1e-6:
            self._lie(f"{name} is streaming, its socket said nothing for {now_s - told.heard_s:.3f} s")

    def _judge_rows(
        self, name: str, told: Told, shown: dict[RowKey, Position], window_s: float, *, is_live: bool
    ) -> None:
        since_s = self._now_s() - window_s
        # What is held back, or may have been damaged, need not be in the book yet.
        with_pushes = is_live and not self._plan.names & DAMAGING
        for key, position in shown.items():
            self.n_rows += 1
            value = (Decimal(position.quantity), number(position.entry_price))
            history = told.rows[key]
            if not history.was_told(value, since_s) and not history.is_newest(
                value, since_s, with_pushes=with_pushes
            ):
                self._lie(f"{name} {key} is shown as {value[0]} at {value[1]}, not told so lately")
            if position.sequence is not None:
                self._judge_order(name, told, key, position.sequence, since_s)
        for key, history in told.rows.items():
            if key in shown or not history.times or history.times[0] >= since_s:
                continue
            if not history.was_told(None, since_s) and not history.is_newest(
                None, since_s, with_pushes=with_pushes
            ):
                self._lie(f"{name} {key} is missing, was not told to be gone lately")

    def _judge_order(self, name: str, told: Told, key: RowKey, sequence: int, since_s: float) -> None:
        before = self._sequences.get((name, key), sequence)
        self._sequences[name, key] = sequence
        is_past = bool(self._plan.names & GOING_BACK)
        if sequence < before and not (is_past and told.rows[key].was_replied(sequence, since_s)):
            self._lie(f"{name} {key} went back from {before} to {sequence}")
        if is_past or self._plan.names & DAMAGING or name not in self._live_s:
            return
        now_s, live_s = self._now_s(), self._live_s[name]
        for at_s, pushed in reversed(told.pushed[key]):
            if at_s < live_s:
                break
            if at_s < now_s - PROMPT_S and pushed > sequence:
                self._lie(f"{name} {key} stands at {sequence}, {pushed} was pushed {now_s - at_s:.3f} s ago")
                break

    def _judge_money(self, name: str, told: Told, shown: dict[str, Decimal | None], window_s: float) -> None:
        since_s = self._now_s() - window_s
        for coin, amount in shown.items():
            if not told.coins[coin].was_told(amount, since_s):
                self._lie(f"{name} {coin} is shown as {amount}, not told so lately")
        for coin, history in told.coins.items():
            if coin in shown or not history.times or history.times[0] >= since_s:
                continue
            if not (history.was_told(None, since_s) or history.was_told(Decimal(0), since_s)):
                self._lie(f"{name} {coin} is missing, was not told to be gone lately")

    def _judge_state(self, name: str, told: Told, frame: Frame, code: int, window_s: float) -> None:
        state, since_s = frame.book.states[code], self._now_s() - window_s
        if state is None:
            self._lie(f"{name} is fresh without totals")
            return
        if not told.equity.was_told(number(state.equity), since_s):
            self._lie(f"{name} equity is shown as {state.equity}, not told so lately")
        lately = told.modes.values if told.modes.times else []
        since = since_s - SETTINGS_AGE_S
        if not any(
            MODES.get(str(mode), "unknown") == state.margin_mode and told.modes.held(mode, since)
            for mode in lately
        ):
            self._lie(f"{name} is shown in {state.margin_mode} margin, not told so lately")

    def _judge_prices(self, frame: Frame) -> None:
        since_s = self._now_s() - PRICES.mark_stale_s
        for code in set(frame.book.instrument[frame.book.quantity != 0.0].tolist()):
            instrument = frame.book.instruments[code]
            mark = float(frame.values.mark_price[code])
            if instrument is None or mark != mark or frame.values.is_stale[code]:
                continue
            symbol = instrument.venue_symbol
            if self._told.priced_s.get(symbol, float("-inf")) < since_s:
                self._lie(
                    f"{symbol} has a fresh price, was last priced more than {PRICES.mark_stale_s} s ago"
                )
            history = self._told.marks[symbol]
            first = max(0, len([at_s for at_s in history.times if at_s < since_s]) - 1)
            if mark not in {float(value) for value in history.values[first:] if value is not None}:
                self._lie(f"{symbol} is marked {mark}, not told so lately")

    def _judge_left_out(self, frame: Frame, names: list[str]) -> None:
        listed = {entry.account_id: entry.reason for entry in not_included(frame) if entry.kind == "account"}
        self.n_left_out += len(names)
        for name in names:
            if not listed.get(name):
                self._lie(f"{name} does not count and is not listed with a reason")


def _rows_of(frame: Frame) -> dict[int, dict[RowKey, Position]]:
    found: dict[int, dict[RowKey, Position]] = defaultdict(dict)
    for number_, position in enumerate(frame.book.positions):
        if position is not None:
            key = (position.instrument.venue_symbol, LEGS[position.position_side])
            found[int(frame.book.account[number_])][key] = position
    return found


def _coins_of(frame: Frame) -> dict[int, dict[str, Decimal | None]]:
    found: dict[int, dict[str, Decimal | None]] = defaultdict(dict)
    for row, balance in enumerate(frame.book.balances):
        if balance is not None:
            found[int(frame.book.holding_account[row])][balance.asset] = number(balance.wallet_balance)
    return found
