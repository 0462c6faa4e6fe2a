"""The error taxonomy: who must act, and whether to try again.

Every class states ``retryable`` and a short ``reason``, which is also the metric label. Errors of a venue carry
venue, account and endpoint where known, and never a secret.
"""


class MarginwatchError(Exception):
    """Base of everything we raise on purpose.

    Parameters
    ----------
    message : str
        A sentence that names the place and the fix.
    venue, account_id, endpoint : str or None
        Where it happened.
    code : int, str or None
        The venue's own code.
    retry_after_s : float or None
        When a retry makes sense, seconds from now.
    retryable, reason : optional
        Where one case differs from its class.
    """

    retryable: bool = False
    reason: str = "error"

    def __init__(
        self,
        message: str,
        *,
        venue: str | None = None,
        account_id: str | None = None,
        endpoint: str | None = None,
        code: int | str | None = None,
        retry_after_s: float | None = None,
        retryable: bool | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.venue = venue
        self.account_id = account_id
        self.endpoint = endpoint
        self.code = code
        self.retry_after_s = retry_after_s
        if retryable is not None:
            self.retryable = retryable
        if reason is not None:
            self.reason = reason

    def __str__(self) -> str:
        parts = (self.venue, self.account_id, (self.endpoint or "").removeprefix("/"))
        place = "/".join(str(part) for part in parts if part)
        coded = f" (code {self.code})" if self.code is not None else ""
        return f"{place}: {self.message}{coded}" if place else f"{self.message}{coded}"


class ConfigError(MarginwatchError):
    """The configuration cannot be used: refuse to start, or refuse this account; say which line."""

    reason = "config"


class UnknownNameError(ConfigError):
    """Something is asked for by a name that occurs nowhere; say which names are like it."""


class ConnectivityError(MarginwatchError):
    """Timeout, closed socket, 5xx: back off with jitter and reconnect; mark data stale."""

    retryable = True
    reason = "connectivity"


class RateLimitedError(MarginwatchError):
    """A limit is used up: wait ``retry_after_s``; never hammer."""

    retryable = True
    reason = "rate_limited"


class AuthError(MarginwatchError):
    """The venue does not accept the caller: stop this account, tell its owner, keep the others.

    Two venue answers of this class are milder and say so in ``reason``: ``clock_skew`` (retryable: measure the
    offset, try again) and ``permission`` (that one endpoint is closed to this key; the others go on).
    """

    reason = "auth"


class RejectedError(MarginwatchError):
    """The venue refuses the request as made: no retry; our defect or a setting."""

    reason = "rejected"


class ProtocolError(MarginwatchError):
    """A payload does not decode: quarantine it, change no state, say so."""

    reason = "protocol"


class SequenceGapError(MarginwatchError):
    """An update was missed: resync from a snapshot."""

    retryable = True
    reason = "sequence_gap"


class DeliveryError(MarginwatchError):
    """A channel did not take a message: it stays in the outbox; retried only if retryable."""

    reason = "delivery"
