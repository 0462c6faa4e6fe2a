"""One account over HTTP: its own rows, how it is heard, its key without a secret, what is stored about it."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from marginwatch.collect.statuses import AccountStatus
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.ids import AccountId
from marginwatch.model.risk_history import ModelErrorSample
from marginwatch.risk.frame import Frame
from marginwatch.web.account_ports import KeyChecks
from marginwatch.web.account_replies import account_detail, code_of

SECOND = 1_000_000_000


class Accounts:
    """Sessions of a test: one that streams with an unsafe key that ends in a day."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def status_of(self, account_id: AccountId) -> AccountStatus | None:
        if account_id != "mm-main":
            return None
        now_ns = self.frame.at_ns
        return AccountStatus(
            account_id=account_id,
            connectivity=Connectivity(
                account_id=account_id,
                link_state=LinkState.STREAMING,
                socket_replied_at_ns=now_ns - 2 * SECOND,
                reconciled_at_ns=now_ns - 5 * SECOND,
                data_at_ns=now_ns - 3 * SECOND,
            ),
            uid="4711",
            poll_s=5.0,
            reconcile_s=60.0,
            is_waiting_for_socket=False,
            warnings=("its key ends in a day",),
            n_connects=2,
            n_messages=70,
            n_malformed=1,
            n_resyncs=3,
            key_expires_at_ns=now_ns + 86_400 * SECOND,
            is_key_unsafe=True,
        )

    def keys(self) -> KeyChecks:
        return KeyChecks(unsafe=(AccountId("mm-main"),), unchecked=(AccountId("arb-1"), AccountId("cold")))

    def coin_heard_ns(self) -> np.ndarray:
        return np.full(10, self.frame.at_ns - 4 * SECOND)

    async def model_errors(self, account_id: AccountId, figure: str, limit: int):
        assert limit
        return [ModelErrorSample(account_id, figure, 1, 0.01, 0.5)]


async def read(service: SimpleNamespace, path: str) -> dict:
    reply = await service.get(path)
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


async def test_one_account_has_the_rows_of_the_tables(service: SimpleNamespace) -> None:
    body = await read(service, "/api/v1/accounts/mm-main")
    [row] = (await read(service, "/api/v1/accounts?account=mm-main"))["rows"]
    assert body["row"] == row
    assert body["positions"] == (await read(service, "/api/v1/positions?account=mm-main"))["rows"]
    [coin] = body["coins"]
    assert (coin["asset"], coin["wallet_balance"], coin["venue_usd_value"]) == ("USDT", "100000", "100000")
    # 2 BTC from 50,000 at 51,000 and −5 ETH from 2,000 at 2,100, settled in USDT; 90 % of it counts.
    assert coin["equity_usd"] == pytest.approx(101_500)
    assert coin["collateral_usd"] == pytest.approx(0.9 * 101_500)
    assert [one["ours"] for one in body["breaks"]] == ["2", "1"]
    assert (await read(service, "/api/v1/accounts/MM-MAIN"))["row"] == row


async def test_an_account_that_was_never_heard_says_so(service: SimpleNamespace) -> None:
    body = await read(service, "/api/v1/accounts/cold")
    assert (body["coins"], body["positions"], body["ladder"], body["breaks"]) == ([], [], [], [])
    assert body["row"]["reasons"]["equity_usd"].startswith("missing: ")
    assert body["connection"]["state"] == "starting"
    assert body["connection"]["data_age_s"] is None
    assert body["key"] == {
        "is_checked": False,
        "uid": None,
        "is_unsafe": False,
        "is_unsafe_allowed": False,
        "expires_at_ns": None,
        "expires_in_s": None,
        "warnings": [],
    }
    assert [one["account_id"] for one in body["not_included"]] == ["cold"]
    refused = await read(service, "/api/v1/accounts/%3Drefused")
    assert refused["connection"]["reason"] == "the key may trade; make a read-only one"


async def test_a_name_that_is_none_answers_404_with_the_similar_one(service: SimpleNamespace) -> None:
    reply = await service.get("/api/v1/accounts/mm-mian")
    assert reply.status == 404
    assert reply.body == b"404: there is no account 'mm-mian'; did you mean 'mm-main'?\n"


async def test_it_needs_a_picture_that_moves(service: SimpleNamespace) -> None:
    service.picture.is_running = False
    assert (await service.get("/api/v1/accounts/mm-main")).status == 503
    service.picture.is_running, service.picture.frame = True, None
    assert (await service.get("/api/v1/accounts/mm-main")).status == 503


async def test_a_database_that_is_away_hides_no_account(service: SimpleNamespace, tmp_path: Path) -> None:
    before = await read(service, "/api/v1/accounts/mm-main")
    assert before["history_problem"] is None
    await service.store.close()
    (tmp_path / "x.sqlite").rename(tmp_path / "away.sqlite")
    (tmp_path / "x.sqlite").mkdir()
    body = await read(service, "/api/v1/accounts/mm-main")
    assert (body["row"], body["positions"]) == (before["row"], before["positions"])
    assert (body["breaks"], body["model_errors"]) == ([], [])
    assert body["history_problem"]


def test_connection_and_key_are_those_of_the_session(measure_desk: Callable[[], Frame]) -> None:
    frame = measure_desk()
    errors = [ModelErrorSample(AccountId("mm-main"), "adjusted_equity", 7, -0.002, 1.5)]
    found = account_detail(frame, code_of(frame, "mm-main"), Accounts(frame), (), errors)
    link = found.connection
    assert (link.state, link.data_age_s, link.socket_reply_age_s, link.reconciled_age_s) == (
        *("streaming", 3.0),
        *(2.0, 5.0),
    )
    assert (link.n_connects, link.n_messages, link.n_malformed, link.n_resyncs) == (2, 70, 1, 3)
    assert (link.fresh_for_s, link.socket_alive_for_s, link.is_fresh) == (180.0, 30.0, True)
    assert (found.key.uid, found.key.is_unsafe, found.key.expires_in_s) == ("4711", True, 86_400.0)
    assert found.key.warnings == ("its key ends in a day",)
    assert found.coins[0].price_age_s == 4.0
    [error] = found.model_errors
    assert (error.figure, error.at_ns, error.error, error.gap_s) == ("adjusted_equity", 7, -0.002, 1.5)
