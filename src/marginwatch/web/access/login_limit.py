"""How often a password may be tried by one address."""

import ipaddress
import math
from collections.abc import Callable

import msgspec

ADDRESS_TRIES = 10
ADDRESS_RETURNS_S = 5.0
"""One address may try ten times at once, and then once in five seconds. Behind a proxy all are one address."""

ADDRESSES_MAX = 1_024


class Bucket(msgspec.Struct, gc=False):
    """Tries left, at a moment."""

    left: float
    at_s: float

    def refill(self, now_s: float, most: float, returns_s: float) -> None:
        """Add what has come back by now: one try each ``returns_s``, up to ``most``."""
        self.left = min(most, self.left + (now_s - self.at_s) / returns_s)
        self.at_s = now_s


class LoginLimit:
    """Counts tries; a right password gives its try back, so that only wrong ones count.

    Parameters
    ----------
    monotonic_s : callable
        Seconds that never go back.
    """

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._now_s = monotonic_s
        self._addresses: dict[str, Bucket] = {}

    def take(self, address: str) -> int:
        """Take one try; return 0, or the whole seconds to wait if there is none left, and then take none."""
        one = self._bucket(network_of(address))
        wait_s = (1.0 - one.left) * ADDRESS_RETURNS_S
        if wait_s > 0:
            return math.ceil(wait_s)
        one.left -= 1.0
        return 0

    def n_tried(self, address: str) -> float:
        """Return how many tries an address has spent and not got back yet."""
        return ADDRESS_TRIES - self._bucket(network_of(address)).left

    def give_back(self, address: str) -> None:
        """Return a try that was taken for a right password."""
        one = self._bucket(network_of(address))
        one.left = min(ADDRESS_TRIES, one.left + 1.0)

    def _bucket(self, network: str) -> Bucket:
        found = self._addresses.get(network)
        if found is None:
            self._make_room()
            found = self._addresses[network] = Bucket(ADDRESS_TRIES, self._now_s())
        found.refill(self._now_s(), ADDRESS_TRIES, ADDRESS_RETURNS_S)
        return found

    def _make_room(self) -> None:
        """Forget who has all tries again; if nobody has, whoever is nearest. What all may cost holds in any case."""
        if len(self._addresses) < ADDRESSES_MAX:
            return
        for bucket in self._addresses.values():
            bucket.refill(self._now_s(), ADDRESS_TRIES, ADDRESS_RETURNS_S)
        self._addresses = {name: one for name, one in self._addresses.items() if one.left < ADDRESS_TRIES}
        if len(self._addresses) >= ADDRESSES_MAX:
            del self._addresses[max(self._addresses, key=lambda name: self._addresses[name].left)]


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
