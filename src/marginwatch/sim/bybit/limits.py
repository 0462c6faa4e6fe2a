"""Rate limits: per account and endpoint, per address, and for new sockets.

Documents: v5/rate-limit, the endpoint pages, v5/websocket/wss-authentication (2026-07). Peaks are kept, so that a
test can prove how much of a limit a client really used.
"""

import collections
from collections.abc import Mapping
from typing import NamedTuple

ENDPOINT_LIMITS: dict[str, int] = {
    "/v5/position/list": 50,
    "/v5/position/closed-pnl": 50,
    "/v5/account/wallet-balance": 50,
    "/v5/account/info": 50,
    "/v5/account/collateral-info": 50,
    "/v5/account/fee-rate": 5,
    "/v5/account/transaction-log": 25,
    "/v5/account/withdrawal": 50,
    "/v5/account/option-asset-info": 50,
    "/v5/order/realtime": 50,
    "/v5/execution/list": 50,
    "/v5/user/query-api": 10,
    "/v5/user/query-sub-members": 10,
    "/v5/user/submembers": 5,
    "/v5/asset/transfer/query-account-coins-balance": 5,
    "/v5/asset/transfer/query-account-coin-balance": 450,
    "/v5/asset/coin/query-info": 5,
    "/v5/asset/coin-greeks": 50,
    "/v5/asset/settlement-record": 50,
    "/v5/asset/delivery-record": 50,
    "/v5/asset/portfolio-margin": 50,
}
"""Calls per second, account and endpoint."""

UNLISTED_LIMIT = 120
"""What the headers say for endpoints without a limit of their own: the address limit, per second."""

IP_CALLS, IP_WINDOW_S, IP_BAN_S = 600, 5.0, 600.0
SOCKETS, SOCKETS_WINDOW_S = 500, 300.0


class Verdict(NamedTuple):
    """Whether one more fits, how many are left, and when the window has room again (seconds of the same clock)."""

    is_allowed: bool
    remaining: int
    reset_s: float


class RollingWindow:
    """At most ``calls`` in any ``per_s`` seconds; a refused one does not count.

    Parameters
    ----------
    calls : int
        How many fit.
    per_s : float
        Length of the window, seconds.
    """

    def __init__(self, calls: int, per_s: float) -> None:
        self.calls = calls
        self.per_s = per_s
        self.peak = 0
        self._taken: collections.deque[float] = collections.deque()

    def take(self, now_s: float) -> Verdict:
        """Return the verdict on one more at ``now_s``, and count it if it fits; amortized constant time."""
        taken = self._taken
        while taken and taken[0] <= now_s - self.per_s:
            taken.popleft()
        if len(taken) >= self.calls:
            return Verdict(is_allowed=False, remaining=0, reset_s=taken[0] + self.per_s)
        taken.append(now_s)
        self.peak = max(self.peak, len(taken))
        return Verdict(is_allowed=True, remaining=self.calls - len(taken), reset_s=now_s)


class RateLimits:
    """All limits of one simulated exchange.

    Parameters
    ----------
    ip_calls, ip_window_s, ip_ban_s
        Calls per address and window, and how long an address that exceeds them is shut out, seconds.
    sockets, sockets_window_s
        New sockets per address and window.
    """

    def __init__(
        self,
        *,
        ip_calls: int = IP_CALLS,
        ip_window_s: float = IP_WINDOW_S,
        ip_ban_s: float = IP_BAN_S,
        sockets: int = SOCKETS,
        sockets_window_s: float = SOCKETS_WINDOW_S,
    ) -> None:
        self._ip_rule = (ip_calls, ip_window_s)
        self._socket_rule = (sockets, sockets_window_s)
        self.ip_ban_s = ip_ban_s
        self.by_address: dict[str, RollingWindow] = {}
        self.by_endpoint: dict[tuple[str, str], RollingWindow] = {}
        self.new_sockets: dict[str, RollingWindow] = {}
        self._banned_until: dict[str, float] = {}

    def admit_address(self, address: str, now_s: float) -> bool:
        """Return whether a call from an address is served; exceeding the limit bans the address for a while."""
        if self.is_banned(address, now_s):
            return False
        window = self.by_address.setdefault(address, RollingWindow(*self._ip_rule))
        if window.take(now_s).is_allowed:
            return True
        self.ban(address, now_s)
        return False

    def is_banned(self, address: str, now_s: float) -> bool:
        """Return whether an address is shut out."""
        return now_s < self._banned_until.get(address, float("-inf"))

    def ban(self, address: str, now_s: float, for_s: float | None = None) -> None:
        """Shut an address out from now on, for ``ip_ban_s`` seconds unless told otherwise."""
        self._banned_until[address] = now_s + (self.ip_ban_s if for_s is None else for_s)

    def ban_all(self, now_s: float, for_s: float | None = None) -> None:
        """Shut out every address that ever called or connected."""
        for address in {**self.by_address, **self.new_sockets}:
            self.ban(address, now_s, for_s)

    def lift_bans(self) -> None:
        """Let every address in again."""
        self._banned_until.clear()

    def admit_call(self, uid: str, path: str, now_s: float) -> Verdict:
        """Return the verdict on one call of an account."""
        window = self.by_endpoint.get((uid, path))
        if window is None:
            window = RollingWindow(self.limit_of(path), 1.0)
            self.by_endpoint[uid, path] = window
        return window.take(now_s)

    @staticmethod
    def limit_of(path: str) -> int:
        """Return how many calls per second and account an endpoint takes."""
        return ENDPOINT_LIMITS.get(path, UNLISTED_LIMIT)

    def admit_socket(self, address: str, now_s: float) -> bool:
        """Return whether an address may open one more socket within the limit; a ban is asked for apart."""
        window = self.new_sockets.setdefault(address, RollingWindow(*self._socket_rule))
        return window.take(now_s).is_allowed

    def peaks(self) -> dict[str, dict[str, float]]:
        """Return of each limit how much there is and the most that anybody ever used of it in one window.

        ``calls`` and ``sockets`` are per address; ``endpoint`` is the largest part of any account's limit of any endpoint.
        """
        return {
            "calls": {"limit": self._ip_rule[0], "per_s": self._ip_rule[1], "peak": _peak(self.by_address)},
            "sockets": {
                "limit": self._socket_rule[0],
                "per_s": self._socket_rule[1],
                "peak": _peak(self.new_sockets),
            },
            "endpoint": {
                "limit": 1.0,
                "per_s": 1.0,
                "peak": max((one.peak / one.calls for one in self.by_endpoint.values()), default=0.0),
            },
        }


def _peak(windows: Mapping[str, RollingWindow]) -> int:
    return max((window.peak for window in windows.values()), default=0)
