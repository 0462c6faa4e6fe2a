"""What became of forecasts, as it is shown while the last of them is still open."""

import pytest

from marginwatch.app.past_prices import PastPrices
from marginwatch.clock import ManualClock
from marginwatch.model.risk_history import Forecast

DAY_S = 86_400


class Kept:
    """No closes, and forecasts of four days: with a gain, without one, with one, and that of today, still open."""

    def __init__(self, today_s):
        self.today_s = today_s

    async def closes(self, interval_s):
        return {}

    async def forecasts(self, subject):
        gains = (50.0, None, -200.0, None)
        return tuple(
            Forecast(self.today_s - DAY_S * (3 - back), 100.0, 120.0, gain) for back, gain in enumerate(gains)
        )


@pytest.mark.parametrize(("passed_s", "n_left_out"), [(60, 1), (DAY_S + 60, 2)])
async def test_a_day_is_left_out_once_it_is_over_and_not_before(passed_s, n_left_out):
    clock = ManualClock()
    today_s = clock.now_ns() // 1_000_000_000 // DAY_S * DAY_S + DAY_S
    await clock.advance(today_s + passed_s - clock.now_ns() / 1e9)
    kept = Kept(today_s)
    past = PastPrices(kept, lambda: 1, clock, kept)
    await past.refresh()
    shown = past.returns.backtests["filtered", 0.99]
    assert (shown.n_days, shown.n_exceptions, shown.n_left_out) == (2, 1, n_left_out)
    assert (shown.light, shown.progress) == ("grey", "2 of 250 days")
