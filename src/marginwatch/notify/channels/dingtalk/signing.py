"""The signature of DingTalk's custom robots."""

import base64
import hashlib
import hmac

from marginwatch.model.secret import Secret


def signature(timestamp_ms: int, secret: Secret) -> str:
    """Return the value of ``sign`` before it is encoded for a query.

    References
    ----------
    DingTalk, "Custom robot security settings", signing: HMAC-SHA256 with the secret over time, line feed and secret.
    """
    text = f"{timestamp_ms}\n{secret.reveal()}".encode()
    return base64.b64encode(hmac.new(secret.reveal().encode(), text, hashlib.sha256).digest()).decode()
