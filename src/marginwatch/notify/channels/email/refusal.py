"""What goes wrong on the way to a mail server, in the words of :class:`DeliveryError`."""

import ssl

import aiosmtplib

from marginwatch.errors import DeliveryError
from marginwatch.notify.channels.harmless import harmless
from marginwatch.notify.channels.trimming import clip

DETAIL_MAX = 200

_REASONS = {
    421: "server",
    450: "server",
    454: "auth",
    530: "auth",
    534: "auth",
    535: "auth",
    538: "auth",
    550: "not_found",
    551: "not_found",
    552: "too_long",
    553: "not_found",
}


def of_code(code: int, said: str) -> DeliveryError:
    """Return the error of an answer: 4xx is temporary, 5xx permanent, anything else is no SMTP and may pass (RFC 5321, 4.2.1)."""
    detail = clip(harmless(said), DETAIL_MAX)
    if not 400 <= code < 600:
        return DeliveryError(f"SMTP: {detail}", reason="garbage", retryable=True, code=code)
    is_temporary = code < 500
    reason = _REASONS.get(code, "server" if is_temporary else "rejected")
    return DeliveryError(f"SMTP: {detail}", reason=reason, retryable=is_temporary, code=code)


def of_error(error: Exception) -> DeliveryError:
    """Return the error of an exception of aiosmtplib, ssl or the network.

    A certificate that is not trusted and a server without STARTTLS are permanent: trying again would not be safer, and somebody
    must look. Nothing is ever sent without TLS instead.
    """
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return of_code(error.code, error.message)
    if isinstance(error, TimeoutError):
        return DeliveryError("SMTP: no answer in time", reason="timeout", retryable=True)
    if _is_about_certificate(error):
        return DeliveryError(
            f"SMTP: the server's certificate is not trusted: {clip(harmless(str(error)), DETAIL_MAX)}",
            reason="auth",
        )
    if isinstance(error, aiosmtplib.SMTPNotSupported) or "not supported by server" in str(error):
        return DeliveryError(f"SMTP: {clip(harmless(str(error)), DETAIL_MAX)}", reason="rejected")
    return DeliveryError(f"SMTP: no connection ({type(error).__name__})", reason="connection", retryable=True)


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
