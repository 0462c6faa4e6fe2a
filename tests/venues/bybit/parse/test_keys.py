import pytest

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.keys import parse_key_report, parse_sub_members

KEY = {
    "id": "2208369",
    "readOnly": 1,
    "apiKey": "KKKK",
    "secret": "",
    "permissions": {"ContractTrade": ["Order", "Position"], "Wallet": ["AccountTransfer"], "Spot": []},
    "ips": ["18.181.170.164"],
    "deadlineDay": -2,
    "expiredAt": "1970-01-01T00:00:00Z",
    "userID": 1448939,
    "isMaster": True,
}


def test_a_key_bound_to_addresses_does_not_expire(raw) -> None:
    report = parse_key_report(raw(KEY))
    assert (report.uid, report.is_read_only, report.is_master) == ("1448939", True, True)
    assert (report.bound_ips, report.expires_at_ns) == (("18.181.170.164",), None)
    assert report.permissions == ("ContractTrade.Order", "ContractTrade.Position", "Wallet.AccountTransfer")
    assert "KKKK" not in repr(report)


def test_an_unbound_key_expires(raw) -> None:
    report = parse_key_report(raw(KEY | {"ips": ["*"], "expiredAt": "2023-12-01T02:36:06Z"}))
    assert report.bound_ips == ()
    assert report.expires_at_ns == 1701398166 * 10**9


@pytest.mark.parametrize(
    ("sent", "is_read_only"), [(0, False), (1, True), (False, False), (True, True), ("0", False)]
)
def test_read_only_as_the_venue_says_it(raw, sent, is_read_only) -> None:
    assert parse_key_report(raw(KEY | {"readOnly": sent})).is_read_only == is_read_only


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"readOnly": None}, "readOnly"),
        ({"readOnly": 2}, "readOnly"),
        ({"readOnly": "yes"}, "readOnly"),
        ({"userID": None}, "userID"),
        ({"userID": "me"}, "userID"),
        ({"expiredAt": "never"}, "expiredAt"),
        ({"permissions": []}, "permissions"),
    ],
)
def test_what_decides_about_a_key_is_never_guessed(raw, changes, named) -> None:
    with pytest.raises(ProtocolError, match=named):
        parse_key_report(raw(KEY | changes))


def test_sub_members(raw) -> None:
    rows = [
        {"uid": "106314365", "username": "xxxx02", "memberType": 1, "status": 1, "accountMode": 5},
        {"uid": 7, "username": None, "status": 4, "accountMode": 99},
        {"username": "no uid"},
    ]
    page = parse_sub_members(raw({"subMembers": rows, "nextCursor": "0"}))
    assert [(m.uid, m.is_normal, m.account_type) for m in page.rows] == [
        ("106314365", True, "UTA2.0"),
        ("7", False, "99"),
    ]
    assert (len(page.failures), page.next_cursor) == (1, None)
    assert parse_sub_members(raw({"subMembers": [], "nextCursor": "12"})).next_cursor == "12"
