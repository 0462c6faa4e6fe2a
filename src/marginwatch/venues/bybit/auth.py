"""Signatures of Bybit V5: HMAC-SHA256 or RSA-SHA256 over the request exactly as it is sent."""

import base64
import hashlib
import hmac
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from marginwatch.errors import ConfigError
from marginwatch.model.account import AccountSpec
from marginwatch.model.secret import Secret

RECV_WINDOW_MS = 5000
"""How old a request may be when it arrives; the venue's default (documents: guide, authentication)."""


class Signer(Protocol):
    """Turns the text that the venue defines into a signature."""

    def sign(self, text: str) -> str:
        """Return the signature of ``text`` as it goes on the wire."""
        ...


class HmacSigner:
    """HMAC-SHA256, lower-case hex: keys whose secret the venue generated."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def sign(self, text: str) -> str:
        """Return 64 hex digits."""
        return hmac.new(self._secret.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()


class RsaSigner:
    """RSA-SHA256 with PKCS#1 v1.5 padding, base64: keys of which the venue has only the public half.

    Raises
    ------
    ConfigError
        If the PEM text is not an unencrypted RSA private key.
    """

    def __init__(self, secret: Secret) -> None:
        try:
            key = serialization.load_pem_private_key(secret.reveal().encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # The library's own message may quote the key, so it is not chained.
            raise ConfigError("api_secret is a PEM text, but not an unencrypted private key") from None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ConfigError("api_secret is a private key, but not of RSA, the only kind that Bybit takes")
        self._key = key

    def sign(self, text: str) -> str:
        """Return the base64 text, without line breaks."""
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()


class Credentials:
    """An API key with the signer that belongs to it; shows neither.

    Parameters
    ----------
    api_key, api_secret : Secret
        As configured. A secret that is a PEM private key selects RSA.

    Raises
    ------
    ConfigError
        If the key is empty or does not fit into a header, or a PEM secret cannot be used.
    """

    def __init__(self, api_key: Secret, api_secret: Secret) -> None:
        key = api_key.reveal()
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigError("api_key is empty or has characters that no Bybit key has")
        if not api_secret.reveal():
            raise ConfigError("api_secret is empty")
        self._key = api_key
        self._secret = api_secret
        is_pem = "-----BEGIN" in api_secret.reveal()
        self._signer: Signer = RsaSigner(api_secret) if is_pem else HmacSigner(api_secret)

    @classmethod
    def of(cls, spec: AccountSpec) -> "Credentials":
        """Return the credentials of a configured account."""
        try:
            return cls(spec.api_key, spec.api_secret)
        except ConfigError as error:
            raise ConfigError(error.message, venue=spec.venue, account_id=spec.account_id) from None

    def rest_headers(self, query: str, timestamp_ms: int) -> dict[str, str]:
        """Return the headers that authenticate a GET.

        Parameters
        ----------
        query : str
            The bytes after ``?`` exactly as they are sent, ``""`` if there are none.
        timestamp_ms : int
            The *venue's* time, milliseconds UTC.
        """
        stamp, window, key = str(timestamp_ms), str(RECV_WINDOW_MS), self._key.reveal()
        return {
            "X-BAPI-API-KEY": key,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": window,
            "X-BAPI-SIGN": self._signer.sign(stamp + key + window + query),
        }

    def stream_auth_args(self, expires_at_ns: int) -> tuple[str, int, str]:
        """Return the arguments of a private stream's ``auth`` request: key, expiry, signature.

        Parameters
        ----------
        expires_at_ns : int
            On the *venue's* clock, nanoseconds UTC; one second from now, as some clients use, fails on latency alone.
        """
        expires_ms = expires_at_ns // 1_000_000
        return self._key.reveal(), expires_ms, self._signer.sign(f"GET/realtime{expires_ms}")

    def redact(self, text: str) -> str:
        """Return ``text`` with the key and the secret blotted out: the venue quotes what it was sent (10004)."""
        return text.replace(self._key.reveal(), "***").replace(self._secret.reveal(), "***")

    def redact_bytes(self, body: bytes) -> bytes:
        """Return ``body`` with the key and the secret blotted out."""
        return body.replace(self._key.reveal().encode(), b"***").replace(
            self._secret.reveal().encode(), b"***"
        )

    def __repr__(self) -> str:
        return "Credentials(***)"
