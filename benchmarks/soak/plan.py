"""What a soak does: how many accounts, for how long, with which faults, and by what it is judged."""

import msgspec

from marginwatch.errors import AuthError, ConfigError, MarginwatchError
from marginwatch.sim.bybit.ret_codes import TEXTS
from marginwatch.venues.bybit.errors import MEANINGS, error_for

CODE_CHANCE = 0.0005
TIME_LIMIT_RATIO = 1.1
CLOCK_SKEW_S = 1.2
CRASH_TO = 0.94
"""The first contract falls to this part of its price in the middle of the run: more than the 5 % of a crash."""

SETTLE_S = 300.0
"""Four planned reconciliations of 1,000 accounts; the longest wait after a failure and the longest ban lie within."""

HURRIED = {
    "poll_s": 1.0,
    "reconcile_s": 2.0,
    "second_look_s": 0.5,
    "backoff_first_s": 0.1,
    "backoff_max_s": 1.0,
    "ping_s": 1.0,
    "socket_alive_for_s": 6.0,
}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One soak.

    Parameters
    ----------
    accounts : int
        Simulated accounts, all of them watched.
    minutes : float
        How long everything goes wrong. Lives of sockets, bans and freezes are in proportion to it.
    share_of_limit : float
        The monitor's, in (0, 1].
    seed : int
        Of the exchange and its faults.
    collect : dict of str to float
        The monitor's ``[collect]`` table; its defaults if empty.
    settle_s : float
        How long after the last fault the book may take to be true, seconds.
    code_wait_max_s : float
        Codes by which an exchange asks for more patience than this are left out, seconds.
    is_timed : bool
        Whether durations and memory are judged; not for a run that only proves that everything runs.
    """

    accounts: int = 1000
    minutes: float = 10.0
    share_of_limit: float = 0.9
    seed: int = 7
    collect: dict[str, float] = {}
    settle_s: float = SETTLE_S
    code_wait_max_s: float = 60.0
    is_timed: bool = True

    @property
    def ban_for_s(self) -> float:
        """Length of a ban, instead of ten minutes, seconds."""
        return 2.0 * self.minutes

    @property
    def ban_wait_s(self) -> float:
        """How long the monitor leaves a banning exchange alone, seconds: longer than the ban, as in real life."""
        return 1.25 * self.ban_for_s


def tiny() -> Plan:
    """Return a soak of seconds that only proves that everything runs."""
    return Plan(
        accounts=40, minutes=0.15, collect=HURRIED, settle_s=60.0, code_wait_max_s=5.0, is_timed=False
    )


def passing_codes(wait_max_s: float) -> tuple[int, ...]:
    """Return the retCodes of the simulator that pass by themselves, within so many seconds.

    Left out are those by which an exchange says for good that a key or an account is refused (the keys that die do
    that), that an endpoint is closed, that the address is banned (bans do that), or that it wants to be left alone for
    minutes. A monitor that believed none of those would be wrong.
    """
    return tuple(code for code in TEXTS if not _is_final(code, wait_max_s))


def _is_final(code: int, wait_max_s: float) -> bool:
    error: MarginwatchError = error_for(code, "") if code in MEANINGS else error_for(99_999, "")
    if isinstance(error, AuthError | ConfigError):
        return not error.retryable
    return error.reason in ("not_offered", "ip_blocked") or (error.retry_after_s or 0.0) > wait_max_s


def fault_list(plan: Plan, skew_s: float) -> str:
    """Return every fault of the simulator at once, in its own words.

    Parameters
    ----------
    plan : Plan
        How long.
    skew_s : float
        How far the exchange's clock is ahead, seconds.
    """
    minutes = plan.minutes
    faults = {
        "drop": "0.5%", "duplicate": "1%", "reorder": "1%", "trickle": "0.2%", "delay": "0ms..50ms",
        "malformed": "0.02%", "wrong_types": "0.02%", "huge": "0.002%", "truncate": "0.005%",
        "slow_reader": "0ms..200ms", "refuse_socket": "5%", "refuse_login": "2%",
        "disconnect": _seconds(120 * minutes), "close": _seconds(240 * minutes), "half_open": _seconds(240 * minutes),
        "latency": "0ms..100ms", "short_pages": "5%",
        "rest_error": "0.5%", "rest_busy": "0.3%", "rest_limited": "0.3%", "rest_cut": "0.3%", "rest_hang": "0.05%",
        "rest_empty": "0.2%", "rest_page": "0.2%", "rest_malformed": "0.2%", "rest_truncate": "0.2%",
        "rest_wrong_types": "0.2%", "rest_huge": "0.02%",
        "ban": _seconds(24 * minutes), "ban_for": _seconds(plan.ban_for_s),
        "freeze": _seconds(30 * minutes), "freeze_for": f"{_seconds(minutes)}..{_seconds(3 * minutes)}",
        "late": "500ms", "crash_freeze": _seconds(2 * minutes), "crash_late": _seconds(minutes),
        "revoke": "5%", "revoke_after": f"{_seconds(minutes)}..{_seconds(5 * minutes)}",
        "mode_change": _seconds(2 * minutes), "clock_skew": _seconds(skew_s),
    }  # fmt: skip
    faults |= {f"retcode.{code}": f"{CODE_CHANCE:g}" for code in passing_codes(plan.code_wait_max_s)}
    return ",".join(f"{name}={value}" for name, value in faults.items())


def _seconds(value: float) -> str:
    return f"{value:.3f}s"
