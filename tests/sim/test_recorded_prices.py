import datetime as dt
import math

import pytest

from marginwatch.sim.coins import COINS
from marginwatch.sim.recorded_prices import BETAS, PROXIES, recorded_days, with_proxies


def test_a_day_is_what_the_closes_say() -> None:
    day = next(day for day in recorded_days() if day.date == dt.date(2020, 3, 12))
    # The two closes of BTCUSDT as published: 7934.52 and 4800.
    assert math.exp(day.returns["BTC"]) == pytest.approx(4800 / 7934.52, rel=1e-14)
    assert day.own == {"BTC", "ETH", "XRP", "DOGE", "ADA", "LINK", "LTC", "BNB"}


def test_no_day_is_missing() -> None:
    days = [day.date for day in recorded_days()]
    assert days[0] == dt.date(2019, 7, 6)
    assert days == [days[0] + dt.timedelta(days=number) for number in range(len(days))]


def test_coins_without_a_record_follow_their_proxies_by_beta() -> None:
    returns = with_proxies({"BTC": -0.10, "ETH": -0.24})
    assert returns.keys() == {coin.name for coin in COINS}
    assert returns["SOL"] == pytest.approx(-0.24 / 1.2 * 1.4)
    assert returns["SUI"] == pytest.approx(-0.24 / 1.2 * 1.6)
    assert returns["TRX"] == pytest.approx(-0.05)


def test_every_chain_of_proxies_ends_at_bitcoin() -> None:
    assert PROXIES.keys() | {"BTC"} == BETAS.keys()
    for coin in PROXIES:
        chain = [coin]
        while chain[-1] != "BTC":
            chain.append(PROXIES[chain[-1]])
            assert len(chain) <= len(PROXIES)
