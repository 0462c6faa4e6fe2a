import pytest

from marginwatch.errors import AuthError, ConfigError, ConnectivityError, ProtocolError, RejectedError

POSITIONS = "/v5/position/list"
WALLET = "/v5/account/wallet-balance"
INFO = "/v5/account/info"
EXECUTIONS = "/v5/execution/list"
ORDERS = "/v5/order/realtime"

# The documents' example of wallet-balance, trimmed to what is read.
WALLET_RESULT = {
    "list": [
        {
            "accountType": "UNIFIED",
            "totalEquity": "3.31216591",
            "totalWalletBalance": "3.00326056",
            "totalMarginBalance": "3.00326056",
            "totalAvailableBalance": "3.00326056",
            "totalPerpUPL": "0",
            "totalInitialMargin": "0",
            "totalMaintenanceMargin": "0",
            "accountIMRate": "0",
            "accountMMRate": "0",
            "coin": [
                {"coin": "BTC", "equity": "0", "walletBalance": "0", "marginCollateral": True},
                {"coin": "USDT", "equity": "3.3", "walletBalance": "3.0", "marginCollateral": True},
            ],
        }
    ]
}


def info(status: int = 5, mode: str = "REGULAR_MARGIN") -> dict[str, object]:
    return {"marginMode": mode, "unifiedMarginStatus": status, "updatedTime": "1697078946000"}


def by_segment(stub, rows):  # type: ignore[no-untyped-def]
    """Answer the position list: rows by ``category`` or ``category/settleCoin``, one page each."""

    def answer(heard):  # type: ignore[no-untyped-def]
        params = heard.params
        assert params["category"] != "linear" or "settleCoin" in params
        name = params["category"] + (f"/{params['settleCoin']}" if "settleCoin" in params else "")
        return stub.ok({"list": rows.get(name, []), "nextPageCursor": "", "category": params["category"]})

    return answer


@pytest.fixture
def served(bench, position_row):  # type: ignore[no-untyped-def]
    """A bench whose account has one position in each segment."""
    stub = bench.stub
    stub.standing[INFO] = lambda _: stub.ok(info())
    stub.standing[WALLET] = lambda _: stub.ok(WALLET_RESULT)
    stub.standing[POSITIONS] = by_segment(
        stub,
        {
            "linear/USDT": [position_row("BTCUSDT"), position_row("ETHUSDT", side="Buy")],
            "linear/USDC": [position_row("BTCPERP")],
            "inverse": [position_row("BTCUSD")],
            "option": [position_row("BTC-26DEC25-100000-C", side="Buy")],
        },
    )
    return bench


async def test_a_sweep_asks_every_segment_and_reports_what_it_found(served) -> None:
    client = served.venue.client(served.spec())
    before_ms = served.stub.now_ms()
    snapshot = await client.fetch_account()
    assert [p.instrument.venue_symbol for p in snapshot.positions] == [
        "BTCUSDT",
        "ETHUSDT",
        "BTCPERP",
        "BTCUSD",
        "BTC-26DEC25-100000-C",
    ]
    assert [b.asset for b in snapshot.balances] == ["BTC", "USDT"]
    assert (snapshot.account.margin_mode, snapshot.account.account_type) == ("cross", "UTA2.0")
    assert snapshot.account.equity == "3.31216591"
    assert (snapshot.open_orders, snapshot.failures) == (None, ())
    asked = [h.query for h in served.stub.calls(POSITIONS)]
    assert all("limit=200" in query for query in asked)
    assert len(asked) == 4
    assert client.last_sweep is not None
    assert client.last_sweep.rows == {"linear/USDT": 2, "linear/USDC": 1, "inverse": 1, "option": 1}
    assert client.last_sweep.coins == 2
    assert before_ms * 1_000_000 <= snapshot.as_of_ns <= snapshot.ts_received_ns


async def test_a_snapshot_is_as_old_as_its_first_reply(served) -> None:
    stamps = iter([1_700_000_000_500, 1_700_000_000_600, 1_700_000_000_700, 1_700_000_000_800])

    def answer(heard):  # type: ignore[no-untyped-def]
        return served.stub.ok({"list": [], "nextPageCursor": ""}, time=next(stamps))

    served.stub.standing[POSITIONS] = answer
    served.stub.standing[WALLET] = lambda _: served.stub.ok(WALLET_RESULT, time=1_700_000_000_900)
    snapshot = await served.venue.client(served.spec()).fetch_account()
    assert snapshot.as_of_ns == 1_700_000_000_500_000_000
    assert snapshot.account.as_of_ns == 1_700_000_000_900_000_000


async def test_pages_with_encoded_cursors_are_passed_back_as_they_came(served, position_row) -> None:
    stub = served.stub
    first, second = "BTCUSDT%3A1697673600012%2C0", "ETHUSDT%3A1%2C0%20x%2Fy"
    linear = stub.pages(
        ([position_row("BTCUSDT")], first), ([position_row("ETHUSDT")], second), ([], "and-on%3Aand-on")
    )
    other = by_segment(stub, {})
    stub.standing[POSITIONS] = lambda h: (linear if h.params.get("settleCoin") == "USDT" else other)(h)
    snapshot = await served.venue.client(served.spec()).fetch_account()
    assert [p.instrument.venue_symbol for p in snapshot.positions] == ["BTCUSDT", "ETHUSDT"]
    cursors = [h.params.get("cursor") for h in stub.calls(POSITIONS) if h.params.get("settleCoin") == "USDT"]
    assert cursors == [None, first, second]


async def test_a_last_page_whose_cursor_repeats_ends_the_list(served, position_row) -> None:
    stub = served.stub
    linear = stub.pages(([position_row("BTCUSDT")], "x"), ([position_row("ETHUSDT")], "x"))
    other = by_segment(stub, {})
    stub.standing[POSITIONS] = lambda h: (linear if h.params.get("settleCoin") == "USDT" else other)(h)
    snapshot = await served.venue.client(served.spec()).fetch_account()
    assert len(snapshot.positions) == 2


async def test_a_row_that_moved_between_pages_is_there_once_and_new(served, position_row) -> None:
    stub = served.stub
    newer = position_row("BTCUSDT", size="700", updatedTime="1697673600099", seq=5723621700)
    for pages in (
        (([position_row("BTCUSDT")], "x"), ([newer], "")),
        (([newer], "x"), ([position_row("BTCUSDT")], "")),
    ):
        linear, other = stub.pages(*pages), by_segment(stub, {})
        stub.standing[POSITIONS] = lambda h, a=linear, b=other: (
            a if h.params.get("settleCoin") == "USDT" else b
        )(h)
        snapshot = await served.venue.client(served.spec()).fetch_account()
        assert [p.quantity for p in snapshot.positions] == ["-700"]


async def test_both_legs_of_a_hedge_are_kept(served, position_row) -> None:
    legs = [
        position_row("BTCUSDT", positionIdx=1, side="Buy", size="2"),
        position_row("BTCUSDT", positionIdx=2, side="Sell", size="3"),
    ]
    served.stub.standing[POSITIONS] = by_segment(served.stub, {"linear/USDT": legs})
    snapshot = await served.venue.client(served.spec()).fetch_account()
    assert [(p.position_side, p.quantity) for p in snapshot.positions] == [("long", "2"), ("short", "-3")]


async def test_half_a_sweep_is_no_snapshot(served) -> None:
    fine = served.stub.standing[POSITIONS]
    served.stub.standing[POSITIONS] = lambda h: (
        served.stub.text(500, "") if h.params["category"] == "inverse" else fine(h)
    )
    client = served.venue.client(served.spec())
    with pytest.raises(ConnectivityError):
        await client.fetch_account()
    assert client.last_sweep is None


async def test_a_bad_row_is_a_failure_beside_the_good_ones(served, position_row) -> None:
    rows = [position_row("BTCUSDT"), position_row("ETHUSDT", size="not a number")]
    served.stub.standing[POSITIONS] = by_segment(served.stub, {"linear/USDT": rows})
    snapshot = await served.venue.client(served.spec()).fetch_account()
    assert [p.instrument.venue_symbol for p in snapshot.positions] == ["BTCUSDT"]
    (found,) = snapshot.failures
    assert "ETHUSDT" in f"{found.subject} {found.message}"


async def test_a_reply_with_an_unreadable_row_is_kept_once_not_at_every_sweep(served, position_row) -> None:
    rows = [position_row("BTCUSDT"), position_row("ETHUSDT", size="not a number")]
    served.stub.standing[POSITIONS] = by_segment(served.stub, {"linear/USDT": rows})
    client = served.venue.client(served.spec())
    for _ in range(3):
        await client.fetch_account()
    (kept,) = served.quarantined
    assert (kept.source, kept.account_id) == (POSITIONS, "mm-main")
    assert "ETHUSDT" in kept.message
    assert b"not a number" in kept.payload
    rows.append(position_row("XRPUSDT", side="sideways"))
    await client.fetch_account()
    assert "XRPUSDT" in served.quarantined[1].message


async def test_a_reply_that_is_no_list_is_quarantined(served) -> None:
    served.stub.standing[POSITIONS] = lambda _: served.stub.ok({"list": "none"})
    with pytest.raises(ProtocolError) as caught:
        await served.venue.client(served.spec()).fetch_account()
    assert (caught.value.account_id, caught.value.endpoint) == ("mm-main", POSITIONS)
    assert served.quarantined[0].source == POSITIONS
    assert b"none" in served.quarantined[0].payload


async def test_options_closed_to_a_key_are_said_to_be_missing_and_not_asked_again(served) -> None:
    fine = served.stub.standing[POSITIONS]
    served.stub.standing[POSITIONS] = lambda h: (
        served.stub.code(10005, "Permission denied") if h.params["category"] == "option" else fine(h)
    )
    client = served.venue.client(served.spec())
    for _ in range(3):
        snapshot = await client.fetch_account()
        assert [(f.reason, f.subject) for f in snapshot.failures] == [("not_covered", "option")]
        assert "option positions cannot be read" in snapshot.not_covered[0]
    assert client.last_sweep is not None
    assert client.last_sweep.rows["option"] is None
    assert len([h for h in served.stub.calls(POSITIONS) if h.params["category"] == "option"]) == 1
    assert [n.kind for n in served.notices] == ["endpoint_closed"]


async def test_other_positions_closed_to_a_key_are_an_error(served) -> None:
    served.stub.standing[POSITIONS] = lambda _: served.stub.code(10005, "Permission denied")
    client = served.venue.client(served.spec())
    for _ in range(2):
        with pytest.raises(AuthError) as caught:
            await client.fetch_account()
        assert caught.value.reason == "permission"
    assert len(served.stub.calls(POSITIONS)) == 2  # asked again: the owner may have mended it


async def test_a_classic_account_is_refused_with_the_remedy(served) -> None:
    served.stub.standing[INFO] = lambda _: served.stub.ok(info(status=1))
    with pytest.raises(ConfigError, match="upgrade it to a unified trading account") as caught:
        await served.venue.client(served.spec()).fetch_account()
    assert caught.value.account_id == "mm-main"
    assert served.stub.calls(POSITIONS) == []


@pytest.mark.parametrize("status", [3, 4])
async def test_an_older_unified_account_says_what_it_does_not_cover(served, status: int) -> None:
    served.stub.standing[INFO] = lambda _: served.stub.ok(info(status=status))
    client = served.venue.client(served.spec())
    for _ in range(2):
        snapshot = await client.fetch_account()
    assert snapshot.failures == ()  # every row was read, so absence is judged as ever
    (gap,) = snapshot.not_covered
    assert "inverse contracts have a wallet" in gap
    assert [n.kind for n in served.notices] == ["partial_coverage"]


async def test_settings_are_asked_for_once_a_minute_not_at_every_poll(
    served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = served.venue.client(served.spec())
    await client.fetch_account()
    await client.fetch_account()
    assert len(served.stub.calls(INFO)) == 1
    now_s = served.clock.monotonic_s()
    monkeypatch.setattr(served.clock, "monotonic_s", lambda: now_s + 60)
    served.stub.standing[INFO] = lambda _: served.stub.ok(info(mode="PORTFOLIO_MARGIN"))
    snapshot = await client.fetch_account()
    assert snapshot.account.margin_mode == "portfolio"


async def test_open_orders_come_with_the_sweep_if_wanted(served) -> None:
    order = {
        "orderId": "fd4300ae",
        "symbol": "ETHUSDT",
        "side": "Sell",
        "qty": "0.3",
        "leavesQty": "0.3",
        "price": "2000",
        "orderStatus": "New",
        "reduceOnly": False,
        "updatedTime": "1684476068372",
    }
    done = {**order, "orderId": "done", "orderStatus": "Filled"}
    served.stub.standing[ORDERS] = by_segment(served.stub, {"linear/USDT": [order, done]})
    client = served.venue.client(served.spec())
    snapshot = await client.fetch_account(include_orders=True)
    assert snapshot.open_orders is not None
    assert [o.order_id for o in snapshot.open_orders] == ["fd4300ae"]
    assert client.last_sweep is not None
    assert client.last_sweep.orders == 1
    assert all(h.params["limit"] == "50" for h in served.stub.calls(ORDERS))
    assert {
        h.params.get("settleCoin") for h in served.stub.calls(ORDERS) if h.params["category"] == "linear"
    } == {
        "USDT",
        "USDC",
    }


async def test_a_key_without_orders_keeps_its_account_and_is_not_asked_again(served) -> None:
    served.stub.standing[ORDERS] = lambda _: served.stub.code(10005, "Permission denied")
    client = served.venue.client(served.spec())
    for _ in range(2):
        snapshot = await client.fetch_account(include_orders=True)
        assert snapshot.open_orders is None
        assert any("open orders cannot be read" in text for text in snapshot.not_covered)
    assert len(served.stub.calls(ORDERS)) == 1


async def test_the_underlyings_of_held_options_are_asked_for_too(served, position_row) -> None:
    served.stub.standing[POSITIONS] = by_segment(
        served.stub, {"option": [position_row("HYPE-26DEC25-40-C", side="Buy")]}
    )
    served.stub.standing[EXECUTIONS] = lambda _: served.stub.ok({"list": [], "nextPageCursor": ""})
    client = served.venue.client(served.spec())
    await client.fetch_account()
    await client.fetch_fills_since((served.stub.now_ms() - 1000) * 1_000_000)
    bases = {h.params.get("baseCoin") for h in served.stub.calls(EXECUTIONS)}
    assert {"BTC", "ETH", "SOL", "HYPE"} <= bases


KEY_RESULT = {
    "id": "2208369",
    "readOnly": 1,
    "permissions": {"ContractTrade": ["Order", "Position"], "Wallet": ["AccountTransfer"]},
    "ips": ["18.181.170.164"],
    "type": 1,
    "deadlineDay": -2,
    "expiredAt": "1970-01-01T00:00:00Z",
    "createdAt": "2025-10-13T03:20:45Z",
    "uta": 1,
    "userID": 1448939,
    "isMaster": True,
    "parentUid": "0",
}


async def test_the_key_report(bench) -> None:
    bench.stub.standing["/v5/user/query-api"] = lambda _: bench.stub.ok(KEY_RESULT)
    report = await bench.venue.client(bench.spec()).fetch_key_report()
    assert (report.uid, report.is_read_only, report.expires_at_ns) == ("1448939", True, None)


@pytest.mark.parametrize(
    ("denial", "error_type"),
    [
        (lambda stub: stub.code(10005, "Permission denied"), AuthError),
        (lambda stub: stub.code(10017, "Route not found."), RejectedError),
        (lambda stub: stub.text(404, "<html></html>"), RejectedError),
    ],
)
async def test_an_endpoint_closed_to_a_key_is_closed_alone_and_told_once(served, denial, error_type) -> None:
    served.stub.standing["/v5/user/query-sub-members"] = lambda _: denial(served.stub)
    client = served.venue.client(served.spec())
    for _ in range(3):
        with pytest.raises(error_type):
            await client.fetch_sub_members()
    assert len(served.stub.calls("/v5/user/query-sub-members")) == 1
    assert list(client.closed_endpoints) == ["/v5/user/query-sub-members"]
    assert [n.kind for n in served.notices] == ["endpoint_closed"]
    assert len((await client.fetch_account()).positions) == 5


async def test_orders_that_were_refused_once_are_asked_again_when_the_key_is_judged_again(served) -> None:
    served.stub.standing["/v5/user/query-api"] = lambda _: served.stub.ok(KEY_RESULT)
    served.stub.standing["/v5/order/realtime"] = lambda _: served.stub.code(3500153, "No permission.")
    client = served.venue.client(served.spec())
    refused = await client.fetch_account(include_orders=True)
    assert any("open orders cannot be read" in gap for gap in refused.not_covered)
    served.stub.standing["/v5/order/realtime"] = served.stub.pages(([], ""))
    assert (await client.fetch_account(include_orders=True)).not_covered, "not asked yet"
    await client.fetch_key_report()
    assert (await client.fetch_account()).not_covered, "known to be missing until they were read"
    again = await client.fetch_account(include_orders=True)
    assert again.open_orders is not None
    assert not again.not_covered


async def test_passing_trouble_closes_nothing(bench) -> None:
    bench.stub.queued["/v5/user/query-sub-members"] = [lambda _: bench.stub.text(500, "")] * 3
    members = {
        "subMembers": [
            {"uid": "106314365", "username": "xxxx02", "memberType": 1, "status": 1, "accountMode": 5}
        ]
    }
    bench.stub.standing["/v5/user/query-sub-members"] = lambda _: bench.stub.ok(members)
    client = bench.venue.client(bench.spec())
    with pytest.raises(ConnectivityError):
        await client.fetch_sub_members()
    assert [m.uid for m in await client.fetch_sub_members()] == ["106314365"]


async def test_more_than_a_thousand_sub_accounts_are_paged(bench) -> None:
    def member(number: int) -> dict[str, object]:
        return {"uid": str(number), "username": "", "memberType": 1, "status": 1, "accountMode": 5}

    def paged(heard):  # type: ignore[no-untyped-def]
        start = int(heard.params.get("nextCursor", "0"))
        rows = [member(n) for n in range(start, min(1250, start + 100))]
        return bench.stub.ok(
            {"subMembers": rows, "nextCursor": str(start + 100) if start + 100 < 1250 else "0"}
        )

    bench.stub.standing["/v5/user/query-sub-members"] = lambda _: bench.stub.ok(
        {"subMembers": [member(n) for n in range(1000)]}
    )
    bench.stub.standing["/v5/user/submembers"] = paged
    members = await bench.venue.client(bench.spec()).fetch_sub_members()
    assert len({m.uid for m in members}) == 1250


async def test_slow_facts_of_an_account(bench) -> None:
    stub = bench.stub
    stub.standing["/v5/asset/transfer/query-account-coins-balance"] = lambda _: stub.ok(
        {
            "memberId": "X",
            "accountType": "FUND",
            "balance": [{"coin": "USDC", "transferBalance": "1", "walletBalance": "2", "bonus": ""}],
        }
    )
    stub.standing["/v5/account/withdrawal"] = lambda h: stub.ok(
        {
            "availableWithdrawal": "",
            "availableWithdrawalMap": dict.fromkeys(h.params["coinName"].split("%2C"), "1"),
        }
    )
    stub.standing["/v5/account/fee-rate"] = lambda _: stub.ok(
        {"list": [{"symbol": "ETHUSDT", "takerFeeRate": "0.0006", "makerFeeRate": "0.0001"}]}
    )
    stub.standing["/v5/account/collateral-info"] = lambda _: stub.ok(
        {
            "list": [
                {"currency": "BTC", "borrowAmount": "0", "marginCollateral": True, "collateralSwitch": True}
            ]
        }
    )
    stub.standing["/v5/spot-margin-trade/position-tiers"] = lambda _: stub.ok(
        {
            "list": [
                {
                    "currency": "BTC",
                    "positionTiersRatioList": [
                        {
                            "tier": "1",
                            "borrowLimit": "390",
                            "positionMMR": "0.04",
                            "positionIMR": "0.2",
                            "maxLeverage": "5",
                        }
                    ],
                }
            ]
        }
    )
    client = bench.venue.client(bench.spec())
    assert [b.wallet_balance for b in await client.fetch_funding_balances()] == ["2"]
    coins = [f"C{n}" for n in range(25)]
    assert [w.asset for w in await client.fetch_withdrawable(coins)] == coins
    assert len(stub.calls("/v5/account/withdrawal")) == 2
    assert [f.taker_fee_rate for f in await client.fetch_fee_rates("linear")] == ["0.0006"]
    assert [c.asset for c in await client.fetch_collateral_info()] == ["BTC"]
    assert [t.maintenance_margin_rate for t in await client.fetch_borrow_tiers()] == ["0.04"]


async def test_the_totals_of_options_by_settlement_and_by_underlying(bench) -> None:
    stub = bench.stub
    # Rows as in the documents' examples of option-asset-info and coin-greeks, numbers changed.
    asset = {
        "coin": "USDC",
        "totalDelta": "0.5",
        "totalUPL": "-3",
        "assetIM": "9",
        "assetMM": "4",
        "sendTime": "1000",
    }
    stub.standing["/v5/account/option-asset-info"] = lambda _: stub.ok({"result": [asset]})
    greeks = {
        "baseCoin": "BTC",
        "totalDelta": "0.00004001",
        "totalGamma": "",
        "totalVega": "1",
        "totalTheta": "-2",
    }
    stub.standing["/v5/asset/coin-greeks"] = lambda _: stub.ok({"list": [greeks]})
    client = bench.venue.client(bench.spec())
    (total,) = await client.fetch_option_assets()
    assert (total.asset, total.unrealized_pnl, total.maintenance_margin) == ("USDC", "-3", "4")
    ((base, of_base),) = await client.fetch_coin_greeks()
    assert (base, of_base.delta, of_base.gamma, of_base.theta) == ("BTC", "0.00004001", None, "-2")


async def test_one_wrong_key_disturbs_no_other(served) -> None:
    from marginwatch.model.secret import Secret

    wrong = served.venue.client(served.spec(account_id="broken", api_key=Secret("unknown")))
    right = served.venue.client(served.spec())
    with pytest.raises(AuthError) as caught:
        await wrong.fetch_account()
    assert (caught.value.code, caught.value.account_id) == (10003, "broken")
    assert len((await right.fetch_account()).positions) == 5


async def test_a_margin_mode_that_is_not_known_is_told_once_in_the_venues_word(served) -> None:
    client, stub = served.venue.client(served.spec()), served.stub
    stub.standing[INFO] = lambda _: stub.ok(info(mode="SUPER_MARGIN"))
    for _ in range(3):
        settings = await client.fetch_account_info()
        assert settings.margin_mode == "unknown"
    (notice,) = served.notices
    assert (notice.kind, notice.account_id) == ("unknown_margin_mode", served.spec().account_id)
    assert "'SUPER_MARGIN'" in notice.message
    stub.standing[INFO] = lambda _: stub.ok(info())
    assert (await client.fetch_account_info()).margin_mode == "cross"
    assert len(served.notices) == 1
