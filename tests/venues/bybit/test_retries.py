import random

import pytest

from marginwatch.errors import (
    AuthError,
    ConnectivityError,
    MarginwatchError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
)
from marginwatch.venues.bybit.errors import error_for
from marginwatch.venues.bybit.retries import BACKOFF_MAX_S, RetryCount


def waits(error: MarginwatchError) -> list[float]:
    count = RetryCount(random.Random(1))
    found: list[float] = []
    while (wait_s := count.wait_s(error)) is not None:
        found.append(wait_s)
        assert len(found) < 20
    return found


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (error_for(10002, "time"), 1),
        (error_for(10006, "Too many visits!", retry_after_s=0.4), 3),
        (error_for(10016, "restarting"), 2),
        (error_for(424242, "?"), 2),
        (ProtocolError("cut"), 2),
        (ConnectivityError("closed"), 2),
        (error_for(10014, "duplicate"), 2),
        (error_for(10003, "key"), 0),
        (error_for(10004, "sign"), 0),
        (error_for(10005, "denied"), 0),
        (error_for(10010, "ip"), 0),
        (error_for(33004, "expired"), 0),
        (error_for(10001, "parameter"), 0),
        (error_for(3100197, "upgrading"), 0),
        (RateLimitedError("banned", reason="ip_blocked", retry_after_s=600), 0),
        (AuthError("no"), 0),
        (RejectedError("no"), 0),
    ],
    ids=str,
)
def test_how_often_each_failure_is_tried_again(error: MarginwatchError, tries: int) -> None:
    assert len(waits(error)) == tries


def test_waits_grow_within_bounds_and_differ_by_chance() -> None:
    first, second = waits(ConnectivityError("closed"))
    assert 0 < first < second <= BACKOFF_MAX_S
    other = RetryCount(random.Random(2)).wait_s(ConnectivityError("closed"))
    assert other != first


def test_the_budget_does_the_waiting_for_a_used_up_limit() -> None:
    assert waits(error_for(10006, "Too many visits!", retry_after_s=0.4)) == [0.0, 0.0, 0.0]


def test_a_venue_that_sheds_load_is_given_the_time_it_asks_for() -> None:
    assert all(wait_s >= 1.0 for wait_s in waits(error_for(429, "busy")))
