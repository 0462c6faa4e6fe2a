"""What a check concludes from what it read: pure functions, so that each sentence has its own test."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from marginwatch.errors import AuthError, ConfigError, MarginwatchError
from marginwatch.model.account import AccountSpec
from marginwatch.model.balance import Balance
from marginwatch.model.check_report import AccountCheck, CheckStatus
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.venue_facts import SubMember
from marginwatch.venues.bybit.key_check import unmonitored_sub_accounts

COINS_NAMED_MAX = 4
WRONG_HOST_REASONS = ("key_invalid", "ip_not_bound")
ONLY_MAIN = (
    "no position is open in this main account; a main account's key does not see those of its sub-accounts, each of "
    "which needs a key of its own"
)


def status_of(error: MarginwatchError) -> CheckStatus:
    """Return ``refused`` where the owner must mend something, ``failed`` where it may pass by itself."""
    is_owners = isinstance(error, ConfigError | AuthError) and not error.retryable
    return "refused" if is_owners else "failed"


def reason_of(error: MarginwatchError, spec: AccountSpec, grant: str | None = None) -> str:
    """Return the sentence for an error: where it happened, and which host or permission it is about.

    ``grant`` is the permission that opens the endpoint of the error, if it is known.
    """
    place = f" ({error.endpoint})" if error.endpoint else ""
    text = f"{error.message}{place}"
    if error.reason in WRONG_HOST_REASONS:
        text += f" It was tried on {spec.endpoints.rest}, for the configuration says {spec.venue}."
    if error.reason == "permission" and grant is not None:
        text += f" Grant: {grant} (read-only)."
    return text


def explain_rows(check: AccountCheck, balances: Sequence[Balance]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return warnings and notes on an account in which no position was found; both empty if there is one.

    Parameters
    ----------
    check : AccountCheck
        With ``rows``, ``uid``, ``account_type`` and ``key`` filled in.
    balances : sequence of Balance
        Its wallet. Margin of positions or unrealized PnL in it contradicts an empty list of positions.
    """
    if check.rows is None or any(check.rows.values()):
        return (), ()
    if tied := [
        one for one in balances if not (_is_zero(one.initial_margin) and _is_zero(one.unrealized_pnl))
    ]:
        named = ", ".join(_tied(one) for one in tied[:COINS_NAMED_MAX])
        return (f"no position was found although the wallet shows some: {named}; {_where(check)}",), ()
    if check.key is not None and check.key.is_master:
        return (), (ONLY_MAIN,)
    return (), (f"no position is open in account number {check.uid}; is it the sub-account that you mean?",)


def refuse_duplicates(checks: Sequence[AccountCheck]) -> list[AccountCheck]:
    """Refuse every account whose number an earlier one of the same venue has too; the others are unchanged."""
    holders: dict[tuple[VenueId, str], AccountId] = {}
    judged: list[AccountCheck] = []
    for check in checks:
        if check.uid is None or not check.is_fine or check.status == "disabled":
            judged.append(check)
            continue
        holder = holders.setdefault((check.venue, check.uid), check.account_id)
        if holder == check.account_id:
            judged.append(check)
            continue
        reason = (
            f"its key belongs to account number {check.uid}, which {holder!r} watches already: "
            "remove one of the two, or give this one the key of its own account"
        )
        judged.append(
            msgspec.structs.replace(check, status="refused", reason=reason, reason_code="duplicate_uid")
        )
    return judged


def name_unmonitored(
    checks: Sequence[AccountCheck],
    members: dict[AccountId, tuple[SubMember, ...]],
    specs: Iterable[AccountSpec],
) -> list[AccountCheck]:
    """Name, at each main account, the sub-accounts that no configured key belongs to.

    Parameters
    ----------
    checks : sequence of AccountCheck
        All of them.
    members : dict of AccountId to tuple of SubMember
        What main accounts listed.
    specs : iterable of AccountSpec
        Their configured ``uid`` counts too, for an account whose key does not work today is not forgotten.
    """
    configured: dict[VenueId, set[str]] = defaultdict(set)
    for check in checks:
        if check.uid is not None and check.status != "disabled":
            configured[check.venue].add(check.uid)
    for spec in specs:
        if spec.uid is not None and spec.is_enabled:
            configured[spec.venue].add(spec.uid)
    judged: list[AccountCheck] = []
    for check in checks:
        listed = ((one.uid, one.name) for one in members.get(check.account_id, ()))
        found = unmonitored_sub_accounts(listed, configured[check.venue])
        if found:
            text = f"{len(found)} of its sub-accounts are in no configured account: {', '.join(found)}"
            check = with_warnings(msgspec.structs.replace(check, unmonitored=found), [text])  # noqa: PLW2901  # one step more of the same check
        judged.append(check)
    return judged


def with_warnings(check: AccountCheck, warnings: Iterable[str]) -> AccountCheck:
    """Return the check with more warnings, each once; one that was ``ok`` becomes ``warning``."""
    merged = tuple(dict.fromkeys((*check.warnings, *warnings)))
    status: CheckStatus = "warning" if merged and check.status == "ok" else check.status
    return msgspec.structs.replace(check, warnings=merged, status=status)


def _where(check: AccountCheck) -> str:
    """Return where the positions may be."""
    closed = [name for name, count in (check.rows or {}).items() if count is None]
    if closed:
        return f"{' and '.join(closed)} cannot be read with this key, see its permissions"
    if (check.account_type or "").startswith("UTA1"):
        return "the inverse contracts of a UTA 1.0 account have a wallet of their own, which is not read"
    return (
        "they may have been closed this moment, or settle in a coin that is not read; run the check again, and report "
        "it if it stays so"
    )


def _tied(balance: Balance) -> str:
    if not _is_zero(balance.initial_margin):
        return f"{balance.initial_margin} {balance.asset} of position margin"
    return f"{balance.unrealized_pnl} {balance.asset} of unrealized PnL"


def _is_zero(text: str | None) -> bool:
    if text is None:
        return True
    try:
        return not Decimal(text)
    except InvalidOperation:
        return True
