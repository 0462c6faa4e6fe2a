"""Model errors written once for each figure of the venue."""

from types import SimpleNamespace

import numpy as np
import pytest_asyncio

from marginwatch.app.model_errors import ModelErrorKeeper
from marginwatch.clock import ManualClock
from marginwatch.errors import ConnectivityError
from marginwatch.risk.margin.model_error import ErrorColumns
from marginwatch.store import Store
from marginwatch.store.risk_days import RiskDays

NAMES = {1: "main", 2: "isolated", 3: None}


def columns(at_ns, error=0.01):
    # Row 0 is none, row 2 has no margin of its own, row 3 was removed, row 4 never measured.
    maintenance = np.array([np.nan, error, np.nan, 9.0, np.nan])
    equity = np.array([np.nan, -error, 0.02, 9.0, np.nan])
    return ErrorColumns(
        equity=equity,
        adjusted_equity=equity,
        initial_margin=maintenance,
        maintenance_margin=maintenance,
        maintenance_to_equity=maintenance,
        gap_s=np.full(5, 0.5),
        measured_at_ns=np.array([0, at_ns, at_ns, at_ns, 0]),
    )


@pytest_asyncio.fixture
async def bench(tmp_path):
    store = await Store.open(tmp_path / "x.sqlite")
    made = SimpleNamespace(days=RiskDays(store), errors=None, clock=ManualClock())
    made.keeper = ModelErrorKeeper(made.days, made.clock, lambda: made.errors, NAMES.get)
    yield made
    await store.close()


async def test_each_figure_is_written_once_and_what_has_none_is_not(bench):
    await bench.keeper.run_once()
    bench.errors = columns(100)
    await bench.keeper.run_once()
    await bench.keeper.run_once()
    bench.errors = columns(200, 0.03)
    await bench.keeper.run_once()
    found = await bench.days.model_errors("main", "maintenance_margin")
    assert [(one.at_ns, one.error, one.gap_s) for one in found] == [(100, 0.01, 0.5), (200, 0.03, 0.5)]
    assert await bench.days.model_errors("isolated", "maintenance_margin") == ()
    assert [one.error for one in await bench.days.model_errors("isolated", "adjusted_equity")] == [0.02, 0.02]


async def test_what_could_not_be_written_is_written_the_next_time(bench, monkeypatch):
    real, calls = bench.days.add_model_errors, []

    async def failing(samples):
        calls.append(samples)
        if len(calls) == 1:
            raise ConnectivityError("disk full", reason="store")
        await real(samples)

    monkeypatch.setattr(bench.days, "add_model_errors", failing)
    bench.errors = columns(100)
    await bench.keeper.run_once()
    assert await bench.days.model_errors("main", "maintenance_margin") == ()
    await bench.keeper.run_once()
    assert len(await bench.days.model_errors("main", "maintenance_margin")) == 1
