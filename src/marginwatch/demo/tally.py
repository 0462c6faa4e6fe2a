"""The object that ``demo --json`` prints last: other programs rely on its keys."""

from collections.abc import Sequence

import msgspec
import numpy as np

from marginwatch.demo.stage import Stage
from marginwatch.risk.tables import not_included, portfolio_summary


class Percentiles(msgspec.Struct, frozen=True):
    """Milliseconds; None where nothing was measured."""

    p50: float | None = None
    p99: float | None = None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo saw; None where there is nothing to count, never 0 for it.

    Parameters
    ----------
    accounts, venues : int
        Configured.
    positions : int or None
        Open ones of the accounts that are in the totals; None while there are none.
    messages, frames : int
        Events heard; full frames made.
    alerts_fired : int
        Alerts that began to fire.
    alerts_routed, alerts_delivered : int
        Of them, those that somebody was to be told of, and those that arrived.
    liquidations_simulated : int
        Accounts that the simulated exchange liquidated.
    warned_before_liquidation : int
        Accounts whose alert on the distance to liquidation fired before their liquidation.
    reconciliation_breaks : int
        Differences found between our book and the exchange's snapshots.
    stale_accounts : int
        Accounts that are not in the totals at the end.
    wire_to_alert_ms : Percentiles
        From the oldest message behind an alert, as received, to the alert in the outbox.
    """

    accounts: int
    positions: int | None
    venues: int
    messages: int
    frames: int
    alerts_fired: int
    alerts_routed: int
    alerts_delivered: int
    liquidations_simulated: int
    warned_before_liquidation: int
    reconciliation_breaks: int
    stale_accounts: int
    wire_to_alert_ms: Percentiles = Percentiles()


async def tally_of(stage: Stage) -> Tally:
    """Return the tally of a stage whose service has made a frame."""
    service = stage.service
    frame = service.engine.run_frame()
    summary = portfolio_summary(frame)
    alerting = stage.alerting
    counts = await alerting.counts()
    return Tally(
        accounts=summary.n_accounts,
        positions=summary.n_positions,
        venues=len({spec.venue for spec in service.config.accounts}),
        messages=service.engine.n_events,
        frames=service.engine.n_frames,
        alerts_fired=alerting.writer.n_fired,
        alerts_routed=counts.n_routed,
        alerts_delivered=counts.n_delivered,
        liquidations_simulated=len(stage.exchange.stats().liquidated_uids),
        warned_before_liquidation=len(stage.alerts.warned(stage.foresight.liquidated_at)),
        reconciliation_breaks=service.n_breaks,
        stale_accounts=sum(entry.kind == "account" for entry in not_included(frame)),
        wire_to_alert_ms=percentiles(alerting.writer.latencies_ms),
    )


def percentiles(samples: Sequence[float]) -> Percentiles:
    """Return the median and the 99th percentile of samples; None of none."""
    if not samples:
        return Percentiles()
    p50, p99 = np.percentile(np.array(samples), (50, 99)).tolist()
    return Percentiles(p50=round(p50, 3), p99=round(p99, 3))
