"""The object that ``demo --json`` prints last: other programs rely on its keys."""

import msgspec

from marginwatch.demo.stage import Stage
from marginwatch.risk.tables import not_included, portfolio_summary


class Percentiles(msgspec.Struct, frozen=True):
    """Milliseconds; None where nothing was measured."""

    p50: float | None = None
    p99: float | None = None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo saw. What is not built yet is None, never 0.

    Parameters
    ----------
    accounts, venues : int
        Configured.
    positions : int or None
        Open ones of the accounts that are in the totals; None while there are none.
    messages, frames : int
        Events heard; full frames made.
    alerts_fired, alerts_routed, alerts_delivered, warned_before_liquidation : int or None
        Of alerts.
    liquidations_simulated : int
        Accounts that the simulated exchange liquidated.
    reconciliation_breaks : int
        Differences found between our book and the exchange's snapshots.
    stale_accounts : int
        Accounts that are not in the totals at the end.
    wire_to_alert_ms : Percentiles
        From the wire to the outbox.
    """

    accounts: int
    positions: int | None
    venues: int
    messages: int
    frames: int
    alerts_fired: int | None = None
    alerts_routed: int | None = None
    alerts_delivered: int | None = None
    liquidations_simulated: int
    warned_before_liquidation: int | None = None
    reconciliation_breaks: int
    stale_accounts: int
    wire_to_alert_ms: Percentiles = Percentiles()


def tally_of(stage: Stage) -> Tally:
    """Return the tally of a stage whose service has made a frame."""
    service = stage.service
    frame = service.engine.run_frame()
    summary = portfolio_summary(frame)
    return Tally(
        accounts=summary.n_accounts,
        positions=summary.n_positions,
        venues=len({spec.venue for spec in service.config.accounts}),
        messages=service.engine.n_events,
        frames=service.engine.n_frames,
        liquidations_simulated=stage.exchange.stats().liquidations,
        reconciliation_breaks=service.n_breaks,
        stale_accounts=sum(entry.kind == "account" for entry in not_included(frame)),
    )
