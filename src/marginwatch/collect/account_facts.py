"""What margins of single accounts depend on and no stream tells: fees, collateral switches; and borrow tiers.

Only what is needed is asked for: fees of the categories in which an account holds something, switches where its wallet
leaves them out. One call at a time with pauses between them, the first account of each owner before the others, whose
margins can be estimated with that one's fees. Borrow tiers are a fact of the venue, but asked for with a key.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeAlias, TypeVar

import structlog

from marginwatch.collect.pace import Pace
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.services import Services
from marginwatch.errors import MarginwatchError
from marginwatch.model.account import AccountSpec
from marginwatch.model.events import BorrowTiersUpdate, CollateralInfoUpdate, FactUnread, FeeRatesUpdate
from marginwatch.model.ids import AccountId
from marginwatch.model.venue_facts import FactKind
from marginwatch.venues.base import VenueClient

log = structlog.get_logger(__name__)

BEAT_S = 1.0
FEES_EVERY_S = 3600.0
SWITCHES_EVERY_S = 3600.0
BORROW_EVERY_S = 6 * 3600.0
RETRY_S = 60.0

SWITCHES = ""
"""In place of a category: the collateral switches."""

AT_ONCE_MAX = 100
"""Calls of one round, after which what is due is looked at anew."""

Fact = TypeVar("Fact")
Wanted: TypeAlias = tuple["FollowedAccount", str]


class FollowedAccount(Protocol):
    """What is needed of a session."""

    @property
    def spec(self) -> AccountSpec:
        """The account."""
        ...

    @property
    def client(self) -> VenueClient | None:
        """Its calls; None while its key is not known to be good."""
        ...

    @property
    def held_categories(self) -> frozenset[str]:
        """The categories of what it held at its last snapshot."""
        ...

    @property
    def has_unsaid_switches(self) -> bool:
        """Whether its wallet left out if some coin counts as collateral."""
        ...


class AccountFacts:
    """The facts of the accounts of one venue.

    Parameters
    ----------
    port : VenuePort
        The venue.
    services : Services
        Shared collaborators.
    accounts : callable
        The accounts followed now, in the order in which they are configured.
    """

    def __init__(
        self, port: VenuePort, services: Services, accounts: Callable[[], Iterable[FollowedAccount]]
    ) -> None:
        self._port = port
        self._services = services
        self._accounts = accounts
        self._pace = Pace(port, services.clock)
        self._due_s: dict[tuple[AccountId, str], float] = {}
        self._borrow_due_s = 0.0
        self._has_borrow = False
        self._may_not: set[AccountId] = set()
        self._owners_told: set[tuple[str | None, str]] = set()
        self._failing: dict[FactKind, set[AccountId | None]] = {}

    async def run(self) -> None:
        """Keep the facts, forever."""
        clock = self._services.clock
        while True:
            await self.run_once()
            await clock.sleep(BEAT_S)

    async def run_once(self) -> None:
        """Ask for what is due."""
        if self._services.clock.monotonic_s() >= self._borrow_due_s:
            await self._read_borrow_tiers()
        for account, what in self._due()[:AT_ONCE_MAX]:
            client = account.client
            if client is None:
                continue
            if what == SWITCHES:
                await self._read_switches(account, client)
            else:
                await self._read_fees(account, client, what)
            await self._pace.rest()

    def is_complete(self) -> bool:
        """Return whether every fact that is wanted now was asked for at least once, whatever came of it."""
        return self._has_borrow and all(
            (account.spec.account_id, what) in self._due_s for account, what in self._wanted()
        )

    def _wanted(self) -> Iterable[Wanted]:
        for account in self._accounts():
            for category in sorted(account.held_categories):
                yield account, category
            if account.has_unsaid_switches:
                yield account, SWITCHES

    def _due(self) -> list[Wanted]:
        """Return what to ask for now: first what nobody of the owner was told, then what is overdue longest."""
        now_s = self._services.clock.monotonic_s()
        due: list[tuple[bool, float, int, Wanted]] = []
        known: set[tuple[AccountId, str]] = set()
        first: set[tuple[str | None, str]] = set()
        for account, what in self._wanted():
            key = (account.spec.account_id, what)
            known.add(key)
            at_s = self._due_s.get(key, -1.0)
            if at_s > now_s:
                continue
            of_owner = (account.spec.owner, what)
            is_first = what != SWITCHES and of_owner not in self._owners_told and of_owner not in first
            if is_first:
                first.add(of_owner)
            due.append((not is_first, at_s, len(due), (account, what)))
        # Forget who is gone, or no longer holds anything of the kind for so long that it is due again.
        self._due_s = {key: at_s for key, at_s in self._due_s.items() if key in known or at_s > now_s}
        return [wanted for *_, wanted in sorted(due, key=lambda one: one[:3])]

    async def _read_fees(self, account: FollowedAccount, client: VenueClient, category: str) -> None:
        spec = account.spec
        rates = await self._ask("fee_rates", spec.account_id, lambda: client.fetch_fee_rates(category))
        is_read = not isinstance(rates, MarginwatchError)
        self._plan(spec.account_id, category, FEES_EVERY_S if is_read or not rates.retryable else RETRY_S)
        now_ns = self._services.clock.now_ns()
        if is_read:
            self._owners_told.add((spec.owner, category))
            self._services.sink(FeeRatesUpdate(spec.account_id, category, rates, now_ns))
        elif not rates.retryable and (standard := self._port.standard_fees.get(category)):
            self._services.sink(FeeRatesUpdate(spec.account_id, category, standard, now_ns, is_standard=True))

    async def _read_switches(self, account: FollowedAccount, client: VenueClient) -> None:
        account_id = account.spec.account_id
        coins = await self._ask("collateral_switches", account_id, client.fetch_collateral_info)
        is_read = not isinstance(coins, MarginwatchError)
        self._plan(account_id, SWITCHES, SWITCHES_EVERY_S if is_read or not coins.retryable else RETRY_S)
        if is_read:
            self._services.sink(CollateralInfoUpdate(account_id, coins, self._services.clock.now_ns()))

    async def _read_borrow_tiers(self) -> None:
        able = [one for one in self._accounts() if one.client is not None]
        # A key that may not ask is passed over as long as another one might.
        account = next(
            (one for one in able if one.spec.account_id not in self._may_not), next(iter(able), None)
        )
        if account is None or (client := account.client) is None:
            return
        tiers = await self._ask("borrow_tiers", None, client.fetch_borrow_tiers)
        is_read = not isinstance(tiers, MarginwatchError)
        if not is_read and not tiers.retryable:
            self._may_not.add(account.spec.account_id)
        now_s = self._services.clock.monotonic_s()
        self._borrow_due_s = now_s + (BORROW_EVERY_S if is_read else RETRY_S)
        self._has_borrow = True
        if is_read:
            self._services.sink(BorrowTiersUpdate(self._port.venue, tiers, self._services.clock.now_ns()))

    def _plan(self, account_id: AccountId, what: str, every_s: float) -> None:
        settings = self._services.settings
        early_s = every_s * settings.jitter_share * self._services.chance.random()
        self._due_s[account_id, what] = self._services.clock.monotonic_s() + every_s - early_s

    async def _ask(
        self, kind: FactKind, account_id: AccountId | None, call: Callable[[], Awaitable[Fact]]
    ) -> Fact | MarginwatchError:
        """Return what a call brought; a failure is told to the book, and logged for the first account of a kind."""
        failing = self._failing.setdefault(kind, set())
        try:
            said = await call()
        except MarginwatchError as error:
            if not failing:
                log.warning(
                    "facts not read",
                    venue=self._port.venue,
                    what=kind,
                    account_id=account_id,
                    reason=str(error),
                )
            failing.add(account_id)
            self._services.sink(FactUnread(self._port.venue, account_id, kind, error.message))
            return error
        if account_id in failing:
            failing.discard(account_id)
            if not failing:
                log.info("facts read again", venue=self._port.venue, what=kind)
        return said
