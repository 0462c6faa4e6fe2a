"""Facts of single accounts: only what is needed, owners first, at a slow pace; failures told, never guessed over."""

import asyncio
import itertools
from dataclasses import dataclass, field, replace

import pytest

from marginwatch.collect.account_facts import AT_ONCE_MAX, AccountFacts
from marginwatch.collect.pace import HURRIED_CALLS
from marginwatch.collect.ports import VenuePort
from marginwatch.errors import AuthError, ConnectivityError, MarginwatchError
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.events import BorrowTiersUpdate, CollateralInfoUpdate, FactUnread, FeeRatesUpdate
from marginwatch.model.secret import Secret
from marginwatch.model.venue_facts import BorrowTier, CollateralInfo, FeeRate

STANDARD = (FeeRate(venue_symbol=None, base_asset=None, taker_fee_rate="0.00055", maker_fee_rate=None),)


@dataclass
class Client:
    """The calls of one account, written down by its name."""

    name: str
    asked: list
    clock: object
    error: MarginwatchError | None = None

    def _ask(self, what):
        self.asked.append((self.clock.monotonic_s(), self.name, what))
        if self.error is not None:
            raise self.error

    async def fetch_fee_rates(self, category):
        self._ask(category)
        return (FeeRate(venue_symbol="A", base_asset=None, taker_fee_rate="0.0001", maker_fee_rate=None),)

    async def fetch_collateral_info(self):
        self._ask("switches")
        return (CollateralInfo(asset="BTC", is_allowed=True, is_switched_on=True),)

    async def fetch_borrow_tiers(self):
        self._ask("borrow")
        return (BorrowTier(asset="BTC", tier=1, limit="5"),)


@dataclass
class Followed:
    """An account as its session shows it."""

    spec: AccountSpec
    client: Client | None
    held_categories: frozenset = field(default_factory=frozenset)
    has_unsaid_switches: bool = False


@pytest.fixture
async def bench(desk):
    class Bench:
        pass

    made = Bench()
    made.desk, made.asked, made.accounts = desk, [], []
    port = VenuePort(
        venue="bybit",
        endpoints=Endpoints(rest="", private="", public={}),
        rest=desk.venue,
        stream=None,  # type: ignore[arg-type]  # facts speak to no stream
        connect_limit=desk.connect_limit,
        calls_per_sweep=5,
        seconds_per_call=lambda: 0.1,
        judge_key=lambda *_: None,  # type: ignore[arg-type, return-value]  # and judge no key
        standard_fees={"linear": STANDARD},
    )
    services = desk.services()

    def follow(name, *categories, owner=None, **more):
        spec = AccountSpec(
            account_id=name,
            exchange="bybit",
            venue="bybit",
            endpoints=port.endpoints,
            api_key=Secret("k"),
            api_secret=Secret("s"),
            owner=owner,
        )
        client = Client(name, made.asked, desk.clock)
        made.accounts.append(Followed(spec, client, frozenset(categories), **more))
        return made.accounts[-1]

    made.follow, made.port = follow, port
    made.job = AccountFacts(port, services, lambda: made.accounts)
    return made


async def run_once(bench, seconds=200.0):
    task = asyncio.create_task(bench.job.run_once())
    await bench.desk.clock.advance(seconds)
    await task


def calls(bench, what=None):
    return [(name, asked) for _, name, asked in bench.asked if what in (None, asked)]


async def test_only_fees_of_what_is_held_are_asked_for_and_not_again_within_the_hour(bench) -> None:
    bench.follow("a", "linear", "option")
    bench.follow("b")
    await run_once(bench)
    await run_once(bench)
    assert calls(bench) == [("a", "borrow"), ("a", "linear"), ("a", "option")]
    told = [(one.account_id, one.category, one.is_standard) for one in bench.desk.of(FeeRatesUpdate)]
    assert told == [("a", "linear", False), ("a", "option", False)]
    assert [one.venue for one in bench.desk.of(BorrowTiersUpdate)] == ["bybit"]
    bench.accounts[1].held_categories = frozenset({"inverse"})
    await run_once(bench)
    assert calls(bench)[-1] == ("b", "inverse")
    await bench.desk.clock.advance(3600)
    await run_once(bench)
    assert calls(bench).count(("a", "linear")) == 2
    assert calls(bench).count(("a", "borrow")) == 1


async def test_the_hours_of_many_accounts_do_not_fall_together(bench) -> None:
    for number in range(10):
        bench.follow(f"a{number}", "linear")
    await run_once(bench)
    n_first = len(bench.asked)
    times = []
    for _ in range(120):
        await run_once(bench, 60.0)
        times += [at_s for at_s, _, what in bench.asked[n_first + len(times) :] if what == "linear"]
    assert len({round(at_s) for at_s in times}) > 3


async def test_the_first_account_of_each_owner_goes_before_the_others(bench) -> None:
    for name, owner in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("c1", None), ("a3", "a"), ("c2", None)):
        bench.follow(name, "linear", owner=owner)
    await run_once(bench)
    assert [name for name, _ in calls(bench, "linear")] == ["a1", "b1", "c1", "a2", "a3", "c2"]


async def test_an_account_that_was_not_heard_yet_waits(bench) -> None:
    waiting = bench.follow("a", "linear")
    client, waiting.client = waiting.client, None
    await run_once(bench)
    assert bench.asked == []
    assert not bench.job.is_complete()
    waiting.client = client
    await run_once(bench)
    assert calls(bench) == [("a", "borrow"), ("a", "linear")]
    assert bench.job.is_complete()


async def test_many_accounts_are_asked_at_a_small_part_of_the_budget(bench) -> None:
    for number in range(AT_ONCE_MAX + 10):
        bench.follow(f"a{number}", "linear")
    await run_once(bench)
    assert len(calls(bench, "linear")) == AT_ONCE_MAX
    times = [at_s for at_s, _, what in bench.asked if what == "linear"]
    pauses = [round(later - sooner, 3) for sooner, later in itertools.pairwise(times)]
    assert pauses == [0.0] * HURRIED_CALLS + [0.9] * (AT_ONCE_MAX - HURRIED_CALLS - 1)
    await run_once(bench)
    assert len(set(calls(bench, "linear"))) == AT_ONCE_MAX + 10


async def test_switches_are_asked_for_only_where_the_wallet_leaves_them_out(bench) -> None:
    bench.follow("a", has_unsaid_switches=True)
    bench.follow("b")
    await run_once(bench)
    await run_once(bench)
    assert calls(bench, "switches") == [("a", "switches")]
    (update,) = bench.desk.of(CollateralInfoUpdate)
    assert (update.account_id, update.coins[0].is_switched_on) == ("a", True)


async def test_a_failed_call_is_told_and_tried_again_after_a_minute(bench) -> None:
    account = bench.follow("a", "linear", has_unsaid_switches=True)
    account.client.error = ConnectivityError("away")
    await run_once(bench, 1.0)
    await run_once(bench, 1.0)
    assert len(bench.asked) == 3
    told = {(one.account_id, one.kind, one.reason) for one in bench.desk.of(FactUnread)}
    assert told == {
        (None, "borrow_tiers", "away"),
        ("a", "fee_rates", "away"),
        ("a", "collateral_switches", "away"),
    }
    assert bench.desk.of(FeeRatesUpdate) == []
    account.client.error = None
    await bench.desk.clock.advance(60)
    await run_once(bench)
    assert len(bench.desk.of(FeeRatesUpdate)) == len(bench.desk.of(BorrowTiersUpdate)) == 1


async def test_fees_closed_to_a_key_are_the_published_ones_and_say_so(bench) -> None:
    account = bench.follow("a", "linear", "option")
    account.client.error = AuthError("permission denied", reason="permission")
    await run_once(bench)
    (update,) = bench.desk.of(FeeRatesUpdate)
    assert (update.category, update.is_standard, update.rates) == ("linear", True, STANDARD)
    await bench.desk.clock.advance(120)
    await run_once(bench)
    assert len(calls(bench, "linear")) == 1


async def test_borrow_tiers_are_asked_with_another_key_where_the_first_may_not(bench) -> None:
    bench.follow("a").client.error = AuthError("permission denied", reason="permission")
    bench.follow("b")
    await run_once(bench)
    await bench.desk.clock.advance(60)
    await run_once(bench)
    assert calls(bench) == [("a", "borrow"), ("b", "borrow")]
    assert len(bench.desk.of(BorrowTiersUpdate)) == 1


async def test_an_account_that_left_is_forgotten_and_one_that_comes_back_is_asked_again(bench) -> None:
    gone = bench.follow("a", "linear")
    bench.follow("b")
    await run_once(bench)
    bench.accounts.remove(gone)
    await bench.desk.clock.advance(4000)
    await run_once(bench)
    assert bench.job._due_s == {}
    bench.accounts.append(gone)
    await run_once(bench)
    assert calls(bench, "linear") == [("a", "linear"), ("a", "linear")]


async def test_a_venue_without_published_fees_leaves_them_missing(bench) -> None:
    bench.job._port = replace(bench.port, standard_fees={})
    account = bench.follow("a", "linear")
    account.client.error = AuthError("permission denied", reason="permission")
    await run_once(bench)
    assert bench.desk.of(FeeRatesUpdate) == []
    assert {one.kind for one in bench.desk.of(FactUnread)} == {"borrow_tiers", "fee_rates"}
