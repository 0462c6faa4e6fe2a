import pytest

from marginwatch.model.account import AccountSpec, Endpoints, KeyReport
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.venues.bybit.key_check import judge_key, unmonitored_sub_accounts

DAY = 86_400_000_000_000
NOW = 1_790_000_000_000_000_000


def spec(**changes: object) -> AccountSpec:
    fields = {
        "account_id": AccountId("mm-main"),
        "exchange": "bybit",
        "venue": VenueId("bybit"),
        "endpoints": Endpoints(rest="", private="", public={}),
        "api_key": Secret("k"),
        "api_secret": Secret("s"),
    }
    return AccountSpec(**{**fields, **changes})


def report(**changes: object) -> KeyReport:
    fields = {
        "uid": "1448939",
        "is_read_only": True,
        "permissions": ("ContractTrade.Order", "Wallet.Withdraw"),
        "bound_ips": ("18.181.170.164",),
    }
    return KeyReport(**{**fields, **changes})


def test_a_read_only_key_is_safe_whatever_its_permissions_list() -> None:
    verdict = judge_key(report(), spec(), NOW)
    assert (verdict.refusal, verdict.warnings) == (None, ())


def test_a_key_that_can_write_is_refused_even_if_it_lists_nothing() -> None:
    verdict = judge_key(report(is_read_only=False, permissions=()), spec(), NOW)
    assert verdict.refusal is not None
    assert "read-only key" in verdict.refusal
    assert "allow_unsafe_key" in verdict.refusal


def test_an_allowed_unsafe_key_is_taken_and_warned_about() -> None:
    verdict = judge_key(report(is_read_only=False), spec(allow_unsafe_key=True), NOW)
    assert verdict.refusal is None
    assert "unsafe key" in verdict.warnings[0]
    assert "Wallet.Withdraw" in verdict.warnings[0]


def test_a_key_of_another_account_is_refused_though_unsafe_keys_are_allowed() -> None:
    verdict = judge_key(report(), spec(uid="7", allow_unsafe_key=True), NOW)
    assert verdict.refusal is not None
    assert "1448939" in verdict.refusal
    assert "uid = 7" in verdict.refusal
    assert judge_key(report(), spec(uid="1448939"), NOW).refusal is None


@pytest.mark.parametrize(("days", "warns"), [(0.5, True), (13.9, True), (14.1, False), (90.0, False)])
def test_expiry_is_warned_about_a_fortnight_ahead(days: float, warns: bool) -> None:
    verdict = judge_key(report(expires_at_ns=NOW + int(days * DAY)), spec(), NOW)
    assert verdict.refusal is None
    assert any("expires in" in warning for warning in verdict.warnings) is warns


def test_an_expired_key_is_refused_with_the_remedy() -> None:
    verdict = judge_key(report(expires_at_ns=NOW - 1), spec(), NOW)
    assert verdict.refusal is not None
    assert "extend" in verdict.refusal


def test_an_unbound_key_and_a_demo_account_are_warned_about() -> None:
    warnings = judge_key(report(bound_ips=()), spec(venue=VenueId("bybit-demo")), NOW).warnings
    assert any("IP" in warning for warning in warnings)
    assert any("demo" in warning for warning in warnings)


def test_sub_accounts_that_nobody_monitors_are_named() -> None:
    members = [("1", "arb"), ("2", ""), ("3", "mm")]
    assert unmonitored_sub_accounts(members, ["1"]) == ("2", "3 (mm)")
    assert unmonitored_sub_accounts(members, ["1", "2", "3"]) == ()
