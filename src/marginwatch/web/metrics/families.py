"""One moment as samples, those of single accounts left out: a collector for the client library's registry."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from marginwatch import __version__
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.web.metrics.catalog import BY_NAME
from marginwatch.web.metrics.moment import AccountColumns, Moment
from marginwatch.web.metrics.ports import Buckets

Family: TypeAlias = GaugeMetricFamily | CounterMetricFamily | HistogramMetricFamily
Sample: TypeAlias = tuple[Sequence[str], float | None]
"""Values of the labels, and the figure; None or NaN where it is missing, which is then no sample."""

PREFIX = "marginwatch_"


class MomentCollector(Collector):
    """Yields the families of one moment; may run in any thread.

    Parameters
    ----------
    moment : Moment
        Nothing of it changes any more.
    """

    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    def collect(self) -> Iterable[Family]:
        """Return every family that has a sample."""
        of = self._moment
        families = (
            _family("build_info", [((__version__,), 1.0)]),
            *(() if of.accounts is None else (_states(of.accounts),)),
            *(_one(name, value) for name, value in (of.totals or {}).items()),
            *_of_sources(of),
            *_of_frames(of),
            *_of_alerts(of),
            *_of_channels(of),
            *_of_the_rest(of),
        )
        return [family for family in families if family.samples]


def _family(name: str, samples: Iterable[Sample]) -> Family:
    """Return a gauge or a counter with those samples that are a number; +Inf is one."""
    metric = BY_NAME[PREFIX + name]
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in samples:
        if value is not None and not math.isnan(value):
            family.add_metric(labels, value)
    return family


def _one(name: str, value: float | None) -> Family:
    return _family(name, [((), value)])


def _histogram(name: str, samples: Mapping[tuple[str, ...], Buckets]) -> Family:
    metric = BY_NAME[PREFIX + name]
    family = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, of in samples.items():
        ends = [*(repr(bound) for bound in of.bounds_s), "+Inf"]
        totals = [float(sum(of.counts[: place + 1])) for place in range(len(of.counts))]
        family.add_metric(labels, buckets=list(zip(ends, totals, strict=True)), sum_value=of.sum_s)
    return family


def _states(accounts: AccountColumns) -> Family:
    states = accounts.inclusion
    counts = {
        one.name.lower(): float((states == one).sum()) for one in Inclusion if one is not Inclusion.NONE
    }
    return _family("accounts", [((state,), count) for state, count in counts.items()])


def _of_sources(of: Moment) -> Iterator[Family]:
    venues, budgets = of.venues, of.budgets
    yield _family("messages", [((one.venue,), float(one.n_messages)) for one in venues])
    yield _family("malformed_messages", [((one.venue,), float(one.n_malformed)) for one in venues])
    yield _family("connects", [((one.venue,), float(one.n_connects)) for one in venues])
    yield _family("resyncs", [((one.venue,), float(one.n_resyncs)) for one in venues])
    yield _family("sockets_awaited", [((one.venue,), float(one.n_waiting_for_socket)) for one in venues])
    yield _family("clock_skew_seconds", [((one.venue,), one.clock_skew_s) for one in venues])
    yield _one("breaks", None if of.store is None else float(of.store.n_breaks))
    yield _family("budget_usage_ratio", [((one.host,), one.usage) for one in budgets])
    yield _family("budget_waiting_calls", [((one.host,), float(one.waiting)) for one in budgets])
    yield _family("budget_calls", [((one.host,), float(one.calls)) for one in budgets])
    yield _family(
        "budget_is_blocked", [((one.host,), float(one.blocked_until_ns is not None)) for one in budgets]
    )


def _of_frames(of: Moment) -> Iterator[Family]:
    if (frames := of.frames) is not None:
        yield _one("frames", float(frames.n_frames))
        yield _one("lanes", float(frames.n_lanes))
        yield _one("events", float(frames.n_events))
        yield _one("frame_age_seconds", frames.age_s)
        yield _one("frame_interval_seconds", _seconds(frames.interval_ms))
        yield _one("wire_to_frame_seconds", _seconds(frames.wire_to_frame_ms))
    if of.building is not None:
        yield _histogram("frame_build_seconds", {(): of.building})
    yield _family("heavy_age_seconds", [((part.name,), part.age_s) for part in of.parts])
    yield _family("heavy_took_seconds", [((part.name,), part.took_s) for part in of.parts])


def _of_alerts(of: Moment) -> Iterator[Family]:
    if of.alerts is not None:
        yield _family("alerts", [(labels, float(count)) for labels, count in of.alerts.items()])
    if (alerting := of.alerting) is not None:
        yield _one("alerts_fired", float(alerting.n_fired))
        yield _one("transitions_lost", float(alerting.n_lost))
        yield _one("alerting_is_well", float(alerting.problem is None))
        yield _one("writer_behind_seconds", alerting.behind_s)
    if of.wire_to_outbox is not None:
        yield _histogram("wire_to_outbox_seconds", {(): of.wire_to_outbox})
    if of.wire_to_sent is not None:
        yield _histogram("wire_to_sent_seconds", {(name,): one for name, one in of.wire_to_sent.items()})


def _of_channels(of: Moment) -> Iterator[Family]:
    told = of.channels
    yield _family(
        "outbox_pending_rows",
        [((one.channel,), None if one.pending is None else float(one.pending)) for one in told],
    )
    yield _family("outbox_oldest_seconds", [((one.channel,), one.oldest_age_s) for one in told])
    yield _family("channel_is_failing", [((one.channel,), float(one.is_failing)) for one in told])
    messages = [(one.channel, (("delivered", one.n_messages), ("refused", one.n_failures))) for one in told]
    rows = [
        (one.channel, (("sent", one.n_sent), ("skipped", one.n_skipped), ("failed", one.n_failed)))
        for one in told
    ]
    for name, found in (("deliveries", messages), ("outbox_rows", rows)):
        yield _family(
            name, [((channel, result), float(n)) for channel, results in found for result, n in results]
        )


def _of_the_rest(of: Moment) -> Iterator[Family]:
    if of.stream is not None:
        yield _one("stream_clients", float(of.stream.n_clients))
        yield _one("stream_dropped_frames", float(of.stream.n_dropped))
    if of.store is not None and of.store.size_bytes is not None:
        yield _one("store_size_bytes", float(of.store.size_bytes))
    if (process := of.process) is not None:
        free = process.disk_free_bytes
        yield _one("disk_free_bytes", None if free is None else float(free))
        yield _one("loop_lag_seconds", process.loop_lag_s)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1e3
