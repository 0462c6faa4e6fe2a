"""The check of whole desks against the simulated exchange, over loopback."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from marginwatch.clock import SystemClock
from marginwatch.collect.budget import RateBudget
from marginwatch.collect.bybit import open_bybit_check
from marginwatch.collect.check_desk import DeskCheckup
from marginwatch.collect.settings import CollectSettings
from marginwatch.errors import ConfigError
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.check_report import AccountCheck, CheckReport
from marginwatch.model.secret import Secret
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.venues.bybit.manifest import MANIFEST

DAY_MS = 86_400_000


def settles_in(symbol: str, coin: str | None) -> bool:
    """Tell USDC contracts (``BTCPERP``, ``ETHPERP``) from USDT ones by name, as their symbols do."""
    if coin is None:
        return True
    return ("PERP" in symbol) == (coin == "USDC")


class Hall:
    """A simulated exchange, and a check of it."""

    def __init__(self, server: BybitSimServer) -> None:
        self.server = server
        self.exchange = server.exchange
        self.accounts = server.exchange.accounts()
        self.progress: list[tuple[int, int]] = []

    def spec(self, number: int, **changes: Any) -> AccountSpec:
        urls, account = self.server.urls, self.accounts[number]
        values: dict[str, Any] = {
            "account_id": account.name,
            "exchange": "bybit",
            "venue": "bybit@sim",
            "endpoints": Endpoints(rest=urls.rest, private=urls.private, public=urls.public),
            "api_key": Secret(account.key.api_key),
            "api_secret": Secret(account.key.api_secret),
        }
        return AccountSpec(**(values | changes))

    def set_key(self, number: int, **changes: object) -> None:
        self.exchange.set_key(self.accounts[number].key.api_key, **changes)

    async def check(self, *specs: AccountSpec, **more: Any) -> CheckReport:
        clock = SystemClock()
        budget = RateBudget(MANIFEST, clock)

        def open_port(spec: AccountSpec, on_notice: Any) -> Any:
            if spec.exchange != "bybit":
                raise ConfigError("not supported")
            return open_bybit_check(spec, budget, clock, http, on_notice)

        def note(done: int, total: int) -> None:
            self.progress.append((done, total))

        async with aiohttp.ClientSession() as http:
            try:
                return await DeskCheckup(open_port, clock, CollectSettings(), note).run(specs, **more)
            finally:
                budget.close()

    async def one(self, spec: AccountSpec) -> AccountCheck:
        return (await self.check(spec)).accounts[0]


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    exchange = Exchange(3, SystemClock(), n_accounts=12)
    async with BybitSimServer(exchange) as server:
        yield Hall(server)


async def test_the_report_is_the_exchange_s_truth(hall) -> None:
    hall.exchange.place_order(hall.accounts[2].uid, "BTCUSDT", "0.01", "1000")
    report = await hall.check(*(hall.spec(number) for number in range(12)))
    assert report.ok
    assert hall.progress[-1] == (12, 12)
    for number, (check, account) in enumerate(zip(report.accounts, hall.accounts, strict=True)):
        assert (check.account_id, check.uid) == (account.name, account.uid)
        assert (check.account_type, check.margin_mode) == ("UTA2.0", "cross")
        truth = {"linear/USDT": 0, "linear/USDC": 0, "inverse": 0, "option": 0}
        for category, coin in (("linear", "USDT"), ("linear", "USDC"), ("inverse", None)):
            rows = hall.exchange.positions(account.uid, category)
            name = f"{category}/{coin}" if coin else category
            truth[name] = sum(row.size != 0 and settles_in(row.symbol, coin) for row in rows)
        assert check.rows == truth
        assert check.key.is_read_only
        assert check.key.is_master == (number == 0)
    assert sum(sum(check.rows.values()) for check in report.accounts) > 10
    assert report.accounts[2].open_orders >= 1
    master = report.accounts[0]
    assert {coin.asset for coin in master.funding_wallet} == {"USDT", "BTC"}
    assert {coin.asset for coin in master.withdrawable} == {"USDT", "USDC", "BTC"}


async def test_the_venue_s_part_tells_clock_budget_and_plan(hall) -> None:
    (venue,) = (await hall.check(hall.spec(1), hall.spec(2))).venues
    assert (venue.venue, venue.host, venue.n_accounts) == ("bybit@sim", hall.server.urls.rest, 2)
    assert venue.is_reachable
    assert abs(venue.clock_offset_ms) < 1000
    assert venue.calls_allowed == 180
    assert 20 < venue.calls < 60
    assert (venue.poll_s, venue.reconcile_s) == (5.0, 60.0)


@pytest.mark.parametrize(
    ("changes", "reason_code", "said"),
    [
        ({"is_read_only": False}, "key_refused", "make a read-only key"),
        ({"expires_ms": 1_000_000_000_000}, "key_expired", "Extend the key"),
        ({"ips": ("10.9.8.7",)}, "ip_not_bound", "bound to other addresses"),
    ],
)
async def test_a_key_that_must_not_be_used_stops_its_account_alone(hall, changes, reason_code, said) -> None:
    hall.set_key(1, **changes)
    report = await hall.check(hall.spec(1), hall.spec(2))
    bad, good = report.accounts
    assert (bad.status, bad.reason_code) == ("refused", reason_code)
    assert said in bad.reason
    assert bad.rows is None
    assert good.is_fine
    assert not report.ok


async def test_an_unbound_key_near_its_end_is_warned_about_and_still_fine(hall) -> None:
    soon_ms = SystemClock().now_ns() // 1_000_000 + 5 * DAY_MS
    hall.set_key(1, ips=(), expires_ms=soon_ms)
    report = await hall.check(hall.spec(1))
    (check,) = report.accounts
    assert report.ok
    assert check.status == "warning"
    assert any("expires in 4 days" in text for text in check.warnings)
    assert any("not bound to an IP" in text for text in check.warnings)
    assert check.key.expires_at_ns // 1_000_000_000 == soon_ms // 1000


async def test_a_wrong_secret_and_a_key_of_elsewhere_are_refused_without_showing_either(hall) -> None:
    wrong = hall.spec(1, api_secret=Secret("Wr0ngSecretWr0ng"))
    foreign = hall.spec(2, api_key=Secret("F0reignKeyF0reign"))
    report = await hall.check(wrong, foreign)
    assert [one.reason_code for one in report.accounts] == ["signature", "key_invalid"]
    assert [one.code for one in report.accounts] == ["10004", "10003"]
    assert hall.server.urls.rest in report.accounts[1].reason
    text = msgspec.json.encode(report).decode()
    for secret in (wrong.api_key, wrong.api_secret, foreign.api_key, foreign.api_secret):
        assert secret.reveal() not in text


async def test_the_same_account_twice_is_refused_once(hall) -> None:
    report = await hall.check(hall.spec(1), hall.spec(1, account_id="again"))
    assert [one.status for one in report.accounts] == ["ok", "refused"]
    assert report.accounts[1].reason_code == "duplicate_uid"


async def test_a_uid_that_is_not_the_configured_one_is_refused(hall) -> None:
    check = await hall.one(hall.spec(1, uid="42"))
    assert (check.status, check.uid) == ("refused", hall.accounts[1].uid)
    assert "uid = 42" in check.reason


async def test_a_minimal_key_says_what_it_may_not_read_and_what_to_grant(hall) -> None:
    hall.set_key(0, permissions={"ContractTrade": ("Position",)})
    check = await hall.one(hall.spec(0))
    closed = {one.endpoint: one for one in check.closed}
    assert "Subaccount Transfer" in closed["/v5/user/query-sub-members"].grant
    assert check.is_fine
    assert check.unmonitored == ()


async def test_a_closed_position_list_refuses_with_the_permission_it_needs(hall) -> None:
    hall.server.key_rules.deny(hall.accounts[1].key.api_key, "/v5/position/list")
    check = await hall.one(hall.spec(1))
    assert (check.status, check.reason_code) == ("refused", "permission")
    assert "Grant: Contract: Positions" in check.reason
    assert check.uid == hall.accounts[1].uid


async def test_a_key_without_orders_is_watched_with_a_warning(hall) -> None:
    hall.server.key_rules.deny(hall.accounts[1].key.api_key, "/v5/order/realtime")
    check = await hall.one(hall.spec(1))
    assert check.status == "warning"
    assert check.open_orders is None
    assert any("open orders cannot be read" in text for text in check.warnings)


async def test_sub_accounts_in_no_configuration_are_named_at_their_main_account(hall) -> None:
    report = await hall.check(hall.spec(0), hall.spec(1), hall.spec(2))
    named = set(report.accounts[0].unmonitored)
    assert named == {f"{one.uid} ({one.name})" for one in hall.accounts[3:]}


async def test_an_unreachable_host_fails_its_accounts_and_no_other(hall) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
    gone = Endpoints(rest=nowhere, private="ws://127.0.0.1:1", public={})
    lost = [hall.spec(number, venue="bybit@gone", endpoints=gone) for number in (1, 2)]
    report = await hall.check(*lost, hall.spec(3))
    assert [one.status for one in report.accounts] == ["failed", "failed", "ok"]
    assert nowhere in report.accounts[0].reason
    assert [venue.is_reachable for venue in report.venues] == [False, True]
    assert not report.is_deaf
    assert (await hall.check(*lost)).is_deaf


async def test_disabled_unusable_and_unsupported_accounts_are_listed_without_a_call(hall) -> None:
    unusable = hall.spec(3)
    report = await hall.check(
        hall.spec(1, is_enabled=False),
        hall.spec(2, exchange="okx", venue="okx"),
        unusable={unusable.account_id: (unusable, "S3 is not set")},
    )
    assert [one.status for one in report.accounts] == ["disabled", "refused", "refused"]
    assert [one.reason for one in report.accounts] == [None, "not supported", "S3 is not set"]
    assert report.venues == ()
    assert not report.is_deaf
