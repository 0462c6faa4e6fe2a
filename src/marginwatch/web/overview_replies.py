"""The first page as a reply: everything that it shows, of one frame."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from marginwatch.model.alert import Alert, AlertState
from marginwatch.model.ids import AccountId
from marginwatch.model.severity import Severity
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy_rows import DistanceBasis, LadderRow
from marginwatch.risk.overview_rows import LevelLine, NearestLiquidation, OldestData, VarLine, WorstUsage
from marginwatch.risk.table_rows import PortfolioSummary
from marginwatch.risk.tables import distance_basis, first_not_included, ladder_rows, portfolio_summary
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.tables.overview import (
    benchmark_price,
    combined_usages,
    idle_collateral,
    level_line,
    nearest_liquidation,
    oldest_data,
    var_line,
    worst_usage,
)
from marginwatch.rules.facts import Performed, Reading
from marginwatch.web.account_ports import AccountModel
from marginwatch.web.alert_ports import AlertModel
from marginwatch.web.alert_rows import is_unknown
from marginwatch.web.overview_ports import Performance
from marginwatch.web.replies import Reply

NOT_INCLUDED_SHOWN_MAX = 50
RUNGS_SHOWN_MAX = 20
PERFORMANCE = ("daily_pnl_usd", "daily_loss_share", "drawdown")
NO_EQUITY = Reading(math.nan, Answer.MISSING, "this service keeps no history of equity")
NEVER = Performed(0, {})
UNSAFE_KEYS_SHOWN_MAX = 50
NO_SESSIONS = "missing: this picture has no sessions, which would check keys"
NO_ALERTING = "missing: this service judges no rules"


class AlertCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Open alerts: how many fire, are pending and cannot be judged; and those that fire by severity."""

    n_firing: int
    n_pending: int
    n_unknown: int
    n_critical: int
    n_high: int
    n_warning: int
    n_info: int


class OverviewReply(Reply, frozen=True, kw_only=True):
    """What the first page shows. USD; fractions for usages, distances, loss share and drawdown.

    Parameters
    ----------
    summary : PortfolioSummary
        Totals; what they do not include is cut after 50.
    n_not_included : int
        How much that is in all.
    maintenance_margin_usage, initial_margin_usage : float or None
        Combined: Σ margin ÷ Σ adjusted equity over the ``n_combined`` accounts that count and have both margins and
        adjusted equity, as if each backed the others. Isolated accounts have none: where only they count, it does not apply.
    worst_usage, nearest_liquidation, oldest_data
        Who; null where there is nobody, with the reason.
    idle_usd : float or None
        Collateral that could leave the accounts that count without any of them passing its target usage.
    daily_pnl_usd, daily_loss_share, drawdown : float or None
        Of all accounts together, deposits and withdrawals removed; ``performance_age_s`` old.
    btc_price : float or None
        USD, at the frame.
    level, value_at_risk
        Each with its age.
    ladder : tuple of LadderRow
        Who is liquidated first as Bitcoin falls and who as it rises, the first 20 each; ``ladder_basis`` counts all.
    alerts : AlertCounts or None
        None where no rules are judged.
    unsafe_keys : tuple of AccountId
        Accounts whose key can do more than read, as its check found: the first 50 of ``n_unsafe_keys``.
    n_unsafe_keys, n_unchecked_keys : int or None
        Such accounts, and those whose key was not checked yet; null where there are no sessions.
    build_ms : float
        What it took to make the frame.
    reasons : dict of str to str
        For each field that is null, why; for sums and ratios also what they leave out.
    """

    summary: PortfolioSummary
    n_not_included: int
    maintenance_margin_usage: float | None
    initial_margin_usage: float | None
    n_combined: int
    worst_usage: WorstUsage | None
    idle_usd: float | None
    daily_pnl_usd: float | None
    daily_loss_share: float | None
    drawdown: float | None
    performance_age_s: float | None
    btc_price: float | None
    nearest_liquidation: NearestLiquidation | None
    level: LevelLine
    value_at_risk: VarLine
    ladder: tuple[LadderRow, ...]
    ladder_basis: DistanceBasis
    alerts: AlertCounts | None
    oldest_data: OldestData | None
    unsafe_keys: tuple[AccountId, ...]
    n_unsafe_keys: int | None
    n_unchecked_keys: int | None
    build_ms: float
    reasons: dict[str, str]


def overview_reply(
    frame: Frame,
    performance: Performance | None = None,
    alerting: AlertModel | None = None,
    accounts: AccountModel | None = None,
) -> OverviewReply:
    """Return the first page of a frame. Cost: a few passes over columns of accounts; nobody is reckoned anew.

    Parameters
    ----------
    frame : Frame
        The latest.
    performance : Performance or None
        Of all accounts together; None where no history is kept.
    alerting : AlertModel or None
        For the counts of alerts.
    accounts : AccountModel or None
        For what is known of keys.
    """
    nulls = Nulls()
    left_out, n_left_out = first_not_included(frame, NOT_INCLUDED_SHOWN_MAX)
    performed = NEVER if performance is None else performance.portfolio_figures()
    if alerting is None:
        nulls.reasons["alerts"] = NO_ALERTING
    return OverviewReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        summary=portfolio_summary(frame, left_out),
        n_not_included=n_left_out,
        **combined_usages(frame, nulls),
        worst_usage=worst_usage(frame, nulls),
        idle_usd=idle_collateral(frame, nulls),
        **{name: _read(nulls, name, performed.readings.get(name, NO_EQUITY)) for name in PERFORMANCE},
        performance_age_s=max(0.0, (frame.at_ns - performed.at_ns) / 1e9) if performed.at_ns else None,
        btc_price=benchmark_price(frame, nulls),
        nearest_liquidation=nearest_liquidation(frame, nulls),
        level=level_line(frame),
        value_at_risk=var_line(frame),
        ladder=tuple(ladder_rows(frame, RUNGS_SHOWN_MAX)),
        ladder_basis=distance_basis(frame),
        alerts=None if alerting is None else alert_counts(alerting.open_alerts()),
        oldest_data=oldest_data(frame, nulls),
        **_keys(accounts, nulls),
        build_ms=frame.build_ms,
        reasons=nulls.reasons,
    )


def _keys(accounts: AccountModel | None, nulls: Nulls) -> dict[str, Any]:
    if accounts is None:
        nulls.reasons |= dict.fromkeys(("n_unsafe_keys", "n_unchecked_keys"), NO_SESSIONS)
        return {"unsafe_keys": (), "n_unsafe_keys": None, "n_unchecked_keys": None}
    keys = accounts.keys()
    return {
        "unsafe_keys": keys.unsafe[:UNSAFE_KEYS_SHOWN_MAX],
        "n_unsafe_keys": len(keys.unsafe),
        "n_unchecked_keys": len(keys.unchecked),
    }


def _read(nulls: Nulls, name: str, reading: Reading) -> float | None:
    if reading.answer == Answer.NUMBER and reading.reason is not None:
        nulls.reasons[name] = reading.reason
    return nulls.number(name, reading.value, reading.reason or "not known", int(reading.answer))


def alert_counts(alerts: Sequence[Alert]) -> AlertCounts:
    """Return how many of the open alerts are in each state, and of those that fire in each severity."""
    states = Counter(one.state for one in alerts)
    severities = Counter(one.severity for one in alerts if one.state is AlertState.FIRING)
    return AlertCounts(
        n_firing=states[AlertState.FIRING],
        n_pending=states[AlertState.PENDING],
        n_unknown=sum(map(is_unknown, alerts)),
        n_critical=severities[Severity.CRITICAL],
        n_high=severities[Severity.HIGH],
        n_warning=severities[Severity.WARNING],
        n_info=severities[Severity.INFO],
    )
