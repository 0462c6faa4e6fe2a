"""What a check concludes: empty accounts that explain themselves, duplicates, forgotten sub-accounts."""

import pytest

from marginwatch.collect.check_findings import (
    explain_rows,
    name_unmonitored,
    reason_of,
    refuse_duplicates,
    status_of,
    with_warnings,
)
from marginwatch.errors import AuthError, ConfigError, ConnectivityError, RateLimitedError
from marginwatch.model.account import KeyReport
from marginwatch.model.balance import Balance
from marginwatch.model.check_report import AccountCheck
from marginwatch.model.venue_facts import SubMember

NOTHING = {"linear/USDT": 0, "linear/USDC": 0, "inverse": 0, "option": 0}
TIED = (Balance(asset="USDT", wallet_balance="100", initial_margin="12.5"),)
IDLE = (Balance(asset="USDT", wallet_balance="100", initial_margin="0", unrealized_pnl="0"),)


def found(**fields):
    return AccountCheck(**({"account_id": "a", "venue": "bybit", "uid": "7", "rows": NOTHING} | fields))


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (found(), "12.5 USDT of position margin"),
        (found(rows={**NOTHING, "option": None}), "option cannot be read with this key"),
        (found(account_type="UTA1.0"), "inverse contracts of a UTA 1.0 account"),
    ],
)
def test_no_rows_but_margin_is_a_warning_that_says_where_to_look(check, said) -> None:
    warnings, notes = explain_rows(check, TIED)
    assert said in warnings[0]
    assert notes == ()


def test_profit_without_rows_is_told_too() -> None:
    warnings, _ = explain_rows(found(), (Balance(asset="BTC", unrealized_pnl="-0.1"),))
    assert "-0.1 BTC of unrealized PnL" in warnings[0]


def test_an_idle_account_gets_a_note_and_no_warning() -> None:
    warnings, notes = explain_rows(found(), IDLE)
    assert warnings == ()
    assert "account number 7" in notes[0]


def test_a_main_account_without_positions_is_told_of_its_sub_accounts() -> None:
    _, notes = explain_rows(found(key=KeyReport(uid="7", is_read_only=True, is_master=True)), IDLE)
    assert "each of which needs a key of its own" in notes[0]


def test_an_account_with_positions_or_without_a_sweep_needs_no_words() -> None:
    assert explain_rows(found(rows={**NOTHING, "inverse": 1}), TIED) == ((), ())
    assert explain_rows(found(rows=None), TIED) == ((), ())


def test_of_two_accounts_with_one_number_the_later_is_refused() -> None:
    first, other_venue = found(), found(account_id="c", venue="bybit-testnet")
    judged = refuse_duplicates([first, found(account_id="b"), other_venue])
    assert [one.status for one in judged] == ["ok", "refused", "ok"]
    assert judged[1].reason_code == "duplicate_uid"
    assert "'a' watches already" in judged[1].reason


def test_a_refused_account_holds_no_number() -> None:
    judged = refuse_duplicates([found(status="refused", reason="x"), found(account_id="b")])
    assert [one.status for one in judged] == ["refused", "ok"]
    assert judged[0].reason == "x"


def test_sub_accounts_that_nobody_watches_are_named(make_spec) -> None:
    members = tuple(
        SubMember(uid=uid, name=name, is_normal=True) for uid, name in (("8", "b"), ("9", "c"), ("10", ""))
    )
    specs = [make_spec("a"), make_spec("c", uid="9")]
    named = name_unmonitored([found(), found(account_id="b", uid="8")], {"a": members}, specs)
    assert named[0].unmonitored == ("10",)
    assert named[0].status == "warning"
    assert named[1] == found(account_id="b", uid="8")


def test_warnings_do_not_make_a_refused_account_fine() -> None:
    assert with_warnings(found(status="refused"), ["x", "x"]).status == "refused"
    assert with_warnings(found(), ["x", "x"]).warnings == ("x",)
    assert with_warnings(found(), []).status == "ok"


def test_who_must_act_decides_between_refused_and_failed() -> None:
    assert status_of(AuthError("x")) == status_of(ConfigError("x")) == "refused"
    assert status_of(AuthError("x", reason="clock_skew", retryable=True)) == "failed"
    assert status_of(ConnectivityError("x")) == status_of(RateLimitedError("x")) == "failed"


def test_an_unknown_key_says_on_which_host_it_was_tried(make_spec) -> None:
    text = reason_of(AuthError("no such key", reason="key_invalid", endpoint="/v5/x"), make_spec("a"))
    assert "http://127.0.0.1:1" in text
    assert "/v5/x" in text


def test_a_closed_call_says_what_to_grant(make_spec) -> None:
    error = AuthError("denied", reason="permission", endpoint="/v5/x")
    assert "Grant: Contract (read-only)" in reason_of(error, make_spec("a"), "Contract")
    assert "Grant" not in reason_of(error, make_spec("a"))
