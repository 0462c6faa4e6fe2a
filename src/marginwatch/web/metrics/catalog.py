"""Every metric that is told: its name, kind, labels and meaning; ``docs/operating.md`` has the same list, held by a test."""

from typing import Literal, NamedTuple

Kind = Literal["gauge", "counter", "histogram"]


class Metric(NamedTuple):
    """One metric.

    Parameters
    ----------
    name : str
        With the unit at its end; a counter's without ``_total``, which its samples have.
    kind : {'gauge', 'counter', 'histogram'}
        What Prometheus is told.
    labels : tuple of str
        Their names.
    meaning : str
        One sentence.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str

    @property
    def shown_name(self) -> str:
        """The name as queries have it."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


ACCOUNT = ("account", "venue")

METRICS: tuple[Metric, ...] = (
    Metric("marginwatch_build_info", "gauge", ("version",), "Always 1; which version runs."),
    # ---- accounts ---------------------------------------------------------------------------------------------
    Metric(
        "marginwatch_account_is_included", "gauge", ACCOUNT, "Whether the account counts in totals, 0 or 1."
    ),
    Metric(
        "marginwatch_account_data_age_seconds",
        "gauge",
        ACCOUNT,
        "Since the last message or snapshot of the account.",
    ),
    Metric(
        "marginwatch_account_snapshot_age_seconds",
        "gauge",
        ACCOUNT,
        "Since its last complete snapshot was begun.",
    ),
    Metric("marginwatch_account_equity_usd", "gauge", ACCOUNT, "Equity at live prices."),
    Metric(
        "marginwatch_account_net_exposure_usd", "gauge", ACCOUNT, "Long less short USD delta of derivatives."
    ),
    Metric(
        "marginwatch_account_gross_exposure_usd",
        "gauge",
        ACCOUNT,
        "Long plus short USD delta of derivatives.",
    ),
    Metric(
        "marginwatch_account_maintenance_margin_usage_ratio",
        "gauge",
        ACCOUNT,
        "Maintenance margin ÷ adjusted equity; liquidation at 1.",
    ),
    Metric(
        "marginwatch_account_initial_margin_usage_ratio",
        "gauge",
        ACCOUNT,
        "Initial margin ÷ adjusted equity; no new risk at 1.",
    ),
    Metric(
        "marginwatch_account_liquidation_distance_ratio",
        "gauge",
        ACCOUNT,
        "How far Bitcoin may move, all coins with it, until the account is liquidated; +Inf where nothing in range does.",
    ),
    Metric(
        "marginwatch_account_model_error_ratio",
        "gauge",
        ACCOUNT,
        "(Our maintenance margin − the venue's) ÷ the venue's, when it last sent one.",
    ),
    # ---- everything -------------------------------------------------------------------------------------------
    Metric("marginwatch_equity_usd", "gauge", (), "Equity of all accounts that count."),
    Metric(
        "marginwatch_net_exposure_usd", "gauge", (), "Long less short USD delta of all accounts that count."
    ),
    Metric(
        "marginwatch_gross_exposure_usd", "gauge", (), "Long plus short USD delta of all accounts that count."
    ),
    Metric(
        "marginwatch_accounts",
        "gauge",
        ("state",),
        "Accounts by state: included, starting, stale, lost, stopped.",
    ),
    Metric("marginwatch_positions", "gauge", (), "Open positions of all accounts."),
    # ---- sources ----------------------------------------------------------------------------------------------
    Metric("marginwatch_messages", "counter", ("venue",), "Messages on private sockets since the start."),
    Metric("marginwatch_malformed_messages", "counter", ("venue",), "Of these, those that did not decode."),
    Metric("marginwatch_connects", "counter", ("venue",), "Private sockets opened, reconnects among them."),
    Metric("marginwatch_resyncs", "counter", ("venue",), "Snapshots taken because messages may be missing."),
    Metric(
        "marginwatch_sockets_awaited", "gauge", ("venue",), "Accounts that stand in the connection queue."
    ),
    Metric("marginwatch_clock_skew_seconds", "gauge", ("venue",), "Our clock less the venue's."),
    Metric("marginwatch_breaks", "counter", (), "Differences found by reconciliation since the start."),
    Metric(
        "marginwatch_budget_usage_ratio",
        "gauge",
        ("host",),
        "Calls taken ÷ those that we may take within a window.",
    ),
    Metric("marginwatch_budget_waiting_calls", "gauge", ("host",), "Calls that wait for their turn."),
    Metric("marginwatch_budget_calls", "counter", ("host",), "Calls let through since the start."),
    Metric("marginwatch_budget_is_blocked", "gauge", ("host",), "Whether the host is left alone, 0 or 1."),
    # ---- frames -----------------------------------------------------------------------------------------------
    Metric("marginwatch_frames", "counter", (), "Full frames since the start."),
    Metric("marginwatch_lanes", "counter", (), "Fast lanes since the start."),
    Metric("marginwatch_events", "counter", (), "Events that reached the book since the start."),
    Metric("marginwatch_frame_age_seconds", "gauge", (), "Since the latest frame."),
    Metric("marginwatch_frame_interval_seconds", "gauge", (), "Mean between the last hundred frames."),
    Metric(
        "marginwatch_wire_to_frame_seconds",
        "gauge",
        (),
        "Age of the oldest message first shown in the latest frame; absent if it had none.",
    ),
    Metric("marginwatch_frame_build_seconds", "histogram", (), "What frames took to make."),
    Metric(
        "marginwatch_heavy_age_seconds", "gauge", ("part",), "Since the moment that a heavy measure is of."
    ),
    Metric("marginwatch_heavy_took_seconds", "gauge", ("part",), "What its last reckoning took."),
    # ---- alerts -----------------------------------------------------------------------------------------------
    Metric(
        "marginwatch_alerts",
        "gauge",
        ("state", "severity"),
        "Open alerts: pending, firing, or unknown, which cannot be judged now.",
    ),
    Metric("marginwatch_alerts_fired", "counter", (), "Alerts that fired since the start."),
    Metric("marginwatch_transitions_lost", "counter", (), "Changes of alerts that could not be written."),
    Metric(
        "marginwatch_alerting_is_well",
        "gauge",
        (),
        "Whether alerts are judged, written and delivered, 0 or 1.",
    ),
    Metric(
        "marginwatch_writer_behind_seconds",
        "gauge",
        (),
        "For how long a change of an alert has waited to be written.",
    ),
    Metric(
        "marginwatch_wire_to_outbox_seconds",
        "histogram",
        (),
        "From the message behind an alert, as received, until it was committed with its messages to people.",
    ),
    Metric(
        "marginwatch_wire_to_sent_seconds",
        "histogram",
        ("channel",),
        "From the same message until a channel had taken the alert.",
    ),
    Metric("marginwatch_outbox_pending_rows", "gauge", ("channel",), "Rows that wait to be told."),
    Metric(
        "marginwatch_outbox_oldest_seconds", "gauge", ("channel",), "How long the oldest of them has waited."
    ),
    Metric(
        "marginwatch_channel_is_failing",
        "gauge",
        ("channel",),
        "Whether the channel counts as failing, 0 or 1.",
    ),
    Metric(
        "marginwatch_deliveries",
        "counter",
        ("channel", "result"),
        "Messages by what the channel said: delivered, refused.",
    ),
    Metric(
        "marginwatch_outbox_rows",
        "counter",
        ("channel", "result"),
        "Rows brought to an end: sent, skipped, failed.",
    ),
    # ---- the rest ---------------------------------------------------------------------------------------------
    Metric("marginwatch_stream_clients", "gauge", (), "Clients of the live stream."),
    Metric("marginwatch_stream_dropped_frames", "counter", (), "Frames that slow clients did not get."),
    Metric("marginwatch_store_size_bytes", "gauge", (), "Of the database file."),
    Metric("marginwatch_disk_free_bytes", "gauge", (), "Free on the disk with the data folder."),
    Metric(
        "marginwatch_loop_lag_seconds",
        "gauge",
        (),
        "How late the loop was at worst within the last five seconds.",
    ),
)
"""All of our own. The client library adds ``process_…`` of the machine's."""

BY_NAME = {metric.name: metric for metric in METRICS}
