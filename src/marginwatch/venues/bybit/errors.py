"""Bybit's return codes and HTTP statuses in our taxonomy.

One table says for each code who must act and whether to try again (docs: v5/error, state of 2026-07-24). A code that
is not in it is a refusal whose cause we do not know: ``RejectedError`` with reason ``unknown_code``, retryable, so
that the caller tries twice and then goes on without that piece. It is no ``ProtocolError``, for the reply did decode.
"""

import re
from http import HTTPStatus
from typing import Final

import msgspec

from marginwatch.errors import (
    AuthError,
    ConfigError,
    ConnectivityError,
    MarginwatchError,
    RateLimitedError,
    RejectedError,
)
from marginwatch.venues.bybit.manifest import FLOOD_WAIT_S

SUCCESS: Final = 0


class Meaning(msgspec.Struct, frozen=True):
    """What one code means for us.

    Parameters
    ----------
    error : type
        Class of the taxonomy.
    reason : str
        Its label.
    remedy : str
        A sentence for the owner or for us; appended to the venue's words.
    retryable : bool or None
        Where it differs from the class.
    retry_after_s : float or None
        Shortest sensible wait, seconds.
    """

    error: type[MarginwatchError]
    reason: str
    remedy: str
    retryable: bool | None = None
    retry_after_s: float | None = None


_CLOCK = Meaning(
    AuthError,
    "clock_skew",
    "The clock of this machine and Bybit's differ too much; the offset is measured again. If it persists, mend the"
    " time synchronization (NTP).",
    retryable=True,
)
_BUSY = Meaning(ConnectivityError, "venue_busy", "Bybit is slow or restarting; tried again with backoff.")
_DEFECT = Meaning(RejectedError, "rejected", "The request was wrong; report it, it is not tried again.")
_ACCOUNT_TYPE = Meaning(
    ConfigError,
    "account_type",
    "The account's type does not offer this call; upgrade it to a unified account (UTA 2.0) or take it out of the"
    " configuration.",
)
_NOT_OFFERED = Meaning(
    RejectedError, "not_offered", "Bybit does not offer this to the account; shown without it."
)
_FLOOD = Meaning(
    RateLimitedError,
    "ip_blocked",
    "Bybit blocked this address for too many requests; all calls to it rest for 10 minutes.",
    retry_after_s=FLOOD_WAIT_S,
)
_OVERLOAD = Meaning(
    RateLimitedError, "venue_overload", "Bybit sheds load; tried again with backoff.", retry_after_s=1.0
)
_KEY_EXPIRED = Meaning(
    AuthError, "key_expired", "Extend the key on Bybit's API page; key and secret stay the same."
)

MEANINGS: Final[dict[int, Meaning]] = {
    -1: _CLOCK,
    10002: _CLOCK,
    429: _OVERLOAD,
    5004: _BUSY,
    10000: _BUSY,
    10016: _BUSY,
    10019: _BUSY,
    131001: _BUSY,
    131003: _BUSY,
    10001: _DEFECT,
    10017: Meaning(
        RejectedError, "not_offered", "This host has no such call; demo and regional hosts lack some."
    ),
    3100181: _DEFECT,
    3100326: _DEFECT,
    131002: _DEFECT,
    10003: Meaning(
        AuthError,
        "key_invalid",
        "The key is unknown on this host: check that it was copied whole and that `environment` (live, testnet, demo,"
        " region) is the one it was made in.",
    ),
    10004: Meaning(
        AuthError, "signature", "The signature does not fit: check that `api_secret` belongs to `api_key`."
    ),
    10005: Meaning(
        AuthError,
        "permission",
        "The key may not read this; add the read permission on Bybit's API page if you want it shown.",
    ),
    10006: Meaning(
        RateLimitedError,
        "rate_limited",
        "The account's limit for this call is used up; it waits for the next window.",
        retry_after_s=1.0,
    ),
    10007: Meaning(AuthError, "auth", "Bybit does not accept the key: make a new read-only key."),
    10008: Meaning(
        AuthError,
        "banned",
        "Bybit suspended the account or its mode; ask Bybit's support before trying again.",
    ),
    10009: Meaning(
        AuthError,
        "region",
        "Bybit does not serve the region of this address; use the host of your region (`environment`).",
    ),
    10010: Meaning(
        AuthError,
        "ip_not_bound",
        "The key is bound to other addresses: add this machine's public address on Bybit's API page. A key of a"
        " third-party application gives the same answer.",
    ),
    10014: Meaning(
        RejectedError,
        "duplicate",
        "The request was heard twice; tried again with a new time.",
        retryable=True,
    ),
    10018: _FLOOD,
    403: _FLOOD,
    10020: _ACCOUNT_TYPE,
    10024: Meaning(
        AuthError,
        "compliance",
        "Bybit's compliance rules stop this account (identity or region): settle it with Bybit.",
    ),
    10027: Meaning(
        RejectedError, "trading_banned", "Bybit banned trading for the account; reading may still work."
    ),
    10028: _ACCOUNT_TYPE,
    100028: _ACCOUNT_TYPE,
    10029: Meaning(
        RejectedError, "symbol_not_allowed", "The symbol is not on the key's list; shown without it."
    ),
    33004: _KEY_EXPIRED,
    -2015: _KEY_EXPIRED,
    3100197: Meaning(
        ConnectivityError,
        "account_upgrade",
        "Bybit is upgrading the account to a newer unified one; tried again in some minutes.",
        retry_after_s=300.0,
    ),
    3100116: Meaning(
        RejectedError,
        "order_code",
        "This answer belongs to an order, which this program cannot send: report it at once.",
    ),
    110018: _DEFECT,
    110031: _NOT_OFFERED,
    110063: Meaning(
        ConnectivityError,
        "settlement",
        "The contract is being settled; tried again in a minute.",
        retry_after_s=60.0,
    ),
    110067: _ACCOUNT_TYPE,
    110077: _NOT_OFFERED,
    110088: _ACCOUNT_TYPE,
    3500002: _NOT_OFFERED,
    3500153: _NOT_OFFERED,
    500010: Meaning(
        ConfigError,
        "not_own_sub",
        "The sub-account does not belong to this key's main account: check the `uid`.",
    ),
    500011: _ACCOUNT_TYPE,
    10403: _OVERLOAD,
    10404: _DEFECT,
    10429: _OVERLOAD,
    20001: Meaning(RejectedError, "repeated_auth", "The socket had been authenticated before: harmless."),
    20003: _OVERLOAD,
    20006: Meaning(
        RejectedError,
        "duplicate",
        "The request id was used before; tried again with a new one.",
        retryable=True,
    ),
}
"""Every code a reader can meet, and the ones of the order socket that would tell of a defect."""

UNKNOWN: Final = Meaning(
    RejectedError,
    "unknown_code",
    "Bybit's code is not known to this version; tried twice, then shown without it.",
    retryable=True,
)

_TIMES = re.compile(r"req_timestamp\[(\d{1,16})\].*?server_timestamp\[(\d{1,16})\]")


def error_for(
    code: int,
    message: str,
    *,
    venue: str | None = None,
    account_id: str | None = None,
    endpoint: str | None = None,
    retry_after_s: float | None = None,
) -> MarginwatchError:
    """Return the error that a return code stands for.

    Parameters
    ----------
    code : int
        ``retCode``, or the HTTP statuses 403 and 429; not 0.
    message : str
        The venue's words; kept, with the remedy after them.
    venue, account_id, endpoint : str or None
        Where it happened.
    retry_after_s : float or None
        From the reply's headers; overrides the table's wait.

    Raises
    ------
    ValueError
        If ``code`` is 0, which is success.
    """
    if code == SUCCESS:
        raise ValueError("error_for: code must not be 0, which is success")
    meaning = MEANINGS.get(code, UNKNOWN)
    skew_ms = clock_skew_ms(message) if meaning.reason == "clock_skew" else None
    words = message.strip()[:500] or "no message"
    if skew_ms is not None:
        words += f" (this clock is {abs(skew_ms)} ms {'behind' if skew_ms > 0 else 'ahead'})"
    return meaning.error(
        f"{words}: {meaning.remedy}",
        venue=venue,
        account_id=account_id,
        endpoint=endpoint,
        code=code,
        retry_after_s=meaning.retry_after_s if retry_after_s is None else retry_after_s,
        retryable=meaning.retryable,
        reason=meaning.reason,
    )


def error_for_status(
    status: int,
    excerpt: str,
    *,
    venue: str | None = None,
    account_id: str | None = None,
    endpoint: str | None = None,
    retry_after_s: float | None = None,
) -> MarginwatchError:
    """Return the error that an HTTP status other than 200 stands for.

    Parameters
    ----------
    status : int
        HTTP status. 403 is a flood, a closed region or a GET with a body; all of them must stop the calls.
    excerpt : str
        Beginning of the body, often HTML.
    venue, account_id, endpoint, retry_after_s
        As for :func:`error_for`.
    """
    words = f"HTTP {status}: {' '.join(excerpt.split())[:200] or 'empty body'}"
    if status in (403, 429):
        return error_for(
            status,
            words,
            venue=venue,
            account_id=account_id,
            endpoint=endpoint,
            retry_after_s=retry_after_s,
        )
    reason = None
    if status == HTTPStatus.UNAUTHORIZED:
        kind, reason = AuthError, "key_invalid"
        words += ": the key is missing or not accepted: check `api_key` and `environment`."
    else:
        kind = ConnectivityError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else RejectedError
    return kind(
        words,
        venue=venue,
        account_id=account_id,
        endpoint=endpoint,
        code=status,
        retry_after_s=retry_after_s,
        reason=reason,
    )


SERVER_ERROR = 10016
_VENUE_TROUBLE = re.compile(r"server error|internal error|time ?out|restarting|busy", re.IGNORECASE)


def error_for_auth_refusal(
    code: int | None, message: str, *, venue: str | None = None, account_id: str | None = None
) -> MarginwatchError:
    """Return the error of a refused login on a stream.

    The private socket usually sends no code. ``Params Error`` is an expired or malformed ``expires``, hence our clock;
    a word about the venue's own troubles passes; anything else is the key.
    """
    if (code is None or code not in MEANINGS) and _VENUE_TROUBLE.search(message):
        code = SERVER_ERROR
    if code is not None and code in MEANINGS:
        return error_for(code, message, venue=venue, account_id=account_id, endpoint="auth")
    is_clock = message.strip().lower() == "params error"
    meaning = _CLOCK if is_clock else MEANINGS[10007]
    return AuthError(
        f"{message.strip()[:500] or 'no message'}: {meaning.remedy}",
        venue=venue,
        account_id=account_id,
        endpoint="auth",
        code=code,
        retryable=meaning.retryable,
        reason=meaning.reason,
    )


def clock_skew_ms(message: str) -> int | None:
    """Return how far the sender's clock was behind the server's, milliseconds, from the text of code 10002.

    Positive: we are behind. It includes the one-way latency of the request. None if the text does not say.
    """
    match = _TIMES.search(message)
    return None if match is None else int(match[2]) - int(match[1])
