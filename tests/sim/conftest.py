"""A simulated exchange that nobody trades on but the test."""

from collections.abc import Callable

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange

START_NS = 1_795_000_000_000_000_000
"""2026-11-18 11:06:40 UTC."""


@pytest.fixture
def quiet() -> Exchange:
    """One master account, no activity, a funding a minute."""
    return Exchange(7, ManualClock(START_NS), n_accounts=1, activity_per_s=0.0, funding_interval_s=60.0)


@pytest.fixture
def funded(quiet: Exchange) -> Callable[..., str]:
    """Open an account with ``usdt`` USDT; returns its UID."""

    def open_one(usdt: str = "10000", *, is_hedge_mode: bool = False) -> str:
        info = quiet.open_account("guest", is_hedge_mode=is_hedge_mode)
        quiet.deposit(info.uid, "USDT", usdt)
        return info.uid

    return open_one
