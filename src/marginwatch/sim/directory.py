"""Accounts and their API keys: who is who at the exchange, generated from the seed."""

import random

import msgspec

from marginwatch.sim.desks import Plan
from marginwatch.sim.rows import AccountInfo, KeyInfo

OWNER = "fund-1"
KEY_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
READ_PERMISSIONS: dict[str, tuple[str, ...]] = {
    "ContractTrade": ("Order", "Position"),
    "Spot": ("SpotTrade",),
    "Wallet": ("AccountTransfer",),
    "Options": ("OptionsTrade",),
    "Derivatives": ("DerivativesTrade",),
}
"""What a key lists; the exchange lists abilities of read-only keys too, so they say nothing about writing."""

KEY_AGE_MS = 40 * 86_400_000
FIRST_UID = 104_100_000


class Directory:
    """Accounts by UID and keys by their public part.

    Parameters
    ----------
    seed : int
        Of UIDs and keys.
    now_ms : int
        When the exchange opens; keys were made before.
    """

    def __init__(self, seed: int, now_ms: int) -> None:
        self._random = random.Random(f"directory-{seed}")
        self._now_ms = now_ms
        self._uid = FIRST_UID + self._random.randrange(100_000)
        self._keys: dict[str, KeyInfo] = {}
        self._parent = "0"

    def enroll(self, plan: Plan) -> AccountInfo:
        """Return a new account with its read-only, IP-bound key; the first one is the master of all others."""
        self._uid += 1 + self._random.randrange(2_000)
        uid = str(self._uid)
        is_master = self._parent == "0"
        key = KeyInfo(
            uid=uid,
            key_id=str(20_000_000 + self._random.randrange(10_000_000)),
            api_key=self._letters(18),
            api_secret=self._letters(36),
            note=f"monitor {plan.name}",
            is_read_only=True,
            permissions=dict(READ_PERMISSIONS),
            ips=("127.0.0.1",),
            created_ms=self._now_ms - KEY_AGE_MS,
            expires_ms=None,
            is_master=is_master,
            parent_uid=self._parent,
        )
        self._keys[key.api_key] = key
        if is_master:
            self._parent = uid
        return AccountInfo(
            uid=uid,
            name=plan.name,
            owner=OWNER,
            desk=plan.desk,
            parent_uid=key.parent_uid,
            is_hedge_mode=plan.is_hedge_mode,
            key=key,
        )

    def key(self, api_key: str) -> KeyInfo | None:
        """Return a key by its public part, None if there is none."""
        return self._keys.get(api_key)

    def replace_key(self, api_key: str, **changes: object) -> KeyInfo:
        """Change attributes of a key.

        Raises
        ------
        ValueError
            If there is no such key; TypeError if an attribute does not exist.
        """
        key = self._keys.get(api_key)
        if key is None:
            raise ValueError("api_key must be one of the exchange's keys")
        changed = msgspec.structs.replace(key, **changes)
        self._keys[api_key] = changed
        return changed

    def _letters(self, count: int) -> str:
        return "".join(self._random.choice(KEY_LETTERS) for _ in range(count))
