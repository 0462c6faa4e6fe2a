"""Health over HTTP: the accounts heard worst first, a bounded number of them, and how heavy measures stand."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.web import health_replies
from marginwatch.web.health_replies import health_reply


async def test_sources_come_worst_first_and_are_counted_by_state(service: SimpleNamespace) -> None:
    reply = await service.get("/api/v1/health")
    body = json.loads(reply.body)
    assert [(one["account_id"], one["inclusion"]) for one in body["sources"]] == [
        *(("=refused", "stopped"), ("cold", "starting")),
        *(("mm-main", "included"), ("arb-1", "included")),
    ]
    assert body["sources"][0]["reason"] == "the key may trade; make a read-only one"
    assert {one["state"]: one["n_accounts"] for one in body["counts"]} == {
        "lost": 0,
        "stale": 0,
        "stopped": 1,
        "starting": 1,
        "included": 2,
    }
    assert body["n_sources"] == 4
    # A picture without a service behind it says nothing of one.
    assert (body["frames"], body["store"], body["process"], body["budgets"]) == (None, None, None, [])


async def test_a_picture_that_stands_still_is_told_as_such(service: SimpleNamespace) -> None:
    service.picture.is_running = False
    body = json.loads((await service.get("/api/v1/health")).body)
    assert body["is_alive"] is False
    service.picture.frame = None
    assert (await service.get("/api/v1/health")).status == 503


def test_only_the_worst_are_listed(measure_desk: Callable[[], Frame], monkeypatch) -> None:
    monkeypatch.setattr(health_replies, "SOURCES_SHOWN_MAX", 2)
    frame = measure_desk()
    found = health_reply(frame, None)
    assert [one.account_id for one in found.sources] == ["=refused", "cold"]
    assert (found.n_sources, sum(one.n_accounts for one in found.counts)) == (4, 4)
    # Of those that are as bad, the one whose last snapshot is the oldest.
    frame.inclusion[frame.inclusion != Inclusion.NONE] = Inclusion.STALE
    frame.book.reconciled_at_ns[:] = -np.arange(frame.book.reconciled_at_ns.shape[0])
    rows = [spec.account_id if spec else "" for spec in frame.book.specs]
    assert [one.account_id for one in health_reply(frame, None).sources] == rows[:-3:-1]


def test_heavy_measures_have_ages_and_reasons(measure_desk: Callable[[], Frame]) -> None:
    frame = measure_desk()
    old = Part(at_ns=frame.at_ns - 90_000_000_000, value=object(), reason=None, good_for_s=60.0, took_s=0.25)
    frame = replace(frame, heavy=Heavy(stress=old))
    parts = {one.name: one for one in health_reply(frame, None).parts}
    assert (parts["stress"].age_s, parts["stress"].took_s) == (90.0, 0.25)
    assert parts["stress"].reason == "last reckoned 90 s ago, good for 60 s"
    assert (parts["distance"].age_s, parts["distance"].took_s) == (None, None)
    assert parts["distance"].reason == "not reckoned yet"
