"""How often a password may be tried: by one address, and by all together."""

import ipaddress
import math
from collections.abc import Callable

import msgspec

ADDRESS_TRIES = 10
ADDRESS_RETURNS_S = 5.0
"""One address may try ten times at once, and then once in five seconds. Behind a proxy all are one address."""

ALL_TRIES = 20
ALL_RETURNS_S = 1.0
"""All together twenty times, and then once a second: half a core at most, and no faster from many addresses."""

ADDRESSES_MAX = 1_024


class _Bucket(msgspec.Struct, gc=False):
    """Tries left, at a moment."""

    left: float
    at_s: float


class LoginLimit:
    """Counts tries; a right password gives its try back, so that only wrong ones count.

    Parameters
    ----------
    monotonic_s : callable
        Seconds that never go back.
    """

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._now_s = monotonic_s
        self._all = _Bucket(ALL_TRIES, monotonic_s())
        self._addresses: dict[str, _Bucket] = {}

    def take(self, address: str) -> int:
        """Take one try; return 0, or the whole seconds to wait if there is none left, and then take none."""
        one = self._bucket(network_of(address))
        self._refill(self._all, ALL_TRIES, ALL_RETURNS_S)
        wait_s = max(
            (1.0 - one.left) * ADDRESS_RETURNS_S,
            (1.0 - self._all.left) * ALL_RETURNS_S,
        )
        if wait_s > 0:
            return math.ceil(wait_s)
        one.left -= 1.0
        self._all.left -= 1.0
        return 0

    def give_back(self, address: str) -> None:
        """Return a try that was taken for a right password."""
        one = self._bucket(network_of(address))
        one.left = min(ADDRESS_TRIES, one.left + 1.0)
        self._all.left = min(ALL_TRIES, self._all.left + 1.0)

    def _bucket(self, network: str) -> _Bucket:
        found = self._addresses.get(network)
        if found is None:
            self._make_room()
            found = self._addresses[network] = _Bucket(ADDRESS_TRIES, self._now_s())
        self._refill(found, ADDRESS_TRIES, ADDRESS_RETURNS_S)
        return found

    def _make_room(self) -> None:
        """Forget who has all tries again; if nobody has, whoever is nearest. The limit of all holds in any case."""
        if len(self._addresses) < ADDRESSES_MAX:
            return
        for bucket in self._addresses.values():
            self._refill(bucket, ADDRESS_TRIES, ADDRESS_RETURNS_S)
        self._addresses = {name: one for name, one in self._addresses.items() if one.left < ADDRESS_TRIES}
        if len(self._addresses) >= ADDRESSES_MAX:
            del self._addresses[max(self._addresses, key=lambda name: self._addresses[name].left)]

    def _refill(self, bucket: _Bucket, most: float, returns_s: float) -> None:
        now_s = self._now_s()
        bucket.left = min(most, bucket.left + (now_s - bucket.at_s) / returns_s)
        bucket.at_s = now_s


def network_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the 64 bits of an IPv6 one that a single line is given."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
