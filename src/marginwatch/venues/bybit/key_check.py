"""Whether a key may be used, and what its owner should mend: pure decisions."""

from collections.abc import Iterable

import msgspec

from marginwatch.model.account import AccountSpec, KeyReport

EXPIRY_WARNING_DAYS = 14
DAY_NS = 86_400_000_000_000

GRANTS = {
    "/v5/user/query-sub-members": "Wallet: Account Transfer or Subaccount Transfer",
    "/v5/user/submembers": "Wallet: Account Transfer or Subaccount Transfer",
    "/v5/asset/transfer/query-account-coins-balance": "Wallet: Account Transfer",
    "/v5/position/list": "Contract: Positions",
    "/v5/position/list?category=option": "Options",
    "/v5/order/realtime": "Contract: Orders",
    "/v5/order/realtime?category=option": "Options",
}
"""What opens a call on a read-only key, which stays read-only with it (documents: user/subuid-list, user/apikey-info).
The documents state it for the lists of sub-accounts; for the others it is the permission named after them."""


class KeyVerdict(msgspec.Struct, frozen=True):
    """What follows from a key's rights.

    Parameters
    ----------
    refusal : str or None
        Why the account is not watched with this key, with the remedy; None if it may be.
    warnings : tuple of str
        What the owner should mend in time.
    expiry_warning : str or None
        The one among them that the key expires soon: its words change as time goes by.
    """

    refusal: str | None
    warnings: tuple[str, ...] = ()
    expiry_warning: str | None = None


def judge_key(report: KeyReport, spec: AccountSpec, now_ns: int) -> KeyVerdict:
    """Return whether a key may be used for an account.

    A key is safe exactly when the venue says that it is read-only; its list of permissions names abilities even
    then and proves nothing. That one UID is watched only once is for whoever sees all accounts.

    Parameters
    ----------
    report : KeyReport
        What the venue says of the key.
    spec : AccountSpec
        The configured account.
    now_ns : int
        UTC nanoseconds.
    """
    expiry_warning = _expiry_warning(report, now_ns)
    warnings = tuple(_warnings(report, spec, expiry_warning))
    return KeyVerdict(_refusal(report, spec, now_ns), warnings, expiry_warning)


def grant_for(endpoint: str) -> str | None:
    """Return the permission on the exchange's API page that opens an endpoint to a key; None if it is not known."""
    return GRANTS.get(endpoint)


def unmonitored_sub_accounts(
    sub_members: Iterable[tuple[str, str]], monitored_uids: Iterable[str]
) -> tuple[str, ...]:
    """Return the sub-accounts that nobody monitors, as ``uid (name)``, in the venue's order.

    Parameters
    ----------
    sub_members : iterable of (uid, name)
        What the main account lists; the name may be empty.
    monitored_uids : iterable of str
        UIDs that the configured keys turned out to belong to.
    """
    monitored = set(monitored_uids)
    return tuple(f"{uid} ({name})" if name else uid for uid, name in sub_members if uid not in monitored)


def _refusal(report: KeyReport, spec: AccountSpec, now_ns: int) -> str | None:
    if spec.uid is not None and spec.uid != report.uid:
        return (
            f"the key belongs to UID {report.uid}, but uid = {spec.uid} is configured; put in the key of that account, "
            "or correct the uid"
        )
    if not report.is_read_only and not spec.allow_unsafe_key:
        return (
            f"the key can do more than read ({_abilities(report)}); make a read-only key on the exchange's API page, or "
            "set allow_unsafe_key = true for this account if you accept the risk"
        )
    if report.expires_at_ns is not None and report.expires_at_ns <= now_ns:
        return "the key has expired; extend it on the exchange's API page, key and secret stay the same"
    return None


def _expiry_warning(report: KeyReport, now_ns: int) -> str | None:
    if report.expires_at_ns is None:
        return None
    days = (report.expires_at_ns - now_ns) / DAY_NS
    if not 0 < days <= EXPIRY_WARNING_DAYS:
        return None
    left = f"{int(days)} days" if days >= 2 else f"{int(days * 24)} hours"
    return f"the key expires in {left}; extend it on the exchange's API page, key and secret stay the same"


def _warnings(report: KeyReport, spec: AccountSpec, expiry_warning: str | None) -> Iterable[str]:
    if not report.is_read_only and spec.allow_unsafe_key:
        yield f"unsafe key: it can do more than read ({_abilities(report)}) and is accepted by allow_unsafe_key"
    if expiry_warning is not None:
        yield expiry_warning
    if not report.bound_ips:
        yield "the key is not bound to an IP address, so whoever copies it can use it, and it expires after 90 days; bind it"
    if spec.venue.endswith("-demo"):
        yield "demo account: its money is not real"


def _abilities(report: KeyReport) -> str:
    return ", ".join(report.permissions[:8]) or "no permissions are listed"
