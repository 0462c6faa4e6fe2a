"""A few seconds of everything that can go wrong at once, for several seeds: the book ends at the truth.

A failure names its seed. ``MARGINWATCH_SEEDS=7,8,9`` plays others.
"""

import asyncio
import os
from typing import Any

import pytest

from marginwatch.model.snapshots import AccountSnapshot

FAULTS = (
    "drop=0.08,duplicate=0.15,reorder=0.15,malformed=0.02,truncate=0.005,delay=0ms..120ms,disconnect=2s,close=5s,"
    "half_open=6s,latency=0ms..80ms,rest_error=0.08,rest_busy=0.02,rest_limited=0.02"
)
SEEDS = [int(text) for text in os.environ.get("MARGINWATCH_SEEDS", "11,12,13,14,15").split(",")]
FAULTY_S = 4.0
N_PUSHES_MIN = 100
ROUGH = {
    "reconcile_s": 1.0,
    "poll_s": 0.5,
    "ping_s": 0.5,
    "socket_alive_for_s": 4.0,
    "connect_timeout_s": 2.0,
}


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_book_ends_at_the_truth(
    seed: int, set_stage: Any, until: Any, all_stream: Any, say: Any
) -> None:
    say(f"seed {seed}: this one alone with MARGINWATCH_SEEDS={seed}")
    events: list[object] = []
    async with set_stage(seed, FAULTS, n_accounts=8, activity_per_s=8.0, tick_s=0.2) as stage:
        stage.start_market()
        async with stage.watched(stage.config(**ROUGH), events.append) as service:
            await asyncio.sleep(FAULTY_S)
            counts = stage.server.front.counts
            # A busy machine needs longer for as much trouble.
            await until(lambda: counts["pushes"] > N_PUSHES_MIN, 30, lambda: counts)
            stage.faults.stop()
            await stage.stop_market()
            await until(
                lambda: (
                    service.is_complete()
                    and all_stream(service)
                    and stage.difference(service) is None
                    and not stage.left_out(service)
                ),
                20,
                lambda: (seed, stage.difference(service), stage.left_out(service), service.statuses()),
            )
            assert sum(one.n_connects for one in service.statuses()) > 8, "sockets broke"
            assert sum(isinstance(event, AccountSnapshot) for event in events) > 16
            stage.exchange.check_books()
