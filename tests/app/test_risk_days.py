"""Days lived through on a manual clock: books frozen, forecasts made, gains compared, restarts survived."""

import numpy as np
import pytest
import pytest_asyncio

from marginwatch.app.risk_days import CLOSES_WITHIN_S, FREEZE_WITHIN_S, RiskDayKeeper
from marginwatch.clock import ManualClock
from marginwatch.errors import ConnectivityError
from marginwatch.model.ids import AccountId, Asset, VenueId
from marginwatch.model.price_history import PriceClose, PriceSeries
from marginwatch.model.risk_history import ForecastSubject
from marginwatch.risk.var.exposures import Exposures
from marginwatch.store import Store
from marginwatch.store.price_closes import PriceCloses
from marginwatch.store.risk_days import RiskDays

DAY_S = 86_400
WHOLE = ForecastSubject("portfolio", "", "filtered", 0.99, DAY_S)
MAIN = ForecastSubject("account", "main", "filtered", 0.99, DAY_S)


def exposures(btc_usd=100_000.0, eth_usd=0.0):
    held = np.array([[btc_usd, eth_usd]])
    return Exposures(
        account_ids=(AccountId("main"),),
        desk=np.array([1]),
        desk_names=(None, "mm"),
        coin_names=("BTC", "ETH"),
        exempt=frozenset(),
        linear_usd=held,
        delta_usd=held,
        is_missing=np.array([False]),
        missing_reasons=(None,),
    )


class Life:
    """A store, a clock at a midnight, and closes that come when they are told."""

    def __init__(self, store):
        self.days, self.closes = RiskDays(store), PriceCloses(store)
        self.clock = ManualClock()
        self.held = exposures()
        self.price = {"BTC": 50_000.0, "ETH": 3_000.0}
        self.keeper = self.restarted()

    def restarted(self):
        return RiskDayKeeper(self.days, self.closes, self.clock, lambda: self.held)

    @property
    def now_s(self):
        return self.clock.now_ns() // 1_000_000_000

    @property
    def day_s(self):
        return self.now_s // DAY_S * DAY_S

    async def to_midnight(self, seconds_after=30):
        await self.clock.advance(DAY_S - self.now_s % DAY_S + seconds_after)

    async def past(self, n_days=300):
        rng = np.random.default_rng(0)
        for coin, price in self.price.items():
            walk = price * np.exp(np.cumsum(rng.normal(0, 0.02, n_days)))
            walk *= price / walk[-1]
            await self.close(coin, [(self.day_s - DAY_S * back, walk[-1 - back]) for back in range(n_days)])

    async def close(self, coin, rows):
        series = PriceSeries(VenueId("bybit"), "linear", f"{coin}USDT", Asset(coin), DAY_S)
        await self.closes.add(series, [PriceClose(int(end_s), repr(float(price))) for end_s, price in rows])

    async def day_closes(self, **moves):
        for coin, move in moves.items():
            self.price[coin] *= 1 + move
            await self.close(coin, [(self.day_s, self.price[coin])])


@pytest_asyncio.fixture
async def life(tmp_path):
    store = await Store.open(tmp_path / "x.sqlite")
    made = Life(store)
    await made.to_midnight()
    await made.past()
    yield made
    await store.close()


async def test_a_day_is_frozen_forecast_and_compared(life):
    await life.keeper.run_once()
    (forecast,) = await life.days.forecasts(WHOLE)
    assert forecast.day_s == life.day_s
    # 2 % a day: 99 % of days lose less than about 4,600.
    assert 3_000 < forecast.var_usd < 7_500
    assert forecast.gain_usd is None
    assert (await life.days.forecasts(MAIN))[0].var_usd == pytest.approx(forecast.var_usd)
    life.held = exposures(-999.0)
    await life.to_midnight()
    await life.day_closes(BTC=-0.03, ETH=0.01)
    await life.keeper.run_once()
    first, second = await life.days.forecasts(WHOLE)
    # Of the book as it was frozen, not as it became.
    assert first.gain_usd == pytest.approx(-3_000)
    assert second.gain_usd is None
    assert second.var_usd < 100


async def test_all_methods_and_confidences_are_forecast_for_everything(life):
    await life.keeper.run_once()
    for method in ("historical", "filtered", "normal", "cornish-fisher"):
        for confidence in (0.95, 0.99):
            for scope, name in (("portfolio", ""), ("desk", "mm")):
                assert await life.days.forecasts(ForecastSubject(scope, name, method, confidence, DAY_S))
    assert not await life.days.forecasts(ForecastSubject("account", "main", "normal", 0.99, DAY_S))


async def test_a_restart_neither_freezes_again_nor_forgets_to_compare(life):
    await life.keeper.run_once()
    frozen = await life.days.frozen_book(life.day_s)
    life.held = exposures(1.0)
    life.keeper = life.restarted()
    await life.keeper.run_once()
    assert await life.days.frozen_book(life.day_s) == frozen
    await life.to_midnight(seconds_after=FREEZE_WITHIN_S + 100)
    await life.day_closes(BTC=0.05, ETH=0.0)
    life.keeper = life.restarted()
    await life.keeper.run_once()
    (forecast,) = await life.days.forecasts(WHOLE)
    assert forecast.gain_usd == pytest.approx(5_000)


async def test_too_late_for_the_day_s_end_there_is_no_forecast(life):
    await life.clock.advance(FREEZE_WITHIN_S + 1)
    await life.keeper.run_once()
    assert await life.days.last_day() is None


async def test_before_the_accounts_are_known_nothing_is_frozen(life):
    life.held = None
    await life.keeper.run_once()
    assert await life.days.last_day() is None
    life.held = exposures()
    await life.clock.advance(60)
    await life.keeper.run_once()
    assert await life.days.last_day() == life.day_s


async def test_a_close_that_comes_late_is_waited_for(life):
    await life.keeper.run_once()
    await life.to_midnight()
    await life.keeper.run_once()
    assert (await life.days.forecasts(WHOLE))[0].gain_usd is None
    await life.day_closes(BTC=0.01, ETH=0.0)
    await life.keeper.run_once()
    assert (await life.days.forecasts(WHOLE))[0].gain_usd == pytest.approx(1_000)


async def test_a_coin_without_a_close_leaves_the_day_open(life):
    life.held = exposures(100_000.0, 50_000.0)
    await life.keeper.run_once()
    await life.to_midnight()
    await life.day_closes(BTC=0.01)
    await life.keeper.run_once()
    assert (await life.days.forecasts(WHOLE))[0].gain_usd is None
    assert (await life.days.forecasts(MAIN))[0].gain_usd is None


async def test_without_price_history_the_book_is_kept_and_nothing_forecast(tmp_path):
    store = await Store.open(tmp_path / "y.sqlite")
    life = Life(store)
    await life.to_midnight(seconds_after=CLOSES_WITHIN_S)
    await life.keeper.run_once()
    assert len(await life.days.frozen_book(life.day_s)) == 1
    assert await life.days.forecasts(WHOLE) == ()
    await store.close()


async def test_a_store_that_cannot_be_written_is_tried_again(life, monkeypatch):
    real, calls = life.days.add_day, []

    async def failing(*args):
        calls.append(args)
        if len(calls) == 1:
            raise ConnectivityError("disk full", reason="store")
        await real(*args)

    monkeypatch.setattr(life.days, "add_day", failing)
    await life.keeper.run_once()
    assert await life.days.last_day() is None
    await life.keeper.run_once()
    assert await life.days.last_day() == life.day_s


async def test_a_forecast_waits_for_the_close_of_its_own_day_but_its_book_does_not(life):
    await life.keeper.run_once()
    (quiet,) = await life.days.forecasts(WHOLE)
    await life.to_midnight()
    await life.keeper.run_once()
    assert await life.days.last_day() == life.day_s - DAY_S
    life.held = exposures(1.0)
    await life.day_closes(BTC=-0.25)
    await life.keeper.run_once()
    # ETH, of which nothing is held but which had a close the day before, is waited for as well.
    assert len(await life.days.forecasts(WHOLE)) == 1
    await life.day_closes(ETH=0.0)
    await life.keeper.run_once()
    _, after = await life.days.forecasts(WHOLE)
    # The crash of the day is in the volatility that its end is forecast with; the book is that of midnight.
    assert after.var_usd > 1.5 * quiet.var_usd


async def test_a_close_that_does_not_come_is_not_waited_for_for_ever(life):
    await life.keeper.run_once()
    await life.to_midnight(seconds_after=CLOSES_WITHIN_S)
    await life.keeper.run_once()
    assert len(await life.days.forecasts(WHOLE)) == 2


async def test_closes_that_come_one_by_one_are_compared_when_the_last_is_there(life):
    life.held = exposures(100_000.0, 50_000.0)
    await life.keeper.run_once()
    await life.to_midnight(seconds_after=FREEZE_WITHIN_S + 1)
    await life.day_closes(BTC=0.01)
    await life.keeper.run_once()
    assert (await life.days.forecasts(WHOLE))[0].gain_usd is None
    await life.day_closes(ETH=0.02)
    await life.keeper.run_once()
    assert (await life.days.forecasts(WHOLE))[0].gain_usd == pytest.approx(2_000)


async def test_an_empty_book_is_frozen_once_a_day(life):
    life.held = exposures(0.0)
    await life.keeper.run_once()
    life.held = exposures()
    await life.clock.advance(60)
    await life.keeper.run_once()
    assert await life.days.forecasts(WHOLE) == ()
    assert await life.days.last_day() is None
