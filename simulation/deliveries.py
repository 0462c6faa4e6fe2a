"""What each account was told, and when: every state that a whole push or reply carried to the monitor.

It reads the same bytes as the monitor and shares nothing with it. A row is told by a push, or by a reply; that a row is
gone is told by a push of its flat state, or by a complete list without it. Times are the loop's seconds.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from marginwatch.sim.rows import Change
from simulation.virtual_time import Line
from simulation.wire import Question

POSITIONS, WALLET, INFO = "/v5/position/list", "/v5/account/wallet-balance", "/v5/account/info"
TICKERS = "/v5/market/tickers"
SEGMENTS = (("linear", "USDT"), ("linear", "USDC"), ("inverse", ""), ("option", ""))
SWEEP = (*((POSITIONS, *segment) for segment in SEGMENTS), (WALLET, "", ""))
"""What a complete picture of an account takes: path, category, settlement coin."""

RowKey = tuple[str, int]
"""Symbol and ``positionIdx``."""


class History:
    """Values in the order in which they were told, with the venue's sequence where they have one."""

    __slots__ = ("pushes", "sequences", "times", "values")

    def __init__(self) -> None:
        self.times: list[float] = []
        self.values: list[Any] = []
        self.sequences: list[int | None] = []
        self.pushes: list[bool] = []

    def add(self, at_s: float, value: Any, sequence: int | None = None, *, is_push: bool = False) -> None:
        """Note that ``value`` was told."""
        self.times.append(at_s)
        self.values.append(value)
        self.sequences.append(sequence)
        self.pushes.append(is_push)

    def was_told(self, value: Any, since_s: float) -> bool:
        """Return whether ``value`` was told at ``since_s`` or later."""
        return value in self.values[bisect_left(self.times, since_s) :]

    def is_newest(self, value: Any, since_s: float, *, with_pushes: bool) -> bool:
        """Return whether all that was told at ``since_s`` or later is older, by its sequence, than ``value``.

        ``with_pushes`` is False for an account that does not stream: what is pushed meanwhile is held back until the
        next complete picture, which may take as long as the account counts as fresh.
        """
        first = bisect_left(self.times, since_s)
        lately = [
            sequence
            for sequence, is_push in zip(self.sequences[first:], self.pushes[first:], strict=True)
            if with_pushes or not is_push
        ]
        known = [
            sequence
            for sequence, told in zip(self.sequences[:first], self.values[:first], strict=True)
            if told == value and sequence is not None
        ]
        if not lately or not known:
            return False
        return all(sequence is not None and sequence <= max(known) for sequence in lately)

    def was_replied(self, sequence: int, since_s: float) -> bool:
        """Return whether a reply, not a push, told of ``sequence`` at ``since_s`` or later."""
        first = bisect_left(self.times, since_s)
        told = zip(self.sequences[first:], self.pushes[first:], strict=True)
        return any(number == sequence and not is_push for number, is_push in told)

    def held(self, value: Any, since_s: float) -> bool:
        """Return whether ``value`` was told at ``since_s`` or later, or was the last one told before."""
        return value in self.values[max(0, bisect_right(self.times, since_s) - 1) :]


@dataclass(slots=True)
class Told:
    """What one account was told."""

    rows: dict[RowKey, History] = field(default_factory=lambda: defaultdict(History))
    coins: dict[str, History] = field(default_factory=lambda: defaultdict(History))
    equity: History = field(default_factory=History)
    modes: History = field(default_factory=History)
    answered_s: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """Question → when the last complete answer to it was asked for."""
    heard_s: float = float("-inf")
    """Last whole frame on a socket that has logged in."""
    pushed: dict[RowKey, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    """When which sequence of a row was pushed."""
    chains: dict[tuple[str, str], "_Chain"] = field(default_factory=dict)


@dataclass(slots=True)
class _Chain:
    asked_s: float
    cursor: str
    keys: set[RowKey] = field(default_factory=set)


class Deliveries:
    """Keeps what was told; a listener of :class:`simulation.wire.Wire`.

    Parameters
    ----------
    now_s : callable
        The loop's time.
    uid_of_key : callable
        Whose an API key is; None for nobody's.
    uid_of_line : callable
        Who has logged in on a socket, by the exchange's end of it; None while nobody has, and for public ones.
    """

    def __init__(
        self,
        now_s: Callable[[], float],
        uid_of_key: Callable[[str], str | None],
        uid_of_line: Callable[[Line], str | None],
    ) -> None:
        self._now_s = now_s
        self._uid_of_key = uid_of_key
        self._uid_of_line = uid_of_line
        self._segments: dict[str, tuple[str, str]] = {}
        self.of: dict[str, Told] = defaultdict(Told)
        self.marks: dict[str, History] = defaultdict(History)
        self.priced_s: dict[str, float] = {}
        """Symbol → when anything was last told of its prices."""
        self.digest = hashlib.sha256()
        self.n_replies = self.n_messages = 0

    def hear(self, change: Change) -> None:
        """Learn from the exchange which list a contract belongs to."""
        for row in change.positions:
            settle = row.settle_coin if row.category == "linear" else ""
            self._segments[row.symbol] = (row.category, settle)

    # ---- replies ---------------------------------------------------------------------------------------------

    def on_reply(self, question: Question, status: int, body: bytes) -> None:
        """Take a whole reply."""
        self.n_replies += 1
        self._stir(body)
        result = _result(body) if status == 200 else None
        if result is None:
            return
        if question.path == TICKERS:
            for ticker in _objects(result.get("list")):
                self._price(ticker)
        uid = self._uid_of_key(question.key)
        if uid is None:
            return
        told = self.of[uid]
        if question.path == POSITIONS:
            self._page(told, question, result)
        elif question.path == WALLET:
            for wallet in _objects(result.get("list")):
                self._wallet(told, wallet, is_whole=True)
            told.answered_s[WALLET, "", ""] = question.asked_s
        elif question.path == INFO:
            told.modes.add(self._now_s(), result.get("marginMode"))

    def _page(self, told: Told, question: Question, result: dict[str, Any]) -> None:
        segment = (question.query.get("category", ""), question.query.get("settleCoin", ""))
        cursor = question.query.get("cursor", "")
        chain = told.chains.get(segment)
        if not cursor:
            chain = told.chains[segment] = _Chain(question.asked_s, "")
        rows, following = result.get("list"), result.get("nextPageCursor")
        if not isinstance(rows, list) or not isinstance(following, str | None):
            told.chains.pop(segment, None)
            return
        keys: set[RowKey] = set()
        for row in _objects(rows):
            self._segments.setdefault(str(row.get("symbol")), segment)
            keys.add(self._row(told, row, is_push=False))
        # The monitor may refuse a last page that is complete here (any field may have the wrong type) and ask for it
        # again: its rows are told then too, although the list they belong to has ended.
        if chain is None:
            return
        chain.keys |= keys
        if following and rows:
            return
        # Complete: what is not in it is told to be gone.
        told.answered_s[POSITIONS, *segment] = chain.asked_s
        for key, history in told.rows.items():
            if self._segments.get(key[0]) == segment and key not in chain.keys:
                history.add(self._now_s(), None)
        told.chains.pop(segment, None)

    # ---- pushes ----------------------------------------------------------------------------------------------

    def on_alive(self, line: Line) -> None:
        """Take notice of a whole frame."""
        uid = self._uid_of_line(line)
        if uid is not None:
            self.of[uid].heard_s = self._now_s()

    def on_message(self, line: Line, payload: bytes) -> None:
        """Take a whole message."""
        self.n_messages += 1
        self._stir(payload)
        message = _object(payload)
        topic = str(message.get("topic", "")).partition(".")[0] if message else ""
        if not message or not topic:
            return
        data, uid = message.get("data"), self._uid_of_line(line)
        if topic == "tickers":
            for ticker in _objects(data if isinstance(data, list) else [data]):
                self._price(ticker)
        elif uid is not None and topic == "position":
            for row in _objects(data):
                key = self._row(self.of[uid], row, is_push=True)
                if (sequence := self.of[uid].rows[key].sequences[-1]) is not None:
                    self.of[uid].pushed[key].append((self._now_s(), sequence))
        elif uid is not None and topic == "wallet":
            for wallet in _objects(data):
                self._wallet(self.of[uid], wallet, is_whole=False)

    # ---- nouns -----------------------------------------------------------------------------------------------

    def _row(self, told: Told, row: dict[str, Any], *, is_push: bool) -> RowKey:
        leg = row.get("positionIdx")
        key = (str(row.get("symbol")), int(leg) if isinstance(leg, int | str) and str(leg).isdigit() else -1)
        size, entry = number(row.get("size")), number(row.get("entryPrice" if is_push else "avgPrice"))
        signed = None if size is None else -size if row.get("side") == "Sell" else size
        sequence = row.get("seq")
        ordered = sequence if isinstance(sequence, int) and not isinstance(sequence, bool) else None
        told.rows[key].add(self._now_s(), (signed, entry) if signed else None, ordered, is_push=is_push)
        return key

    def _wallet(self, told: Told, wallet: dict[str, Any], *, is_whole: bool) -> None:
        now_s = self._now_s()
        told.equity.add(now_s, number(wallet.get("totalEquity")))
        listed: set[str] = set()
        for coin in _objects(wallet.get("coin")):
            listed.add(str(coin.get("coin")))
            told.coins[str(coin.get("coin"))].add(now_s, number(coin.get("walletBalance")))
        if is_whole:
            for name, history in told.coins.items():
                if name not in listed:
                    history.add(now_s, None)

    def _price(self, ticker: dict[str, Any]) -> None:
        symbol = str(ticker.get("symbol"))
        self.priced_s[symbol] = self._now_s()
        mark = ticker.get("markPrice")
        if mark is not None:
            self.marks[symbol].add(self._now_s(), number(mark))

    def _stir(self, payload: bytes) -> None:
        self.digest.update(b"%.6f " % self._now_s())
        self.digest.update(payload)


def number(value: Any) -> Decimal | None:
    """Return a number in any JSON form; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _object(payload: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None


def _result(body: bytes) -> dict[str, Any] | None:
    reply = _object(body)
    if reply is None or reply.get("retCode") != 0:
        return None
    result = reply.get("result")
    return result if isinstance(result, dict) else None


def _objects(value: Any) -> Iterable[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
