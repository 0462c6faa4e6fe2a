"""What was kept of equity before a restart, as the parts take it over."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from marginwatch.book.history.accounts import DAY_START_WITHIN_NS, Kept
from marginwatch.model.equity import EquitySample, LedgerCursor, LedgerLine
from marginwatch.model.ids import AccountId
from marginwatch.store.equity_minutes import EquityMinutes
from marginwatch.store.ledger import StoredLedger

NS = 1_000_000_000
FAR_BACK_NS = 30 * 86_400 * NS
"""What was kept longer ago is no beginning of anything: who was away for a month begins anew."""

SLACK_NS = 60 * NS
"""Clocks of venues are not ours."""


@dataclass(slots=True, frozen=True)
class KeptEquity:
    """By scope and name where it is of subjects, by account where it is of ledgers.

    Parameters
    ----------
    day_ns : int
        When the day began that ``day`` is of, UTC nanoseconds.
    day : dict
        What each subject had when the day began.
    last : dict
        What each had last.
    flows : dict
        The flows since, by account.
    cursors : mapping
        How far each ledger was read.
    unvalued : tuple of LedgerLine
        Those of the flows whose value is not known.
    began_ns : int or None
        When the oldest of the samples was taken, UTC nanoseconds; None without any.
    """

    day_ns: int
    day: dict[tuple[str, str], Kept] = field(default_factory=dict[tuple[str, str], Kept])
    last: dict[tuple[str, str], Kept] = field(default_factory=dict[tuple[str, str], Kept])
    flows: dict[AccountId, list[LedgerLine]] = field(default_factory=dict[AccountId, list[LedgerLine]])
    cursors: Mapping[AccountId, LedgerCursor] = field(default_factory=dict[AccountId, LedgerCursor])
    unvalued: tuple[LedgerLine, ...] = ()
    began_ns: int | None = None


async def load_kept(minutes: EquityMinutes, ledger: StoredLedger, now_ns: int, day_ns: int) -> KeptEquity:
    """Read what goes on from where it was.

    Parameters
    ----------
    minutes, ledger : EquityMinutes, StoredLedger
        Where it is kept.
    now_ns, day_ns : int
        Now, and when the day began, UTC nanoseconds.

    Raises
    ------
    ConnectivityError
        If the store cannot be read.
    """
    last = await minutes.last_samples(now_ns // NS, (now_ns - FAR_BACK_NS) // NS)
    day = await minutes.last_samples(day_ns // NS, (day_ns - DAY_START_WITHIN_NS) // NS)
    moments = [one.money_at_ns for one in (*day, *last) if one.money_at_ns is not None]
    since_ns = max(min(moments, default=now_ns) - SLACK_NS, now_ns - FAR_BACK_NS)
    flows: dict[AccountId, list[LedgerLine]] = {}
    lines = await ledger.lines(since_ns, now_ns + SLACK_NS, flows_only=True)
    for line in lines:
        flows.setdefault(line.account_id, []).append(line)
    return KeptEquity(
        day_ns=day_ns,
        day=_by_name(day),
        last=_by_name(last),
        flows=flows,
        cursors=await ledger.cursors(),
        unvalued=tuple(one for one in lines if one.usd is None),
        began_ns=await minutes.began_ns(),
    )


def _by_name(samples: tuple[EquitySample, ...]) -> dict[tuple[str, str], Kept]:
    return {
        (one.scope, one.name): Kept(
            one.equity_usd,
            one.money_at_ns or one.minute_s * NS,
            1.0 if one.growth_index is None else one.growth_index,
            1.0 if one.peak_index is None else one.peak_index,
        )
        for one in samples
        if one.equity_usd is not None
    }
