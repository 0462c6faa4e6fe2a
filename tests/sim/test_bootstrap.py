import csv
import itertools
import math
from importlib import resources

import numpy as np
import pytest

from marginwatch.sim.bootstrap import BLOCK_DAYS, bootstrapped
from marginwatch.sim.market import Market

START_MS = 1_795_000_000_000
LISTED = ("BTC", "ETH", "XRP", "ADA", "LTC", "BNB")
A_DAY_A_MINUTE = 1440.0


def recorded() -> list[tuple[str, list[float]]]:
    """Read the file again, in the plainest way, for the coins that were there all the time."""
    text = (resources.files("marginwatch.sim") / "data" / "daily_closes.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    return [
        (row["date"], [math.log(float(row[coin]) / float(before[coin])) for coin in LISTED])
        for before, row in itertools.pairwise(rows)
    ]


def played(seed: int, days: int) -> list[list[float]]:
    """Play a market a recorded day a minute and return its daily log returns in USDT, coin by coin."""
    market = Market(seed, "calm", START_MS, source="history", pace=A_DAY_A_MINUTE)
    found, before = [], None
    for day in range(days + 1):
        now = [market.usd[coin] / market.usd["USDT"] for coin in LISTED]
        if before is not None:
            found.append([math.log(b / a) for a, b in zip(before, now, strict=True)])
        before = now
        for beat in range(12):
            market.step(START_MS + day * 60_000 + (beat + 1) * 5000)
    return found


def test_every_day_played_is_a_recorded_day_of_all_coins_and_blocks_keep_their_order() -> None:
    rows = recorded()
    spots = []
    for day in played(3, 3 * BLOCK_DAYS):
        near = [number for number, (_, row) in enumerate(rows) if max(map(abs, np.subtract(row, day))) < 1e-9]
        assert len(near) == 1
        spots.append(near[0])
    for first in range(0, len(spots), BLOCK_DAYS):
        assert spots[first : first + BLOCK_DAYS] == list(range(spots[first], spots[first] + BLOCK_DAYS))
    assert len({spots[0], spots[BLOCK_DAYS], spots[2 * BLOCK_DAYS]}) == 3


def test_coins_keep_the_correlation_of_the_record() -> None:
    segments = list(itertools.islice(bootstrapped(1, 1.0), 4000))
    drawn = np.corrcoef([[one.returns[coin] for one in segments] for coin in LISTED])
    record = np.corrcoef(np.array([row for _, row in recorded()]).T)
    assert np.abs(drawn - record).max() < 0.06
    assert drawn[0, 1] > 0.7


def test_same_seed_same_history() -> None:
    def draw(seed: int) -> list[float]:
        return [one.returns["BTC"] for one in itertools.islice(bootstrapped(seed, 1.0), 25)]

    assert draw(5) == draw(5)
    assert draw(5) != draw(6)


def test_pace_is_how_much_record_passes_in_a_second() -> None:
    assert next(bootstrapped(1, 1.0)).duration_s == 86_400.0
    assert next(bootstrapped(1, 1440.0)).duration_s == 60.0
    with pytest.raises(ValueError, match="pace"):
        Market(1, "calm", START_MS, source="history", pace=0.0)
    with pytest.raises(ValueError, match="model, history"):
        Market(1, "calm", START_MS, source="dream")
