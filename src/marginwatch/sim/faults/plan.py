"""What may go wrong, as one readable list such as ``drop=0.01,disconnect=30s,retcode.10016@/v5/position/*=2%``.

The grammar is ``name=value`` joined by commas. A *chance* is a fraction from 0 to 1 or a percentage (``0.02``, ``2%``);
a *duration* has a unit (``250ms``, ``30s``, ``2m``); a *span* is one duration or two joined by ``..``. A duration that
is called *mean* says how far apart two events of a kind are on average; they come at random.

=====================  ========  ============================================================================
name                   value     what it does
=====================  ========  ============================================================================
drop                   chance    a pushed frame never leaves
duplicate              chance    a pushed frame is sent twice
reorder                chance    a pushed frame is held back and overtaken by later ones
malformed              chance    a pushed frame carries text cut in the middle; the socket lives on
wrong_types            chance    a pushed frame has one value of another JSON type
huge                   chance    a pushed frame carries 4 MiB that nobody asked for
trickle                chance    a pushed frame arrives in pieces, with pauses between them
truncate               chance    a frame announces more bytes than come, then the socket dies
delay                  span      every frame waits this long; order is kept
slow_reader            span      the exchange reads each request of a stream this late
disconnect             mean      life of a socket that then dies without a close frame (the client sees 1006)
close                  mean      life of a socket that is then closed properly
half_open              mean      life of a socket that then stays open and says nothing, not even a pong
refuse_socket          chance    a new socket is refused with HTTP 503
refuse_login           chance    a log-in on a private stream is refused although the key is good
latency                span      every REST reply waits this long, and is old when it comes
rest_error             chance    HTTP 500, 502 or 503
rest_busy              chance    HTTP 429
rest_limited           chance    the venue's own rate-limit answer
rest_cut               chance    the connection ends without a reply
rest_hang              chance    no reply for two minutes, then the connection ends
rest_empty             chance    HTTP 200 without a body
rest_page              chance    HTTP 200 with a page of HTML
rest_malformed         chance    a reply whose JSON stops in the middle
rest_truncate          chance    a reply that announces more bytes than come
rest_wrong_types       chance    a reply with one value of another JSON type
rest_huge              chance    a reply with 4 MiB that nobody asked for
short_pages            chance    a page holds about half of what was asked for; its cursor goes on
retcode.N              chance    retCode N for any endpoint
retcode.N@PATTERN      chance    retCode N for endpoints such as ``/v5/position/*``
ban                    mean      every address that calls is banned: HTTP 403 for ``ban_for``
ban_for                duration  length of a ban, also of an earned one; 10 minutes unless given
freeze                 mean      the private side stands still: streams say nothing, REST repeats itself
freeze_for             span      length of a freeze; 30 to 120 seconds unless given
late                   duration  the private side is this late: pushes come late, REST tells the past
crash_freeze           duration  length of a freeze that begins when the market moves 5 % within a minute
crash_late             duration  how late the private side is while the market has moved 5 % within a minute
revoke                 chance    share of the accounts whose keys die in mid-run: revoked, expired or bound elsewhere
revoke_after           span      when they die; 10 to 60 seconds unless given
mode_change            mean      some account's owner changes its margin mode
clock_skew             duration  the exchange's clock is ahead by this much (negative: behind)
=====================  ========  ============================================================================
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from marginwatch.errors import ConfigError

Span = tuple[float, float]
"""Shortest and longest wait, seconds."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_DURATION = re.compile(r"([+-]?\d+(?:\.\d+)?)(ms|s|m)")
_CODE = re.compile(r"retcode\.(-?\d{1,9})(?:@(/\S*))?")


class CodeFault(NamedTuple):
    """A retCode that calls of some endpoints get: its number, a shell-like pattern of paths, and how often."""

    code: int
    pattern: str
    chance: float


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong and how often: the list of the module's table, parsed.

    Chances are fractions, durations seconds, 0 (or ``(0, 0)``) meaning never.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    malformed: float = 0.0
    wrong_types: float = 0.0
    huge: float = 0.0
    trickle: float = 0.0
    truncate: float = 0.0
    delay: Span = (0.0, 0.0)
    slow_reader: Span = (0.0, 0.0)
    disconnect: float = 0.0
    close: float = 0.0
    half_open: float = 0.0
    refuse_socket: float = 0.0
    refuse_login: float = 0.0
    latency: Span = (0.0, 0.0)
    rest_error: float = 0.0
    rest_busy: float = 0.0
    rest_limited: float = 0.0
    rest_cut: float = 0.0
    rest_hang: float = 0.0
    rest_empty: float = 0.0
    rest_page: float = 0.0
    rest_malformed: float = 0.0
    rest_truncate: float = 0.0
    rest_wrong_types: float = 0.0
    rest_huge: float = 0.0
    short_pages: float = 0.0
    codes: tuple[CodeFault, ...] = ()
    ban: float = 0.0
    ban_for: float = 0.0
    freeze: float = 0.0
    freeze_for: Span = (30.0, 120.0)
    late: float = 0.0
    crash_freeze: float = 0.0
    crash_late: float = 0.0
    revoke: float = 0.0
    revoke_after: Span = (10.0, 60.0)
    mode_change: float = 0.0
    clock_skew: float = 0.0


def _chance(text: str) -> float:
    value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= value <= 1:
        raise ValueError("a chance lies between 0 and 1, or 0% and 100%")
    return value


def _signed_duration(text: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration is a number with a unit, such as 250ms, 30s or 2m")
    return float(match[1]) * _UNITS[match[2]]


def _duration(text: str) -> float:
    value = _signed_duration(text)
    if value < 0:
        raise ValueError("a duration is not negative")
    return value


def _span(text: str) -> Span:
    first, _, last = text.partition("..")
    low, high = _duration(first), _duration(last or first)
    if low > high:
        raise ValueError("a span goes from the shorter to the longer, such as 5ms..50ms")
    return low, high


_DURATIONS = ("disconnect", "close", "half_open", "ban", "ban_for", "freeze", "late", "crash_freeze")
_SPANS = ("delay", "latency", "slow_reader", "freeze_for", "revoke_after")

_READERS: dict[str, Callable[[str], float | Span]] = {
    **{name: _chance for name in FaultPlan.__struct_fields__ if name != "codes"},
    **dict.fromkeys((*_DURATIONS, "crash_late", "mode_change"), _duration),
    **dict.fromkeys(_SPANS, _span),
    "clock_skew": _signed_duration,
}


def parse_faults(text: str) -> FaultPlan:
    """Return the plan that a list of faults describes.

    Parameters
    ----------
    text : str
        ``name=value`` joined by commas, as in the module's table; empty means no fault.

    Returns
    -------
    FaultPlan
        The parsed plan.

    Raises
    ------
    ConfigError
        For an unknown name, a name given twice or a value of the wrong form; the message names the item.
    """
    values: dict[str, float | Span] = {}
    codes: list[CodeFault] = []
    seen: set[str] = set()
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, has_value, value = (part.strip() for part in item.partition("="))
        code = _CODE.fullmatch(name)
        if name not in _READERS and code is None:
            known = ", ".join(sorted((*_READERS, "retcode.N")))
            raise ConfigError(f"faults: {name!r} is not a fault; known are {known}")
        if name in seen:
            raise ConfigError(f"faults: {name} is given twice; keep one")
        seen.add(name)
        reader = _chance if code else _READERS[name]
        if not has_value:
            raise ConfigError(f"faults: {name} needs a value, such as {name}={_example(reader)}")
        try:
            if code:
                codes.append(CodeFault(int(code[1]), code[2] or "*", _chance(value)))
            else:
                values[name] = reader(value)
        except ValueError as problem:
            hint = str(problem) if "could not convert" not in str(problem) else "it is not a number"
            raise ConfigError(f"faults: {item!r}: {hint}") from None
    return msgspec.convert({**values, "codes": tuple(codes)}, FaultPlan)


def _example(reader: Callable[[str], float | Span]) -> str:
    return "0.01" if reader is _chance else "5ms..50ms" if reader is _span else "30s"
