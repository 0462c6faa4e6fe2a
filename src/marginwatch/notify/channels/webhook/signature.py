"""The signature of a webhook: HMAC-SHA256 over time and body, so that neither can be changed nor sent again later."""

import hashlib
import hmac

from marginwatch.model.secret import Secret

TIMESTAMP_HEADER = "X-Marginwatch-Timestamp"
SIGNATURE_HEADER = "X-Marginwatch-Signature"


def signature_headers(key: Secret, body: bytes, now_ns: int) -> dict[str, str]:
    """Return the two headers: Unix seconds, and ``v1=`` with the HMAC of ``seconds.body`` in hexadecimal digits."""
    timestamp = str(now_ns // 1_000_000_000)
    signed = timestamp.encode() + b"." + body
    digest = hmac.new(key.reveal().encode(), signed, hashlib.sha256).hexdigest()
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: f"v1={digest}"}
