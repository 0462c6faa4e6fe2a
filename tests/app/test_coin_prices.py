"""What coins were worth: now from the frame, for cash always, later from hourly closes, and else not at all."""

import pytest

from marginwatch.app.coin_prices import CoinPrices
from marginwatch.model.price_history import PriceClose, PriceSeries

NS = 1_000_000_000
NOW_NS = 1_700_000_000 * NS
HOUR_S = 3_600


class Closes:
    """Hourly closes of one coin, the last of them two hours old."""

    async def closes(self, interval_s):
        assert interval_s == HOUR_S
        end_s = NOW_NS // NS // HOUR_S * HOUR_S
        rows = tuple(PriceClose(end_s - HOUR_S * k, f"{100 + k}") for k in range(9, 1, -1))
        return {PriceSeries("bybit", "linear", "SOLUSDT", "SOL", HOUR_S): rows}


@pytest.mark.parametrize(
    ("asset", "hours_ago", "usd"),
    [
        ("USDT", 0.0, 1.0),
        ("USDT", 90.0, 1.0),
        ("SOL", 5.0, 105.0),
        ("SOL", 30.0, None),
        ("DOGE", 0.0, None),
    ],
)
async def test_a_coin_is_worth_what_is_known_of_its_moment(measure_desk, asset, hours_ago, usd):
    frame = measure_desk()
    prices = CoinPrices(lambda: frame, Closes())
    at_ns = (NOW_NS // NS // HOUR_S * HOUR_S) * NS - int(hours_ago * HOUR_S) * NS
    assert await prices.usd_at(asset, at_ns, NOW_NS) == usd


async def test_without_frame_and_closes_nothing_is_known():
    assert await CoinPrices(lambda: None).usd_at("USDT", NOW_NS, NOW_NS) is None
