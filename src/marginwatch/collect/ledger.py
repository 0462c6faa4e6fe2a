"""Lines of accounts' ledgers, read one account after the other, each from where the last reading ended.

Nobody is told of a deposit or withdrawal but by this list. It is asked for at the slow pace of facts: whoever's balances moved
without a reason known first, all others every few minutes, as often as the budget allows. Readings overlap, for a line may
come to the list after later ones; whoever keeps the lines knows those that it has.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import structlog

from marginwatch.collect.account_facts import FollowedAccount
from marginwatch.collect.pace import Pace
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.services import Services
from marginwatch.errors import MarginwatchError, ProtocolError
from marginwatch.model.activity import LedgerEntry
from marginwatch.model.ids import AccountId
from marginwatch.venues.base import VenueClient

log = structlog.get_logger(__name__)

BEAT_S = 1.0
EVERY_S = 300.0
AGAIN_S = 5.0
"""Between two readings of an account whose balances moved without a reason known."""

RETRY_S = 30.0
REFUSED_RETRY_S = 3_600.0
ROUND_S = 5.0
"""How long the order of those that are due is kept."""

LINES_OF_A_CALL = 50
SHORTEST_NS = 60_000_000_000
"""Of a busy account the time asked for at once is halved until its lines fit into a list, but not below this."""


class LedgerKeeper(Protocol):
    """Whoever keeps lines, and knows from where on they are wanted."""

    def ledgers_wanted_first(self) -> Sequence[AccountId]:
        """Return the accounts whose ledger should be read at once, those with most at stake in front."""
        ...

    def ledger_since_ns(self, account_id: AccountId, now_ns: int) -> int | None:
        """Return from when on an account's lines are wanted, UTC nanoseconds on the venue's clock; None: not now."""
        ...

    def ledger_begun(self, account_id: AccountId) -> None:
        """Hear that an account's ledger is asked for up to this moment."""
        ...

    async def ledger_read(
        self,
        account_id: AccountId,
        since_ns: int,
        until_ns: int,
        entries: Sequence[LedgerEntry],
        *,
        is_last: bool,
    ) -> None:
        """Take the lines of a time, all of them; ``is_last`` if that reaches up to when the reading began."""
        ...

    def ledger_unread(self, account_id: AccountId, error: MarginwatchError) -> None:
        """Hear that an account's ledger could not be read."""
        ...


class LedgerReader:
    """The ledgers of the accounts of one venue.

    Parameters
    ----------
    port : VenuePort
        The venue.
    services : Services
        Shared collaborators.
    accounts : callable
        The accounts followed now.
    keeper : LedgerKeeper
        Keeps what comes.
    """

    def __init__(
        self,
        port: VenuePort,
        services: Services,
        accounts: Callable[[], Iterable[FollowedAccount]],
        keeper: LedgerKeeper,
    ) -> None:
        self._port = port
        self._services = services
        self._accounts = accounts
        self._keeper = keeper
        self._pace = Pace(port, services.clock)
        self._read_s: dict[AccountId, float] = {}
        self._due_s: dict[AccountId, float] = {}
        self._round: deque[AccountId] = deque()
        self._round_until_s = 0.0
        self._failing: set[AccountId] = set()

    async def run(self) -> None:
        """Read ledgers, forever."""
        clock = self._services.clock
        while True:
            if not await self.run_once():
                await clock.sleep(BEAT_S)

    async def run_once(self) -> bool:
        """Read the one ledger that is wanted most; False if none is."""
        account = self._next()
        if account is None or account.client is None:
            return False
        await self._read(account, account.client)
        return True

    def _next(self) -> FollowedAccount | None:
        now_s = self._services.clock.monotonic_s()
        followed = {one.spec.account_id: one for one in self._accounts() if one.client is not None}
        for account_id in self._keeper.ledgers_wanted_first():
            # One that just failed waits, however much is at stake: else it would take every turn.
            is_waiting = account_id in self._failing and self._due_s.get(account_id, now_s) > now_s
            is_again = now_s - self._read_s.get(account_id, -AGAIN_S) >= AGAIN_S
            if account_id in followed and is_again and not is_waiting:
                return followed[account_id]
        if now_s >= self._round_until_s or not self._round:
            self._begin_round(followed.keys(), now_s)
        while self._round:
            account = followed.get(self._round.popleft())
            if account is not None and self._due_s.get(account.spec.account_id, now_s) <= now_s:
                return account
        return None

    def _begin_round(self, names: Iterable[AccountId], now_s: float) -> None:
        """Order those that are due: never read ones first, then by how long they are overdue."""
        due = [(self._due_s.get(name, float("-inf")), number, name) for number, name in enumerate(names)]
        self._round = deque(name for due_s, _, name in sorted(due) if due_s <= now_s)
        self._round_until_s = now_s + ROUND_S
        known = {name for *_, name in due}
        for of_account in (self._due_s, self._read_s):
            for gone in [name for name in of_account if name not in known]:
                del of_account[gone]

    async def _read(self, account: FollowedAccount, client: VenueClient) -> None:
        clock, account_id = self._services.clock, account.spec.account_id
        now_ns = self._port.rest.venue_now_ns()
        since_ns = self._keeper.ledger_since_ns(account_id, now_ns)
        self._read_s[account_id] = clock.monotonic_s()
        if since_ns is None:
            self._due_s[account_id] = clock.monotonic_s() + AGAIN_S
            return
        self._keeper.ledger_begun(account_id)
        try:
            await self._read_all(account_id, client, since_ns, now_ns)
        except MarginwatchError as error:
            self._fail(account_id, error)
            await self._pace.rest()
            return
        if account_id in self._failing:
            self._failing.discard(account_id)
            log.info("ledger read again", account_id=account_id)
        early_s = EVERY_S * self._services.settings.jitter_share * self._services.chance.random()
        self._due_s[account_id] = clock.monotonic_s() + EVERY_S - early_s

    async def _read_all(
        self, account_id: AccountId, client: VenueClient, since_ns: int, until_ns: int
    ) -> None:
        """Read in pieces that fit; what was kept of earlier pieces is not asked for again after a failure."""
        piece_ns = max(until_ns - since_ns, 1)
        from_ns = since_ns
        while True:
            to_ns = min(from_ns + piece_ns, until_ns)
            try:
                entries = await client.fetch_ledger(from_ns, to_ns)
            except ProtocolError as error:
                if "pages" not in error.message or piece_ns <= SHORTEST_NS:
                    raise
                piece_ns = max(piece_ns // 8, SHORTEST_NS)
                continue
            is_last = to_ns >= until_ns
            await self._keeper.ledger_read(account_id, from_ns, to_ns, entries, is_last=is_last)
            for _ in range(1 + len(entries) // LINES_OF_A_CALL):
                await self._pace.rest()
            if is_last:
                return
            from_ns = to_ns

    def _fail(self, account_id: AccountId, error: MarginwatchError) -> None:
        wait_s = RETRY_S if error.retryable else REFUSED_RETRY_S
        self._due_s[account_id] = self._services.clock.monotonic_s() + wait_s
        if not self._failing:
            log.warning("ledger not read", account_id=account_id, reason=str(error))
        self._failing.add(account_id)
        self._keeper.ledger_unread(account_id, error)
