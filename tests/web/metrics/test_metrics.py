"""The text of ``/metrics``, read by Prometheus' own parser: the figures of the frame, none for what is missing, safe labels."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.web.alerts import alert_of, small_desk

from marginwatch.model.alert import AlertState
from marginwatch.model.severity import Severity
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.tables import account_rows, portfolio_summary
from marginwatch.web.health_rows import AlertingRow, ChannelHealthRow, FramesRow, LatencyRow, VenueRow
from marginwatch.web.metrics.catalog import METRICS
from marginwatch.web.metrics.moment import Moment, counted, moment_of
from marginwatch.web.metrics.ports import Buckets
from marginwatch.web.metrics.scrape import GOOD_FOR_S, Scrape, written

ROOT = Path(__file__).resolve().parents[3]


def samples(text: bytes) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Every sample by name and labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text.decode()):
        for one in family.samples:
            found.setdefault(one.name, {})[tuple(sorted(one.labels.items()))] = one.value
    return found


def of_accounts(text: bytes, name: str) -> dict[str, float]:
    return {dict(labels)["account"]: value for labels, value in samples(text).get(name, {}).items()}


async def test_a_scrape_has_the_figures_of_the_frame(service: SimpleNamespace) -> None:
    reply = await service.get("/metrics")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    frame = service.picture.frame
    rows = {row.account_id: row for row in account_rows(frame)}
    for name, field in (
        ("equity_usd", "equity_usd"),
        ("net_exposure_usd", "net_usd"),
        ("gross_exposure_usd", "gross_usd"),
        ("maintenance_margin_usage_ratio", "maintenance_margin_usage"),
        ("initial_margin_usage_ratio", "initial_margin_usage"),
        ("data_age_seconds", "data_age_s"),
        ("model_error_ratio", "model_error"),
    ):
        known = {key: value for key, row in rows.items() if (value := getattr(row, field)) is not None}
        assert of_accounts(reply.body, f"marginwatch_account_{name}") == pytest.approx(known), name
    assert of_accounts(reply.body, "marginwatch_account_is_included") == {
        key: float(row.is_included) for key, row in rows.items()
    }
    found, summary = samples(reply.body), portfolio_summary(frame)
    assert found["marginwatch_net_exposure_usd"][()] == pytest.approx(summary.net_usd)
    assert found["marginwatch_positions"][()] == 3
    states = {labels[0][1]: value for labels, value in found["marginwatch_accounts"].items()}
    assert states == {"included": 2, "starting": 1, "stale": 0, "lost": 0, "stopped": 1}


async def test_who_may_not_read_may_not_scrape(service: SimpleNamespace) -> None:
    assert (await service.get("/metrics", token=None)).status == 401


async def test_nothing_is_said_of_accounts_once_frames_stand_still(service: SimpleNamespace) -> None:
    service.picture.is_running = False
    found = samples((await service.get("/metrics")).body)
    assert "marginwatch_build_info" in found
    assert not [name for name in found if name.startswith(("marginwatch_account", "marginwatch_equity"))]


def test_missing_is_absent_and_none_in_range_is_infinite(measure_desk: Callable[[], Frame]) -> None:
    moment = moment_of(measure_desk(), None, None)
    figures = dict(moment.accounts.figures)
    n = len(moment.accounts.ids)
    figures["maintenance_margin_usage_ratio"] = np.array([math.nan, 0.25, *[math.nan] * (n - 2)])
    answers = (Answer.NUMBER, Answer.NONE_IN_RANGE, Answer.MISSING, Answer.NOT_APPLICABLE)
    common = SimpleNamespace(answer=np.array(answers), shock=np.array([-0.3, math.nan, math.nan, math.nan]))
    distances = SimpleNamespace(rows={one: row for row, one in enumerate(moment.accounts.ids)}, common=common)
    accounts = replace(moment.accounts, figures=figures, distances=distances)
    text = written(replace(moment, accounts=accounts))
    ids = moment.accounts.ids
    assert of_accounts(text, "marginwatch_account_maintenance_margin_usage_ratio") == {ids[1]: 0.25}
    told = of_accounts(text, "marginwatch_account_liquidation_distance_ratio")
    assert told == {ids[0]: 0.3, ids[1]: math.inf}


def test_labels_with_quotes_lines_and_backslashes_come_back_whole(measure_desk: Callable[[], Frame]) -> None:
    moment = moment_of(measure_desk(), None, None)
    odd = ['"}\nfake_metric 1', "back\\slash\\n", "ｕnicode\u202e", "<b>"]
    text = written(replace(moment, accounts=replace(moment.accounts, ids=odd)))
    assert set(of_accounts(text, "marginwatch_account_is_included")) == set(odd)
    assert "fake_metric" not in samples(text)


def test_histograms_add_up_their_buckets() -> None:
    moment = empty(wire_to_outbox=Buckets((0.005, 0.05), (3, 2, 1), 0.4))
    found = samples(written(moment))
    buckets = {
        labels[0][1]: value for labels, value in found["marginwatch_wire_to_outbox_seconds_bucket"].items()
    }
    assert buckets == {"0.005": 3, "0.05": 5, "+Inf": 6}
    assert found["marginwatch_wire_to_outbox_seconds_count"][()] == 6
    assert found["marginwatch_wire_to_outbox_seconds_sum"][()] == 0.4


def test_open_alerts_are_counted_by_state_and_severity() -> None:
    # One pending; two that fire, one of which cannot be judged; a notice of one that cannot be.
    told = {key: n for key, n in counted(small_desk().alerts).items() if n}
    assert told == {
        ("pending", "warning"): 1,
        ("firing", "high"): 1,
        ("firing", "critical"): 1,
        ("unknown", "critical"): 1,
        ("unknown", "warning"): 1,
    }
    assert set(counted([])) == {
        (state, severity.word) for state in ("pending", "firing", "unknown") for severity in Severity
    }
    assert not sum(counted([alert_of("x", AlertState.RESOLVED)]).values())


def test_parts_of_a_service_are_told(measure_desk: Callable[[], Frame]) -> None:
    latency = LatencyRow(
        **dict.fromkeys(("n_to_outbox", "n_to_sent"), 0),
        **dict.fromkeys(("to_outbox_ms_p50", "to_outbox_ms_p99", "to_sent_ms_p50", "to_sent_ms_p99")),
    )
    moment = empty(
        venues=[
            VenueRow(
                venue="bybit",
                n_sessions=2,
                n_waiting_for_socket=1,
                n_connects=3,
                n_messages=40,
                n_malformed=5,
                n_resyncs=6,
                clock_skew_s=None,
            )
        ],
        frames=FramesRow(
            age_s=0.5,
            interval_ms=100.0,
            build_ms=1.0,
            build_ms_max=2.0,
            wire_to_frame_ms=None,
            n_frames=7,
            n_lanes=8,
            n_events=9,
        ),
        alerting=AlertingRow(problem="x", n_fired=2, n_rows=3, n_lost=0, behind_s=0.0, latency=latency),
        channels=[
            ChannelHealthRow(
                channel="phone",
                kind="telegram",
                pending=4,
                oldest_age_s=None,
                is_failing=True,
                n_failures_in_row=1,
                reason="",
                detail="",
                failing_since_ns=None,
                last_delivered_ns=None,
                n_messages=10,
                n_failures=2,
                n_sent=11,
                n_skipped=12,
                n_failed=13,
            )
        ],
    )
    found = samples(written(moment))
    venue, phone = (("venue", "bybit"),), (("channel", "phone"),)
    assert found["marginwatch_messages_total"][venue] == 40
    assert found["marginwatch_sockets_awaited"][venue] == 1
    assert "marginwatch_clock_skew_seconds" not in found
    assert (found["marginwatch_frames_total"][()], found["marginwatch_frame_interval_seconds"][()]) == (
        7,
        0.1,
    )
    assert "marginwatch_wire_to_frame_seconds" not in found
    assert found["marginwatch_alerting_is_well"][()] == 0
    assert found["marginwatch_outbox_pending_rows"][phone] == 4
    assert "marginwatch_outbox_oldest_seconds" not in found
    results = found["marginwatch_deliveries_total"]
    assert {dict(labels)["result"]: value for labels, value in results.items()} == {
        "delivered": 10,
        "refused": 2,
    }
    assert sum(found["marginwatch_outbox_rows_total"].values()) == 36


def test_every_metric_is_explained_in_the_operators_page() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    missing = []
    for metric in METRICS:
        labels = ", ".join(f"`{one}`" for one in metric.labels) or "–"
        line = f"| `{metric.shown_name}` | {metric.kind} | {labels} | {metric.meaning} |"
        missing += [] if line in page else [line]
    assert not missing, "\n".join(missing)
    named = {word for word in page.split("`") if word.startswith("marginwatch_")}
    assert named <= {metric.shown_name for metric in METRICS} | {
        f"{metric.name}_bucket" for metric in METRICS if metric.kind == "histogram"
    }


async def test_scrapes_of_the_same_second_look_once() -> None:
    now = [100.0]
    scrape, looked = Scrape(lambda: now[0]), []

    def look() -> Moment:
        looked.append(now[0])
        return empty()

    first, second = await asyncio.gather(scrape.text(look), scrape.text(look))
    assert first == second
    now[0] += GOOD_FOR_S
    await scrape.text(look)
    assert looked == [100.0, 100.0 + GOOD_FOR_S]


def empty(**parts: object) -> Moment:
    return Moment(accounts=None, totals=None, parts=(), alerts=None, **parts)
