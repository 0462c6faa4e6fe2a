"""Ledgers one after the other: from where the last reading ended, wanted ones first, busy ones in pieces, failures later."""

import asyncio
import itertools
from dataclasses import dataclass, field

import pytest

from marginwatch.collect.ledger import AGAIN_S, EVERY_S, REFUSED_RETRY_S, RETRY_S, LedgerReader
from marginwatch.collect.pace import HURRIED_CALLS
from marginwatch.collect.ports import VenuePort
from marginwatch.errors import ConnectivityError, ProtocolError, RejectedError
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.activity import LedgerEntry
from marginwatch.model.secret import Secret

NS = 1_000_000_000


def entry(number, at_ns):
    return LedgerEntry(entry_id=str(number), asset="USDT", kind="trade", change="1", ts_venue_ns=at_ns)


@dataclass
class Client:
    """The ledger of one account, which refuses to list more lines than fit."""

    clock: object
    lines: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    error: Exception | None = None
    lines_max: int = 100

    async def fetch_ledger(self, since_ns, until_ns=None):
        self.asked.append((self.clock.monotonic_s(), since_ns, until_ns))
        if self.error is not None:
            raise self.error
        found = tuple(one for one in self.lines if since_ns <= one.ts_venue_ns <= until_ns)
        if len(found) > self.lines_max:
            raise ProtocolError("the log: more than 2000 pages")
        return found


@dataclass
class Followed:
    spec: AccountSpec
    client: Client | None
    held_categories: frozenset = frozenset()
    has_unsaid_switches: bool = False


class Keeper:
    """Keeps lines in memory, and writes down what it was told."""

    def __init__(self):
        self.first, self.since, self.told, self.lines, self.errors = [], {}, [], {}, []

    def ledgers_wanted_first(self):
        return list(self.first)

    def ledger_since_ns(self, account_id, now_ns):
        return self.since.get(account_id, now_ns - 3_600 * NS)

    def ledger_begun(self, account_id):
        self.told.append(("begun", account_id))

    async def ledger_read(self, account_id, since_ns, until_ns, entries, *, is_last):
        self.told.append(("last" if is_last else "piece", account_id))
        self.lines.setdefault(account_id, {}).update({one.entry_id: one for one in entries})
        self.since[account_id] = until_ns

    def ledger_unread(self, account_id, error):
        self.errors.append((account_id, str(error)))


@pytest.fixture
async def bench(desk):
    class Bench:
        pass

    made = Bench()
    made.clock, made.keeper, made.accounts, made.clients = desk.clock, Keeper(), [], {}
    port = VenuePort(
        venue="bybit",
        endpoints=Endpoints(rest="", private="", public={}),
        rest=desk.venue,
        stream=None,  # type: ignore[arg-type]  # ledgers come by no stream
        connect_limit=desk.connect_limit,
        calls_per_sweep=5,
        seconds_per_call=lambda: 0.1,
        judge_key=lambda *_: None,  # type: ignore[arg-type, return-value]  # and judge no key
    )
    services = desk.services()

    def follow(*names):
        for name in names:
            spec = AccountSpec(
                account_id=name,
                exchange="bybit",
                venue="bybit",
                endpoints=port.endpoints,
                api_key=Secret("k"),
                api_secret=Secret("s"),
            )
            made.clients[name] = Client(desk.clock)
            made.accounts.append(Followed(spec, made.clients[name]))

    made.follow = follow
    made.job = LedgerReader(port, services, lambda: made.accounts, made.keeper)
    task = None

    async def run(seconds):
        nonlocal task
        task = task or asyncio.create_task(made.job.run())
        await desk.clock.advance(seconds)

    made.run = run
    yield made
    if task is not None:
        task.cancel()


async def test_each_ledger_is_read_every_few_minutes_from_where_it_ended(bench) -> None:
    bench.follow("a", "b")
    await bench.run(2.0 * EVERY_S + 20.0)
    for name in "ab":
        asked = bench.clients[name].asked
        assert 3 <= len(asked) <= 4
        assert [since for _, since, _ in asked[1:]] == [until for *_, until in asked[:-1]]
        gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(asked)]
        assert all(0.85 * EVERY_S < gap < EVERY_S + 10.0 for gap in gaps)


async def test_whoever_s_money_moved_is_read_at_once_and_again_before_all_others(bench) -> None:
    bench.follow(*"abcdefgh")
    await bench.run(30.0)
    bench.keeper.told.clear()
    bench.keeper.first = ["g", "not followed"]
    await bench.run(3 * AGAIN_S + 3.0)
    assert set(bench.keeper.told) == {("begun", "g"), ("last", "g")}
    times = [at_s for at_s, *_ in bench.clients["g"].asked][-3:]
    assert all(later - earlier >= AGAIN_S for earlier, later in itertools.pairwise(times))


async def test_a_busy_account_is_read_in_pieces_of_which_none_is_lost(bench) -> None:
    bench.follow("busy")
    client, now_ns = bench.clients["busy"], bench.clock.now_ns()
    client.lines = [entry(k, now_ns - k * NS) for k in range(3_000)]
    await bench.run(200.0)
    assert len(bench.keeper.lines["busy"]) == 3_000
    told = [what for what, _ in bench.keeper.told]
    assert told[0] == "begun"
    assert told.count("begun") == 1
    assert told[-1] == "last"
    assert told.count("piece") > 10


async def test_what_fails_is_told_and_tried_again_later_and_does_not_take_others_turns(bench) -> None:
    bench.follow("down", "closed", "fine")
    bench.clients["down"].error = ConnectivityError("no route")
    bench.clients["closed"].error = RejectedError("not permitted")
    bench.keeper.first = ["down", "closed"]
    await bench.run(RETRY_S * 3.0 + 5.0)
    assert 3 <= len(bench.clients["down"].asked) <= 4
    assert len(bench.clients["closed"].asked) == 1
    assert len(bench.clients["fine"].asked) == 1
    assert {name for name, _ in bench.keeper.errors} == {"down", "closed"}
    bench.clients["down"].error = bench.clients["closed"].error = None
    bench.keeper.first = []
    await bench.run(REFUSED_RETRY_S)
    assert ("last", "down") in bench.keeper.told
    assert ("last", "closed") in bench.keeper.told


async def test_an_account_whose_key_is_not_known_to_be_good_waits(bench) -> None:
    bench.follow("new")
    client, bench.accounts[0].client = bench.accounts[0].client, None
    await bench.run(20.0)
    assert client.asked == []
    bench.accounts[0].client = client
    await bench.run(10.0)
    assert len(client.asked) == 1


async def test_a_large_fleet_takes_a_small_part_of_the_budget(bench) -> None:
    bench.follow(*(f"a{k}" for k in range(200)))
    await bench.run(60.0)
    n_calls = sum(len(client.asked) for client in bench.clients.values())
    # One call of 0.1 s in each second, after the first few.
    assert HURRIED_CALLS + 50 <= n_calls <= HURRIED_CALLS + 75
    assert max(len(client.asked) for client in bench.clients.values()) == 1
