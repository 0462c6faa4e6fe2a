"""Documents together take a share of the time, whatever is subscribed to."""

import pytest

from marginwatch.web.stream.allowance import BURST_S, SHARE, Allowance


@pytest.mark.parametrize("cost_s", [0.004, 0.03, 0.4])
def test_what_is_spent_in_the_long_run_is_the_share(cost_s: float) -> None:
    allowance, spent_s, now_s = Allowance(), 0.0, 100.0
    for _ in range(20_000):
        allowance.refill(now_s)
        while allowance.is_left():
            allowance.spend(cost_s)
            spent_s += cost_s
        now_s += 0.05
    assert SHARE * 1_000.0 - cost_s <= spent_s <= SHARE * 1_000.0 + BURST_S + cost_s


def test_saved_up_is_at_most_a_burst_and_what_was_not_needed_is_given_back() -> None:
    allowance = Allowance()
    for now_s in (0.0, 1_000.0):
        allowance.refill(now_s)
        allowance.spend(BURST_S)
        assert not allowance.is_left()
    allowance.spend(-10.0)
    allowance.spend(BURST_S)
    assert not allowance.is_left()
