"""The signature of Feishu's custom bots."""

import base64
import hashlib
import hmac

from marginwatch.model.secret import Secret


def signature(timestamp_s: int, secret: Secret) -> str:
    """Return the value of ``sign``.

    Unusually, time and secret are together the *key*, and nothing is signed with it.

    References
    ----------
    Feishu, "Custom bot usage guide", security settings, signature verification.
    """
    key = f"{timestamp_s}\n{secret.reveal()}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
