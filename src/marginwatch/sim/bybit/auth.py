"""Who is calling: signatures over the bytes as received, time windows, and the state of the key.

Documents: v5/guide (signature, window), v5/websocket/wss-authentication, v5/error (2026-07).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from marginwatch.sim.bybit.envelope import (
    IP_UNBOUND,
    KEY_EXPIRED,
    KEY_INVALID,
    PARAMETER,
    SIGNATURE,
    TIME_WINDOW,
    RefusalError,
    permission_denied,
)
from marginwatch.sim.bybit.key_rules import KeyRules
from marginwatch.sim.bybit.wire_numbers import whole
from marginwatch.sim.rows import KeyInfo

FAST_CLOCK_MS = 1000
"""A caller's clock may be ahead by less than this, whatever the receive window is."""

DEFAULT_WINDOW_MS = 5000
LONGEST_WINDOW_MS = 60_000

MEMBER_LISTS = ("/v5/user/query-sub-members", "/v5/user/submembers")
MEMBER_RIGHTS = frozenset({"AccountTransfer", "SubMemberTransfer", "SubMemberTransferList", "Withdraw"})
"""One of these wallet permissions is needed to see sub-accounts (document: v5/user/subuid-list)."""


class Gatekeeper:
    """Checks callers against the exchange's keys.

    Parameters
    ----------
    find : callable
        Gives the key of a public part, or None.
    rules : KeyRules
        What else is known about keys.
    """

    def __init__(self, find: Callable[[str], KeyInfo | None], rules: KeyRules) -> None:
        self._find = find
        self.rules = rules

    def check_rest(
        self, headers: Mapping[str, str], signed_text: str, *, now_ms: int, remote: str
    ) -> KeyInfo:
        """Return the key that made a signed call.

        Parameters
        ----------
        headers : mapping of str to str
            Request headers, found by name whatever their case.
        signed_text : str
            The query string exactly as received for GET, the raw body for POST.
        now_ms : int
            The exchange's clock.
        remote : str
            Address of the caller.

        Raises
        ------
        RefusalError
            10001 for missing headers, 10002 outside the window, 10003 unknown key, 10004 bad signature, 10010
            for an address outside the key's list, 33004 for an expired key.
        """
        name = headers.get("X-BAPI-API-KEY", "")
        stamp = headers.get("X-BAPI-TIMESTAMP", "")
        sign = headers.get("X-BAPI-SIGN", "")
        window = headers.get("X-BAPI-RECV-WINDOW", "")
        if not (name and stamp and sign):
            raise RefusalError(
                PARAMETER, f"empty value: apiTimestamp[{stamp}] apiKey[{name}] apiSign[{sign}]"
            )
        _check_window(stamp, window, now_ms)
        key = self._usable(name, remote, now_ms)
        origin = f"{stamp}{name}{window}{signed_text}"
        if not self._is_signed(key, origin, sign):
            raise RefusalError(SIGNATURE, f"error sign! origin_string[{origin}]")
        return key

    def check_stream(
        self, name: object, expires: object, sign: object, *, now_ms: int, remote: str
    ) -> KeyInfo:
        """Return the key that logs in on a private stream.

        ``expires`` is milliseconds strictly in the future, as a number or as text: both are in use.

        Raises
        ------
        RefusalError
            With the text that goes into ``ret_msg``: "Params Error" for a malformed or past ``expires``, else as
            :meth:`check_rest`.
        """
        text = str(expires)
        until_ms = whole(text)
        if not (isinstance(name, str) and isinstance(sign, str) and until_ms and until_ms > now_ms):
            raise RefusalError(PARAMETER, "Params Error")
        key = self._usable(name, remote, now_ms)
        if not self._is_signed(key, f"GET/realtime{text}", sign):
            raise RefusalError(SIGNATURE, "error sign! Please check your signature generation algorithm.")
        return key

    def check_permission(self, key: KeyInfo, path: str, *, writes: bool = False) -> None:
        """Return if the key may call the endpoint.

        Raises
        ------
        RefusalError
            10005 for a read-only key that wants to change something, for a path closed to the key, and for a list
            of members without a right that goes with it.
        """
        if path in self.rules.denied_paths.get(key.api_key, ()) or (writes and key.is_read_only):
            raise permission_denied()
        if path in MEMBER_LISTS and not (
            key.is_master and MEMBER_RIGHTS & {*key.permissions.get("Wallet", ())}
        ):
            raise permission_denied()

    def _usable(self, name: str, remote: str, now_ms: int) -> KeyInfo:
        key = self._find(name)
        if key is None or name in self.rules.revoked:
            raise RefusalError(KEY_INVALID, "API key is invalid.")
        if key.expires_ms is not None and key.expires_ms <= now_ms:
            raise RefusalError(KEY_EXPIRED, "Your api key has expired.")
        if key.ips and "*" not in key.ips and remote not in key.ips:
            raise RefusalError(IP_UNBOUND, "Unmatched IP, please check your API key's bound IP addresses.")
        return key

    def _is_signed(self, key: KeyInfo, text: str, sign: str) -> bool:
        pem = self.rules.rsa_public_keys.get(key.api_key)
        return is_rsa_signed(pem, text, sign) if pem else is_hmac_signed(key.api_secret, text, sign)


def is_hmac_signed(secret: str, text: str, sign: str) -> bool:
    """Return whether ``sign`` is the HMAC-SHA256 of a text, lower-case hex."""
    expected = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), sign.encode())


def is_rsa_signed(pem: str, text: str, sign: str) -> bool:
    """Return whether ``sign`` is the RSA-SHA256 (PKCS#1 v1.5) signature of a text, base64."""
    public = serialization.load_pem_public_key(pem.encode())
    if not isinstance(public, rsa.RSAPublicKey):
        return False
    try:
        signature = base64.b64decode(sign, validate=True)
        public.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _check_window(stamp: str, window: str, now_ms: int) -> None:
    try:
        sent_ms, window_ms = int(stamp), int(window or DEFAULT_WINDOW_MS)
    except ValueError:
        raise RefusalError(PARAMETER, "params error: timestamp or recv_window is not a number") from None
    window_ms = min(window_ms, LONGEST_WINDOW_MS)
    if not now_ms - window_ms <= sent_ms < now_ms + FAST_CLOCK_MS:
        raise RefusalError(
            TIME_WINDOW,
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{sent_ms}],server_timestamp[{now_ms}],recv_window[{window_ms}]",
        )
