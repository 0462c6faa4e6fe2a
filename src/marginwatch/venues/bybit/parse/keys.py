"""What a key may do, and which sub-accounts a main account has."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.account import KeyReport
from marginwatch.model.venue_facts import SubMember
from marginwatch.venues.bybit.parse.account import account_type_of
from marginwatch.venues.bybit.parse.envelope import decode_with
from marginwatch.venues.bybit.parse.page import Page, read_rows
from marginwatch.venues.bybit.parse.text import count_or_none
from marginwatch.venues.bybit.schemas.owner import WireKey, WireMember, WireMembers

KEY_ENDPOINT = "/v5/user/query-api"
MEMBERS_ENDPOINT = "/v5/user/query-sub-members"

_UNBOUND: Final = "*"
_NORMAL: Final = 1
_READ_ONLY: Final = (1, "1", True)
_READ_WRITE: Final = (0, "0", False)

_keys = msgspec.json.Decoder(WireKey)
_members = msgspec.json.Decoder(WireMembers)
_member = msgspec.json.Decoder(WireMember)


def parse_key_report(result: msgspec.Raw) -> KeyReport:
    """Return ``/v5/user/query-api``.

    A key bound to addresses does not expire and says so by a past date (1970) and negative days.

    Raises
    ------
    ProtocolError
        If it does not decode, has no user, or does not say plainly whether it is read-only: that is never guessed.
    """
    key = decode_with(_keys, result, KEY_ENDPOINT)
    uid = count_or_none(key.user_id, "userID")
    if uid is None:
        raise ProtocolError("userID is missing", endpoint=KEY_ENDPOINT)
    if key.read_only not in (*_READ_ONLY, *_READ_WRITE):
        raise ProtocolError("readOnly is neither 0 nor 1", endpoint=KEY_ENDPOINT)
    return KeyReport(
        uid=str(uid),
        is_read_only=key.read_only in _READ_ONLY,
        permissions=_permissions_of(key),
        bound_ips=tuple(ip for ip in key.ips or () if ip and ip != _UNBOUND),
        expires_at_ns=_expiry_ns(key.expired_at),
        is_master=key.is_master,
    )


def parse_sub_members(result: msgspec.Raw) -> Page[SubMember]:
    """Return ``/v5/user/query-sub-members`` or ``/v5/user/submembers``.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    wire = decode_with(_members, result, MEMBERS_ENDPOINT)
    rows, failures = read_rows(wire.sub_members, _member, _member_of, MEMBERS_ENDPOINT)
    cursor = str(wire.next_cursor or "")
    return Page(rows, failures, None if cursor in ("", "0") else cursor)


def _permissions_of(key: WireKey) -> tuple[str, ...]:
    return tuple(
        f"{group}.{name}" for group, names in (key.permissions or {}).items() for name in names or ()
    )


def _expiry_ns(expired_at: str | None) -> int | None:
    if not expired_at:
        return None
    try:
        moment = datetime.fromisoformat(expired_at)
    except ValueError:
        raise ProtocolError(f"expiredAt {expired_at[:40]!r} is not a time", endpoint=KEY_ENDPOINT) from None
    seconds = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    return seconds * 1_000_000_000 if seconds > 0 else None


def _member_of(row: WireMember) -> SubMember:
    return SubMember(
        uid=str(row.uid),
        name=row.username or "",
        is_normal=count_or_none(row.status, "status") == _NORMAL,
        account_type=account_type_of(count_or_none(row.account_mode, "accountMode")),
    )
