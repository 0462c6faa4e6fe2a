"""A desk of accounts with one coin each: what they gain and what is moved is known, and the history has to find it out."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from marginwatch.book.history.accounts import AccountRows, Observed
from marginwatch.book.history.groups import GroupRows
from marginwatch.book.history.moves import Move
from marginwatch.book.history.wallets import WalletsSeen

S = 1_000_000_000
DAY_NS = 86_400 * S


@dataclass
class Desk:
    """Accounts in rows 1 to n; all of them belong to desk ``d``, or to the desk that ``desk_of`` says."""

    n: int
    start: float = 1_000.0
    desk_of: tuple[int, ...] = ()
    now_ns: int = 10 * DAY_NS + 3_600 * S
    rows: AccountRows = field(default_factory=AccountRows)

    def __post_init__(self) -> None:
        size = self.n + 1
        self.equity = np.full(size, self.start)
        self.wallet = np.full(size, self.start)
        self.is_live = np.ones(size, np.bool_)
        self.money_ns = np.full(size, self.now_ns)
        self.lines: list[list[Move]] = [[] for _ in range(size)]
        self.n_lines = 0
        self.groups = GroupRows(self.rows)
        self.follow()

    def follow(self) -> None:
        self.rows.follow([None, *(f"a{row}" for row in range(1, self.n + 1))])
        desks = self.desk_of or (0,) * self.n
        names = [f"d{number}" for number in range(max(desks) + 1)]
        self.groups.follow(names, np.array([-1, *desks]))

    def wait(self, seconds: float = 1.0) -> None:
        self.now_ns += int(seconds * S)

    def mark(self, row: int, usd: float) -> None:
        """Prices move: equity changes, money does not."""
        self.equity[row] += usd

    def book(self, row: int, usd: float, *, is_flow: bool) -> None:
        """Money comes or goes, and the ledger has a line of it."""
        self.wait()
        self.equity[row] += usd
        self.wallet[row] += usd
        self.money_ns[row] = self.now_ns
        self.n_lines += 1
        self.lines[row].append(Move(self.now_ns, usd, is_flow, f"line {self.n_lines}"))

    def transfer(self, giver: int, taker: int, usd: float) -> None:
        self.book(giver, -usd, is_flow=True)
        self.now_ns -= S
        self.book(taker, usd, is_flow=True)

    def look(self, *, day_ns: int | None = None) -> None:
        """A frame comes."""
        self.wait()
        seen = Observed(
            self.now_ns,
            np.where(np.arange(self.n + 1) > 0, self.equity, np.nan),
            np.where(self.is_live, self.now_ns, self.money_ns),
            self.is_live & (np.arange(self.n + 1) > 0),
            WalletsSeen(np.arange(self.n + 1), self.wallet.copy(), np.ones(self.n + 1)),
        )
        self.money_ns = seen.money_at_ns.copy()
        self.rows.observe(seen, self.now_ns // DAY_NS * DAY_NS if day_ns is None else day_ns)

    def read(self, *rows: int) -> None:
        """Ledgers are read; of all accounts by default."""
        for row in rows or range(1, self.n + 1):
            self.rows.begin_read(row)
            self.rows.take(row, self.lines[row])
            self.lines[row] = []
            self.rows.end_read(row)

    def begin_day(self) -> None:
        """Midnight passes, with everything known."""
        self.look()
        self.read()
        self.now_ns = (self.now_ns // DAY_NS + 1) * DAY_NS - 2 * S
        self.look()
        self.groups.bring_up_to_date()
        self.look()
        self.groups.bring_up_to_date()
        assert self.now_ns % DAY_NS == 0


@pytest.fixture
def make_desk():
    return Desk
