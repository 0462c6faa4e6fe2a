import asyncio
from bisect import bisect_left

import pytest
from aiohttp import ClientSession, TCPConnector, web
from hypothesis import given, settings
from hypothesis import strategies as st

from marginwatch.clock import ManualClock, SystemClock
from marginwatch.collect.budget import RateBudget
from marginwatch.collect.call_window import CallWindow
from marginwatch.errors import RateLimitedError
from marginwatch.venues.base import EndpointLimit, VenueManifest

POSITIONS = "/v5/position/list"
MEMBERS = "/v5/user/submembers"


def manifest(ip: EndpointLimit | None = None, **per_endpoint: EndpointLimit) -> VenueManifest:
    limits = {POSITIONS: EndpointLimit(50, 1.0), MEMBERS: EndpointLimit(5, 1.0), **per_endpoint}
    return VenueManifest(
        exchange="bybit",
        environments={},
        ip_limit=ip or EndpointLimit(600, 5.0),
        connect_limit=EndpointLimit(500, 300.0),
        endpoint_limits=limits,
        documents="test",
    )


class Log:
    """Calls let through, with their moments on the clock."""

    def __init__(self, budget: RateBudget, clock: ManualClock) -> None:
        self.budget = budget
        self.clock = clock
        self.let_through: list[tuple[float, str, str | None]] = []

    async def call(self, endpoint: str, uid_key: str | None, duration_s: float = 0.0) -> None:
        await self.budget.acquire(endpoint, uid_key)
        self.let_through.append((self.clock.monotonic_s(), endpoint, uid_key))
        await self.clock.sleep(duration_s)
        self.budget.observe(endpoint, uid_key, {})


def most_in_a_window(moments: list[float], window_s: float) -> int:
    ordered = sorted(moments)
    return max(
        (bisect_left(ordered, start + window_s - 1e-9) - i for i, start in enumerate(ordered)), default=0
    )


@settings(max_examples=40, deadline=None)
@given(
    arrivals=st.lists(
        st.tuples(
            st.floats(0.0, 3.0),
            st.sampled_from([POSITIONS, MEMBERS]),
            st.sampled_from(["a", "b", None]),
            st.floats(0.0, 0.5),
        ),
        max_size=80,
    )
)
def test_no_window_holds_more_than_our_share(
    arrivals: list[tuple[float, str, str | None, float]],
) -> None:
    limits = manifest(EndpointLimit(40, 5.0), **{POSITIONS: EndpointLimit(10, 1.0)})

    async def play() -> list[tuple[float, str, str | None]]:
        clock = ManualClock()
        log = Log(RateBudget(limits, clock, share_of_limit=0.3), clock)
        tasks: list[asyncio.Task[None]] = []
        for pause, endpoint, uid_key, duration in arrivals:
            await clock.advance(pause * 0.1)
            tasks.append(asyncio.ensure_future(log.call(endpoint, uid_key, duration)))
        for _ in range(40):
            await clock.advance(3.0)
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
        log.budget.close()
        return log.let_through

    let_through = asyncio.run(play())
    assert len(let_through) == len(arrivals)  # everybody got through in the end
    assert most_in_a_window([at for at, _, _ in let_through], 5.0) <= 12
    for uid_key in ("a", "b"):
        mine = [at for at, endpoint, key in let_through if (endpoint, key) == (POSITIONS, uid_key)]
        assert most_in_a_window(mine, 1.0) <= 3
        rare = [at for at, endpoint, key in let_through if (endpoint, key) == (MEMBERS, uid_key)]
        assert most_in_a_window(rare, 1.0) <= 1


async def test_the_budget_is_used_up_not_only_kept() -> None:
    clock = ManualClock()
    log = Log(RateBudget(manifest(), clock), clock)
    tasks = [asyncio.ensure_future(log.call(POSITIONS, f"account-{i}")) for i in range(1000)]
    await clock.advance(5.5 * 5)
    assert len(log.let_through) >= 5 * 180
    await clock.advance(10)
    await asyncio.gather(*tasks)


async def test_equals_are_served_in_the_order_of_their_arrival() -> None:
    clock = ManualClock()
    log = Log(RateBudget(manifest(EndpointLimit(10, 5.0)), clock), clock)
    tasks = [asyncio.ensure_future(log.call(POSITIONS, f"account-{i:02}")) for i in range(20)]
    await clock.advance(60)
    await asyncio.gather(*tasks)
    assert [key for _, _, key in log.let_through] == [f"account-{i:02}" for i in range(20)]


async def test_the_endangered_go_first_and_nobody_starves() -> None:
    clock = ManualClock()
    budget = RateBudget(manifest(EndpointLimit(10, 5.0), **{POSITIONS: EndpointLimit(1000, 1.0)}), clock)
    log = Log(budget, clock)
    budget.set_danger("dying", 1.0)
    calm = [asyncio.ensure_future(log.call(POSITIONS, "calm")) for _ in range(6)]
    await clock.advance(0.1)
    dying: list[asyncio.Task[None]] = []
    for _ in range(20):  # more of them come all the time than fit
        dying += [asyncio.ensure_future(log.call(POSITIONS, "dying")) for _ in range(4)]
        await clock.advance(5.01)
    keys = [key for _, _, key in log.let_through]
    assert keys[:6] == ["calm"] * 3 + ["dying"] * 3
    assert keys.count("calm") == 6
    assert len(keys) < 3 + len(dying)
    for task in (*calm, *dying):
        task.cancel()
    await asyncio.gather(*calm, *dying, return_exceptions=True)
    budget.close()


async def test_a_slow_bucket_does_not_hold_up_the_others() -> None:
    clock = ManualClock()
    log = Log(RateBudget(manifest(), clock), clock)
    log.budget.block_bucket(POSITIONS, "busy", clock.now_ns() + 30_000_000_000)
    busy = asyncio.ensure_future(log.call(POSITIONS, "busy"))
    other = asyncio.ensure_future(log.call(POSITIONS, "other"))
    await clock.advance(1)
    assert [key for _, _, key in log.let_through] == ["other"]
    assert log.budget.state().held[0].uid_key == "busy"
    await clock.advance(29.5)
    await asyncio.gather(busy, other)
    assert log.let_through[-1][0] >= 30.0


async def test_cancelled_waiters_leave_no_slot_behind() -> None:
    clock = ManualClock()
    budget = RateBudget(manifest(EndpointLimit(10, 5.0)), clock)
    log = Log(budget, clock)
    first = [asyncio.ensure_future(log.call(POSITIONS, f"first-{i}")) for i in range(3)]
    await clock.advance(0)
    waiting = [asyncio.ensure_future(log.call(POSITIONS, f"waiting-{i}")) for i in range(50)]
    await clock.advance(1)
    assert budget.state().waiting == 50
    for task in waiting:
        task.cancel()
    await asyncio.gather(*first, *waiting, return_exceptions=True)
    assert budget.state().waiting == 0
    last = [asyncio.ensure_future(log.call(POSITIONS, f"last-{i}")) for i in range(3)]
    await clock.advance(5)
    await asyncio.wait_for(asyncio.gather(*last), 20)
    await clock.advance(6)
    assert budget.state().used == 0


async def test_a_waiter_cancelled_in_the_very_moment_of_its_turn_gives_the_slot_on() -> None:
    clock = ManualClock()
    budget = RateBudget(manifest(EndpointLimit(10, 5.0)), clock, share_of_limit=0.1)
    await budget.acquire(POSITIONS, "a")
    unlucky = asyncio.ensure_future(budget.acquire(POSITIONS, "b"))
    patient = asyncio.ensure_future(budget.acquire(POSITIONS, "c"))
    await asyncio.sleep(0)
    budget._buckets[POSITIONS, "a"].window.give_back()
    budget._host.give_back()
    budget._pump()  # b's turn has come, but its task has not run yet
    unlucky.cancel()
    with pytest.raises(asyncio.CancelledError):
        await unlucky
    await asyncio.wait_for(patient, 20)
    assert budget.state().used == 1
    budget.close()


async def test_a_blocked_host_refuses_at_once_and_says_why() -> None:
    clock = ManualClock()
    budget = RateBudget(manifest(EndpointLimit(10, 5.0)), clock)
    for i in range(3):
        await budget.acquire(POSITIONS, f"first-{i}")
    waiting = asyncio.ensure_future(budget.acquire(POSITIONS, "waiting"))
    await clock.advance(0)
    budget.block_host(600, "address banned until noon")
    with pytest.raises(RateLimitedError, match="banned until noon"):
        await waiting
    with pytest.raises(RateLimitedError) as caught:
        await budget.acquire("/v5/market/time", None)
    assert caught.value.retry_after_s == 600
    assert budget.state().block_reason == "address banned until noon"
    assert budget.state().blocked_until_ns == clock.now_ns() + 600_000_000_000
    await clock.advance(600)
    await budget.acquire("/v5/market/time", None)
    assert budget.state().blocked_until_ns is None
    budget.close()


async def test_a_limit_lower_than_documented_is_believed() -> None:
    clock = ManualClock()
    log = Log(RateBudget(manifest(), clock), clock)
    await log.budget.acquire(POSITIONS, "a")
    log.budget.observe(POSITIONS, "a", {"X-Bapi-Limit": "20", "X-Bapi-Limit-Status": "19"})
    await clock.advance(2)
    tasks = [asyncio.ensure_future(log.call(POSITIONS, "a")) for _ in range(20)]
    await clock.advance(0.5)
    assert len(log.let_through) == 6
    await clock.advance(5)
    await asyncio.gather(*tasks)


async def test_a_limit_higher_than_documented_is_not_ours_to_use() -> None:
    clock = ManualClock()
    log = Log(RateBudget(manifest(), clock), clock)
    await log.budget.acquire(POSITIONS, "a")
    log.budget.observe(POSITIONS, "a", {"X-Bapi-Limit": "5000", "X-Bapi-Limit-Status": "4999"})
    await clock.advance(2)
    tasks = [asyncio.ensure_future(log.call(POSITIONS, "a")) for _ in range(40)]
    await clock.advance(0.5)
    assert len(log.let_through) == 15
    await clock.advance(5)
    await asyncio.gather(*tasks)


async def test_we_step_aside_while_the_desks_own_bots_need_the_limit() -> None:
    clock = ManualClock()
    log = Log(RateBudget(manifest(), clock), clock)
    await log.budget.acquire(POSITIONS, "a")
    log.budget.observe(POSITIONS, "a", {"X-Bapi-Limit": "50", "X-Bapi-Limit-Status": "3"})
    task = asyncio.ensure_future(log.call(POSITIONS, "a"))
    await clock.advance(0.5)
    assert log.let_through == []
    assert "other programs" in log.budget.state().held[0].reason
    await clock.advance(1)
    await task


async def test_unreadable_headers_change_nothing() -> None:
    clock = ManualClock()
    budget = RateBudget(manifest(), clock)
    for text in ("", "-1", "fifty", "0", "²"):
        await budget.acquire(POSITIONS, "a")
        budget.observe(POSITIONS, "a", {"X-Bapi-Limit": text, "X-Bapi-Limit-Status": text})
    assert budget.state().held == ()
    assert budget._buckets[POSITIONS, "a"].window.allowed == 15


async def test_an_unlisted_endpoint_takes_its_limit_from_the_first_reply() -> None:
    clock = ManualClock()
    log = Log(RateBudget(manifest(), clock), clock)
    await log.budget.acquire("/v5/new", "a")
    log.budget.observe("/v5/new", "a", {"X-Bapi-Limit": "100"})
    await clock.advance(2)
    tasks = [asyncio.ensure_future(log.call("/v5/new", "a")) for _ in range(50)]
    await clock.advance(0.5)
    assert len(log.let_through) == 30
    await clock.advance(5)
    await asyncio.gather(*tasks)


def test_what_is_planned_with_fits_into_the_budget_and_leaves_some() -> None:
    seconds = RateBudget(manifest(), ManualClock()).seconds_per_call()
    # 30 % of 600 in 5 s are 36 a second; something is left for what happens in between.
    assert 1 / 36 < seconds < 1.3 / 36


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01])
def test_a_share_that_makes_no_sense_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share_of_limit"):
        RateBudget(manifest(), ManualClock(), share_of_limit=share)


async def test_ten_thousand_waiters_cost_no_wake_up_each(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    budget = RateBudget(manifest(), clock)
    for i in range(180):
        await budget.acquire(POSITIONS, f"first-{i}")
    before = len(asyncio.all_tasks())
    waiting = [asyncio.ensure_future(budget.acquire(POSITIONS, f"account-{i}")) for i in range(10_000)]
    await asyncio.sleep(0)
    pumped = 0
    original = CallWindow.free_at

    def counted(window: CallWindow, now_s: float) -> float:
        nonlocal pumped
        pumped += 1
        return original(window, now_s)

    monkeypatch.setattr(CallWindow, "free_at", counted)
    for i in range(180):
        budget.observe(POSITIONS, f"first-{i}", {})
    await clock.advance(5.1)
    assert sum(task.done() for task in waiting) == 180
    assert pumped < 2000  # a handful for each of 180 ends and 180 turns, not one for each of 10,000 waiters
    assert len(asyncio.all_tasks()) <= before + 10_000 + 1
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    budget.close()


async def test_buckets_of_past_callers_are_dropped() -> None:
    clock = ManualClock()
    budget = RateBudget(manifest(EndpointLimit(10_000_000, 5.0)), clock)
    for i in range(12_000):
        await budget.acquire(POSITIONS, f"account-{i}")
        budget.observe(POSITIONS, f"account-{i}", {})
        if i % 1000 == 0:
            await clock.advance(2)
    assert len(budget._buckets) < 6000


async def test_a_real_server_counts_at_most_thirty_percent_of_every_limit() -> None:
    ip_limit, endpoint_limit = EndpointLimit(100, 0.5), EndpointLimit(40, 0.25)
    arrivals: list[tuple[float, str]] = []

    async def count(request: web.Request) -> web.Response:
        arrivals.append((asyncio.get_running_loop().time(), request.query["uid"]))
        await asyncio.sleep(0.03 * (len(arrivals) % 3))  # uneven replies
        return web.json_response({}, headers={"X-Bapi-Limit": "40"})

    app = web.Application()
    app.router.add_get(POSITIONS, count)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    budget = RateBudget(manifest(ip_limit, **{POSITIONS: endpoint_limit}), SystemClock(), share_of_limit=0.3)

    async with ClientSession(connector=TCPConnector(limit=0)) as http:

        async def call(uid: str) -> None:
            await budget.acquire(POSITIONS, uid)
            try:
                async with http.get(f"http://127.0.0.1:{port}{POSITIONS}?uid={uid}") as reply:
                    await reply.read()
                    headers = reply.headers
            finally:
                budget.observe(POSITIONS, uid, headers)

        await asyncio.gather(*(call(f"uid-{i % 2}") for i in range(120)))
    await runner.cleanup()
    budget.close()
    assert len(arrivals) == 120
    assert most_in_a_window([at for at, _ in arrivals], 0.5) <= 30
    for uid in ("uid-0", "uid-1"):
        assert most_in_a_window([at for at, key in arrivals if key == uid], 0.25) <= 12
