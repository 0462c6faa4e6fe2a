"""The routes of histories of equity: one subject in full, or small charts of several accounts."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from litestar import get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import Parameter, QueryParameter

from marginwatch.errors import ConfigError
from marginwatch.model.equity import EquityScope
from marginwatch.model.ids import AccountId
from marginwatch.risk.frame import Frame
from marginwatch.web.equity_points import (
    HOUR_S,
    NS,
    EquityPoint,
    bucket_for,
    moments,
    thinned,
)
from marginwatch.web.equity_ports import EquityHistory
from marginwatch.web.names import require_known, written
from marginwatch.web.reading import last_frame
from marginwatch.web.replies import Reply

Name = Annotated[str | None, Parameter(max_length=128)]
Moment = Annotated[int | None, Parameter(ge=0, le=2**63 - 1)]
Points = Annotated[int, Parameter(ge=2, le=2_000)]
FewPoints = Annotated[int, Parameter(ge=2, le=200)]
Hours = Annotated[int, Parameter(ge=1, le=168)]
Accounts = Annotated[list[str], QueryParameter(name="account", min_items=1, max_items=50)]

DAY_NS = 86_400 * NS
LOOKED_UP_EACH = 2
READS_AT_ONCE = 2
NO_HISTORY = "this service keeps no history of equity"


class EquityReply(Reply, frozen=True, kw_only=True):
    """The history of one account, one desk or all accounts together.

    Parameters
    ----------
    scope, name
        Of whom; ``name`` is null for all together.
    from_ns, to_ns : int
        What was looked at, UTC nanoseconds.
    bucket_s : int
        Length of the stretch that a point stands for, seconds.
    full_from_ns : int
        Before it only full hours are kept, UTC nanoseconds.
    points : tuple of EquityPoint
        Oldest first; gaps are points without figures.
    """

    scope: EquityScope
    name: str | None
    from_ns: int
    to_ns: int
    bucket_s: int
    full_from_ns: int
    points: tuple[EquityPoint, ...]


class Sparkline(msgspec.Struct, frozen=True, kw_only=True):
    """Equity of an account at the moments of the reply; null where there is none."""

    account_id: AccountId
    equity_usd: tuple[float | None, ...]


class SparklinesReply(Reply, frozen=True, kw_only=True):
    """Small charts of several accounts: the last equity of each stretch of ``bucket_s`` seconds, which ends at ``at_ns``."""

    bucket_s: int
    at_ns: tuple[int, ...]
    rows: tuple[Sparkline, ...]


def history_of(state: State) -> EquityHistory:
    """Return the histories of the service; without any, the answer is 404 with the reason."""
    history: EquityHistory | None = state["equity"]
    if history is None:
        raise HTTPException(status_code=404, detail=NO_HISTORY)
    return history


@get("/api/v1/equity")
async def equity(
    state: State,
    account: Name = None,
    desk: Name = None,
    from_ns: Moment = None,
    to_ns: Moment = None,
    points: Points = 500,
) -> EquityReply:
    """Return the history of an account, a desk, or of all accounts together; by default of the last 24 hours.

    Each point has the last, the lowest and the highest equity of its stretch. Where nothing is known there is a gap.
    """
    history, frame = history_of(state), last_frame(state)
    if account is not None and desk is not None:
        raise ConfigError("account and desk: name one of them")
    require_known(frame, account=account, desk=desk)
    scope: EquityScope = "account" if account is not None else "desk" if desk is not None else "portfolio"
    name = own_name(frame, account, desk)
    until_ns = frame.at_ns if to_ns is None else min(to_ns, frame.at_ns)
    since_ns = max(0, until_ns - DAY_NS) if from_ns is None else from_ns
    if since_ns >= until_ns:
        raise ConfigError("from_ns: must be before to_ns and before now; both are UTC nanoseconds")
    reads: asyncio.Semaphore = state["history_reads"]
    async with reads:
        kept = await history.kept_between(since_ns, until_ns)
        samples = await history.equity(name, since_ns, until_ns, scope)
    # Of years that nobody lived through no stretch is made.
    from_s = samples[0].minute_s if samples else since_ns // NS
    bucket_s = bucket_for(from_s, until_ns // NS, points)
    return EquityReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        scope=scope,
        name=name,
        from_ns=since_ns,
        to_ns=until_ns,
        bucket_s=bucket_s,
        full_from_ns=kept.full_from_s * NS,
        points=await asyncio.to_thread(thinned, samples, from_s, bucket_s, kept.full_from_s),
    )


def own_name(frame: Frame, account: str | None, desk: str | None) -> str | None:
    """Return the name as it is written in the configuration: filters do not mind letter case."""
    for kind, wanted in (("account", account), ("desk", desk)):
        if wanted is not None:
            return written(frame, kind, wanted)
    return None


@get("/api/v1/equity/sparklines")
async def sparklines(
    state: State, account: Accounts, hours: Hours = 24, points: FewPoints = 48
) -> SparklinesReply:
    """Return small charts of up to 50 accounts at once: ``account=a&account=b``.

    Where only full hours are kept any more, a stretch is an hour at least.
    """
    history, frame = history_of(state), last_frame(state)
    known = {spec.account_id.casefold(): spec.account_id for spec in frame.book.specs if spec is not None}
    for name in account:
        if name.casefold() not in known:
            require_known(frame, account=name)
    wanted = tuple(dict.fromkeys(known[name.casefold()] for name in account))
    to_s = frame.at_ns // NS
    from_s = to_s - hours * HOUR_S
    reads: asyncio.Semaphore = state["history_reads"]
    async with reads:
        # A stretch ends with its last moment, so that the last one ends now.
        kept = await history.kept_between((from_s + 1) * NS, to_s * NS)
        bucket_s = bucket_for(from_s, to_s, points)
        if kept.minutes and kept.minutes[0] < kept.full_from_s:
            bucket_s = -(-bucket_s // HOUR_S) * HOUR_S
        looked_up = moments(kept.minutes, from_s + 1, bucket_s, LOOKED_UP_EACH)
        minutes = sorted(minute for some in looked_up.values() for minute in some)
        found = await history.equity_at(wanted, minutes)
    buckets = range(min(looked_up, default=0), max(looked_up, default=-1) + 1)
    return SparklinesReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        bucket_s=bucket_s,
        at_ns=tuple((from_s + (bucket + 1) * bucket_s) * NS for bucket in buckets),
        rows=tuple(
            Sparkline(
                account_id=name,
                equity_usd=tuple(
                    _first_known(found.get(name, {}), looked_up.get(bucket, ())) for bucket in buckets
                ),
            )
            for name in wanted
        ),
    )


def _first_known(of: Mapping[int, float | None], minutes: Sequence[int]) -> float | None:
    return next((usd for minute in minutes if (usd := of.get(minute)) is not None), None)


EQUITY_ROUTES = (equity, sparklines)
