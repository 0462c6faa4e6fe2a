"""REST as a client sees it: signatures, windows, keys, limits, pages, and the rules of each endpoint."""

import base64
import re
import time
from decimal import Decimal

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from marginwatch.sim.bybit.limits import RateLimits
from marginwatch.sim.bybit.render_wallet import wallet
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.faults import Faults, parse_faults

LIST = "/v5/position/list"
USDT = "category=linear&settleCoin=USDT"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def test_the_signature_covers_the_query_as_sent(rest, trader) -> None:
    for query in (USDT, "settleCoin=USDT&category=linear", "category=linear&symbol=BTC%55SDT"):
        assert (await rest.get(LIST, query, trader.key))["retCode"] == 0
    decoded = rest.headers(trader.key, "category=linear&symbol=BTCUSDT")
    _, _, text = await rest.raw(LIST, "category=linear&symbol=BTC%55SDT", decoded)
    assert '"retCode":10004' in text


async def test_a_refused_caller_learns_why(rest, server, exchange, trader) -> None:
    key = trader.key
    answer = await rest.get(LIST, USDT)
    assert (answer["retCode"], answer["retMsg"]) == (10001, "empty value: apiTimestamp[] apiKey[] apiSign[]")
    assert (await rest.get(LIST, USDT, key, secret="wrong"))["retCode"] == 10004
    exchange.set_key(key.api_key, ips=("192.0.2.1",))
    assert (await rest.get(LIST, USDT, key))["retCode"] == 10010
    exchange.set_key(key.api_key, ips=("*",), expires_ms=now_ms() - 1)
    assert (await rest.get(LIST, USDT, key))["retCode"] == 33004
    exchange.set_key(key.api_key, expires_ms=None)
    server.key_rules.deny(key.api_key, LIST)
    assert (await rest.get(LIST, USDT, key))["retCode"] == 10005
    server.key_rules.revoked.add(key.api_key)
    answer = await rest.get(LIST, USDT, key)
    assert (answer["retCode"], answer["result"], answer["retExtInfo"]) == (10003, {}, {})


@pytest.mark.parametrize(
    ("ahead_ms", "window", "code"),
    [
        (-4000, "5000", 0),
        (-6000, "5000", 10002),
        (-6000, "9000", 0),
        (500, "5000", 0),
        (1500, "60000", 10002),
    ],
)
async def test_the_window_tolerates_slow_clocks_more_than_fast_ones(
    rest, trader, ahead_ms, window, code
) -> None:
    answer = await rest.get(LIST, USDT, trader.key, stamp=str(now_ms() + ahead_ms), window=window)
    assert answer["retCode"] == code
    if code:
        pattern = r"req_timestamp\[(\d+)\],server_timestamp\[(\d+)\],recv_window\[(\d+)\]$"
        sent, server_ms, said = re.search(pattern, answer["retMsg"]).groups()
        assert said == window
        assert abs(int(sent) - int(server_ms) - ahead_ms) < 500


async def test_rsa_signatures_are_checked(rest, server, trader) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    server.key_rules.rsa_public_keys[trader.key.api_key] = pem.decode()
    stamp = str(now_ms())
    text = f"{stamp}{trader.key.api_key}5000{USDT}"
    sign = base64.b64encode(private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    assert (await rest.get(LIST, USDT, trader.key, stamp=stamp, sign=sign))["retCode"] == 0
    assert (await rest.get(LIST, USDT, trader.key, stamp=stamp, sign=sign[:-8] + "AAAAAA=="))[
        "retCode"
    ] == 10004
    assert (await rest.get(LIST, USDT, trader.key, stamp=stamp))["retCode"] == 10004


async def test_an_account_beyond_an_endpoint_limit_waits_for_the_stamp(rest, trader) -> None:
    path, replies = "/v5/account/fee-rate", []
    for _ in range(6):
        query = "category=linear&symbol=BTCUSDT"
        _, headers, text = await rest.raw(path, query, rest.headers(trader.key, query))
        replies.append((headers["X-Bapi-Limit"], headers["X-Bapi-Limit-Status"], '"retCode":10006' in text))
    assert replies == [("5", str(left), False) for left in (4, 3, 2, 1, 0)] + [("5", "0", True)]
    ahead_ms = int(headers["X-Bapi-Limit-Reset-Timestamp"]) - now_ms()
    assert 0 < ahead_ms <= 1000


async def test_an_address_beyond_its_limit_gets_403_and_no_json(exchange, rest) -> None:
    async with BybitSimServer(exchange, limits=RateLimits(ip_calls=3, ip_ban_s=600.0)) as strict:
        rest.base = strict.urls.rest
        statuses = [(await rest.raw("/v5/market/time"))[0] for _ in range(5)]
        assert statuses == [200, 200, 200, 403, 403]
        assert (await rest.raw("/v5/market/time"))[2].startswith("<html>")
        strict.limits.lift_bans()
        # The window itself is full for five seconds more, so the next call bans again.
        assert (await rest.raw("/v5/market/time"))[0] == 403


async def test_unknown_paths_and_methods(rest, server, trader) -> None:
    status, _, text = await rest.raw("/v5/nothing/here")
    assert (status, '"retCode":10017' in text) == (404, True)
    status, _, _ = await rest.raw("/elsewhere")
    assert status == 404
    body_signed = rest.headers(trader.key, "")
    status, _, text = await rest.raw("/v5/order/create", "", body_signed, method="POST")
    assert (status, '"retCode":10005' in text) == (200, True)
    assert server.front.counts["writes"] == 1


async def test_linear_positions_want_a_symbol_or_a_settle_coin(rest, trader) -> None:
    assert (await rest.get(LIST, "category=linear", trader.key))["retCode"] == 10001
    assert (await rest.get(LIST, "category=inverse", trader.key))["retCode"] == 0
    assert (await rest.get(LIST, "category=spot", trader.key))["retCode"] == 10001
    assert (await rest.get(LIST, "category=linear&symbol=NOPE", trader.key))["retCode"] == 10001


async def test_positions_are_the_truth_and_pages_join(rest, exchange, trader) -> None:
    truth = {row.symbol: row for row in exchange.positions(trader.uid, "linear", settle_coin="USDT")}
    assert len(truth) > 1
    seen, cursor = [], ""
    while True:
        query = f"{USDT}&limit=1" + (f"&cursor={cursor}" if cursor else "")
        result = (await rest.get(LIST, query, trader.key))["result"]
        seen += result["list"]
        cursor = result["nextPageCursor"]
        if not result["list"]:
            break
        assert "%2C" in cursor, "Bybit hands out a cursor with the last page too"
    assert [row["symbol"] for row in seen] == list(truth)
    for row in seen:
        true = truth[row["symbol"]]
        assert (Decimal(row["size"]), row["side"]) == (true.size, true.side)
        assert Decimal(row["avgPrice"]) == true.entry_price.quantize(Decimal("1e-8"))
        assert Decimal(row["positionMM"]) == true.maintenance_margin.quantize(Decimal("1e-8"))


async def test_a_flat_symbol_answers_a_blank_row(rest, exchange, trader) -> None:
    held = {row.symbol for row in exchange.positions(trader.uid, "linear")}
    flat = next(row.symbol for row in exchange.instruments("linear") if row.symbol not in held)
    rows = (await rest.get(LIST, f"category=linear&symbol={flat}", trader.key))["result"]["list"]
    assert rows
    for row in rows:
        assert (row["side"], row["size"], row["avgPrice"]) == ("", "0", "0")
        assert (row["positionValue"], row["unrealisedPnl"], row["liqPrice"]) == ("", "", "")


async def test_the_wallet_shows_what_is_not_empty_unless_asked(rest, exchange, trader) -> None:
    path = "/v5/account/wallet-balance"
    assert (await rest.get(path, "accountType=CONTRACT", trader.key))["retCode"] == 10001
    shown = (await rest.get(path, "accountType=UNIFIED", trader.key))["result"]["list"][0]
    wallet = exchange.wallet(trader.uid)
    assert {coin["coin"] for coin in shown["coin"]} == {
        c.coin for c in wallet.coins if c.equity or c.wallet_balance
    }
    assert len(shown["accountMMRate"].partition(".")[2]) <= 4
    assert 0 <= wallet.totals.account_mm_rate - Decimal(shown["accountMMRate"]) < Decimal("0.0001")
    asked = (await rest.get(path, "accountType=UNIFIED&coin=USDT", trader.key))["result"]["list"][0]
    assert [coin["coin"] for coin in asked["coin"]] == ["USDT"]


async def test_only_a_master_key_lists_members(rest, exchange, trader) -> None:
    path = "/v5/user/query-sub-members"
    master = next(account for account in exchange.accounts() if account.key.is_master)
    assert (await rest.get(path, "", trader.key))["retCode"] == 10005
    listed = (await rest.get(path, "", master.key))["result"]["subMembers"]
    assert [row["uid"] for row in listed] == [a.uid for a in exchange.accounts() if a.uid != master.uid]
    pages, cursor = [], ""
    while cursor != "0":
        result = (await rest.get("/v5/user/submembers", f"pageSize=2&nextCursor={cursor}", master.key))[
            "result"
        ]
        pages.append(len(result["subMembers"]))
        cursor = result["nextCursor"]
    assert pages == [2, 1]
    exchange.set_key(master.key.api_key, permissions={"Wallet": ()})
    assert (await rest.get(path, "", master.key))["retCode"] == 10005


async def test_risk_limits_come_fifteen_symbols_a_page(rest) -> None:
    first = (await rest.get("/v5/market/risk-limit", "category=linear"))["result"]
    second = (await rest.get("/v5/market/risk-limit", f"category=linear&cursor={first['nextPageCursor']}"))[
        "result"
    ]
    assert len({row["symbol"] for row in first["list"]}) == 15
    assert not {row["symbol"] for row in first["list"]} & {row["symbol"] for row in second["list"]}


async def test_times_asked_for_span_seven_days_at_most(rest, trader) -> None:
    for path in ("/v5/execution/list", "/v5/position/closed-pnl", "/v5/account/transaction-log"):
        query = f"category=linear&startTime={now_ms() - 8 * 86_400_000}&endTime={now_ms()}"
        assert (await rest.get(path, query, trader.key))["retCode"] == 10001
        assert (await rest.get(path, "category=linear", trader.key))["retCode"] == 0


async def test_executions_reach_back_to_the_opening(rest, exchange, trader) -> None:
    shown = (await rest.get("/v5/execution/list", "category=linear&limit=100", trader.key))["result"]["list"]
    true = exchange.executions(trader.uid, "linear")
    assert [row["execId"] for row in shown] == [row.exec_id for row in true[:100]]


async def test_the_demo_host_serves_no_asset_endpoint(exchange, http, rest, trader) -> None:
    path, query = "/v5/asset/transfer/query-account-coins-balance", "accountType=FUND"
    assert (await rest.get(path, query, trader.key))["retCode"] == 0
    async with BybitSimServer(exchange, is_demo=True) as demo:
        rest.base = demo.urls.rest
        status, _, _ = await rest.raw(path, query, rest.headers(trader.key, query))
        assert status == 404


async def test_faults_of_rest(exchange, http, rest, trader) -> None:
    seen: set[int] = set()
    async with BybitSimServer(
        exchange, Faults(parse_faults("rest_error=0.3,rest_busy=0.3,rest_limited=0.3"))
    ) as bad:
        rest.base = bad.urls.rest
        for _ in range(60):
            status, _, text = await rest.raw(LIST, USDT, rest.headers(trader.key, USDT))
            seen.add(10006 if '"retCode":10006' in text else status)
        assert seen >= {10006, 429}
        assert seen & {500, 502, 503}
        bad.faults.stop()
        assert (await rest.get(LIST, USDT, trader.key))["retCode"] == 0


async def test_a_skewed_exchange_clock_shows_in_time_and_window(exchange, rest, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("clock_skew=30s"))) as ahead:
        rest.base = ahead.urls.rest
        said = (await rest.get("/v5/market/time"))["time"]
        assert 29_000 < said - now_ms() < 31_000
        assert (await rest.get(LIST, USDT, trader.key))["retCode"] == 10002
        assert (await rest.get(LIST, USDT, trader.key, stamp=str(said)))["retCode"] == 0


async def test_a_key_reports_what_it_is(rest, exchange, trader) -> None:
    bound = (await rest.get("/v5/user/query-api", "", trader.key))["result"]
    assert (bound["readOnly"], bound["ips"], bound["userID"]) == (1, ["127.0.0.1"], int(trader.uid))
    assert (bound["deadlineDay"], bound["expiredAt"]) == (-2, "1970-01-01T00:00:00Z")
    in_ten_days = now_ms() + 10 * 86_400_000 + 3_600_000
    exchange.set_key(trader.key.api_key, is_read_only=False, ips=(), expires_ms=in_ten_days)
    loose = (await rest.get("/v5/user/query-api", "", trader.key))["result"]
    assert (loose["readOnly"], loose["ips"], loose["deadlineDay"]) == (0, ["*"], 10)
    assert loose["secret"] == ""
    assert trader.key.api_secret not in str(loose)


async def test_announced_maintenance_is_listed(rest, server) -> None:
    assert (await rest.get("/v5/system/status"))["result"]["list"] == []
    soon = now_ms() + 60_000
    server.front.announcements.append(
        {"id": "1", "title": "upgrade", "state": "scheduled", "begin": str(soon), "end": str(soon + 60_000)}
    )
    assert (await rest.get("/v5/system/status"))["result"]["list"][0]["state"] == "scheduled"


@pytest.mark.parametrize(("mode", "is_blank"), [("REGULAR_MARGIN", False), ("ISOLATED_MARGIN", True)])
def test_totals_are_blank_where_the_mode_has_none(exchange, trader, mode, is_blank) -> None:
    totals = exchange.wallet(trader.uid).totals
    if mode == "ISOLATED_MARGIN":
        gone = ("total_margin_balance", "total_available_balance", "total_initial_margin")
        gone += ("total_maintenance_margin", "account_im_rate", "account_mm_rate")
        totals = msgspec.structs.replace(totals, **dict.fromkeys(gone))
    wire = wallet(totals, [])
    blanks = {name for name, value in wire.items() if value == ""}
    assert bool(blanks) is is_blank
    assert {"totalEquity", "totalWalletBalance", "totalPerpUPL"}.isdisjoint(blanks)
    if is_blank:
        assert {"accountIMRate", "accountMMRate", "totalMarginBalance", "totalAvailableBalance"} <= blanks


async def test_paths_that_do_not_exist_are_counted_together(server, rest) -> None:
    for number in range(5):
        await rest.raw(f"/v5/nothing/{number}")
    assert server.front.counts["unknown paths"] == 5
    assert not [name for name in server.front.counts if name.startswith("/v5/nothing")]


async def test_a_get_with_a_body_is_forbidden_without_json(rest) -> None:
    async with rest.http.get(rest.base + "/v5/market/time", data=b"{}") as reply:
        assert (reply.status, (await reply.text())[:6]) == (403, "<html>")
    assert (await rest.raw("/v5/market/time"))[0] == 200


async def test_a_body_that_is_no_text_is_answered(rest) -> None:
    async with rest.http.post(rest.base + "/v5/order/create", data=b"\xff\xfe") as reply:
        assert (await reply.json())["retCode"] == 10001
