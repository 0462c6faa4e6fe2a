"""Frozen books, forecasts and model errors: kept, replaced, bounded."""

import pytest
import pytest_asyncio

from marginwatch.model.ids import AccountId, Asset
from marginwatch.model.risk_history import Forecast, ForecastSubject, FrozenExposure, ModelErrorSample
from marginwatch.store import Store
from marginwatch.store.retention import Retention
from marginwatch.store.risk_days import RiskDays

DAY_S = 86_400
WHOLE = ForecastSubject("portfolio", "", "filtered", 0.99, DAY_S)
MAIN = ForecastSubject("account", "main", "filtered", 0.99, DAY_S)


def row(account="main", coin="BTC", usd=5.0, **more):
    return FrozenExposure(
        account_id=AccountId(account), desk="mm", coin=Asset(coin), exposure_usd=usd, **more
    )


def forecast(day, var=10.0, gain=None):
    return Forecast(day * DAY_S, var, 2 * var, gain)


@pytest_asyncio.fixture
async def days(place):
    retention = Retention(frozen_days_max=2, forecast_days_max=5, model_errors_max=4)
    store = await Store.open(place, retention=retention)
    yield RiskDays(store)
    await store.close()


async def test_a_day_is_found_as_it_was(days):
    book = (row(), row(coin="ETH", usd=-2.5, curve=b"\x01\x02"), row(account="other", is_exempt=True))
    await days.add_day(DAY_S, book, [(WHOLE, forecast(1)), (MAIN, forecast(1, 3.0))])
    assert set(await days.frozen_book(DAY_S)) == set(book)
    assert await days.forecasts(WHOLE) == (forecast(1),)
    assert await days.forecasts(MAIN) == (forecast(1, 3.0),)
    assert await days.last_day() == DAY_S


async def test_a_desk_whose_name_cannot_be_stored_as_it_is_has_its_forecasts(days):
    desk = ForecastSubject("desk", "m\x00m", "filtered", 0.99, DAY_S)
    await days.add_day(DAY_S, [row()], [(desk, forecast(1)), (WHOLE, forecast(1, 3.0))])
    await days.add_day(2 * DAY_S, [row()], [(desk, forecast(2))])
    await days.add_gains(DAY_S, {("desk", "m\x00m"): -2.0})
    assert await days.forecasts(desk) == (forecast(1, gain=-2.0), forecast(2))


async def test_an_empty_store_has_no_day(days):
    assert await days.last_day() is None
    assert await days.frozen_book(DAY_S) == ()
    assert await days.forecasts(WHOLE) == ()
    assert await days.days_without_gains() == ()


async def test_a_day_written_twice_is_the_second_one(days):
    await days.add_day(DAY_S, [row(), row(coin="ETH")], [(WHOLE, forecast(1)), (MAIN, forecast(1))])
    await days.add_day(DAY_S, [row(usd=7.0)], [(WHOLE, forecast(1, 11.0))])
    assert await days.frozen_book(DAY_S) == (row(usd=7.0),)
    assert await days.forecasts(WHOLE) == (forecast(1, 11.0),)
    assert await days.forecasts(MAIN) == ()


async def test_gains_go_beside_all_forecasts_of_their_subject_and_day(days):
    other = ForecastSubject("portfolio", "", "historical", 0.95, DAY_S)
    await days.add_day(DAY_S, [row()], [(WHOLE, forecast(1)), (other, forecast(1, 4.0)), (MAIN, forecast(1))])
    await days.add_day(2 * DAY_S, [row()], [(WHOLE, forecast(2))])
    assert await days.days_without_gains() == (DAY_S, 2 * DAY_S)
    await days.add_gains(DAY_S, {("portfolio", ""): -12.5, ("account", "main"): 1.0, ("desk", "none"): 9.0})
    assert await days.forecasts(WHOLE) == (forecast(1, gain=-12.5), forecast(2))
    assert await days.forecasts(other) == (forecast(1, 4.0, -12.5),)
    assert await days.forecasts(MAIN) == (forecast(1, gain=1.0),)
    assert await days.days_without_gains() == (2 * DAY_S,)


async def test_old_days_go(days):
    for day in range(1, 9):
        await days.add_day(day * DAY_S, [row()], [(WHOLE, forecast(day))])
    assert [one.day_s // DAY_S for one in await days.forecasts(WHOLE)] == [4, 5, 6, 7, 8]
    assert await days.frozen_book(6 * DAY_S) == ()
    assert await days.frozen_book(7 * DAY_S) == (row(),)


async def test_model_errors_are_bounded_for_each_account_and_figure(days):
    def sample(at, account="main", figure="equity"):
        return ModelErrorSample(AccountId(account), figure, at, 0.001 * at, 1.5)

    await days.add_model_errors([sample(at) for at in range(10)])
    await days.add_model_errors([sample(at, figure="initial_margin") for at in range(2)])
    await days.add_model_errors([sample(9), sample(9), sample(10, account="other")])
    assert [one.at_ns for one in await days.model_errors(AccountId("main"), "equity")] == [6, 7, 8, 9]
    assert await days.model_errors(AccountId("main"), "equity", 1) == (sample(9),)
    assert len(await days.model_errors(AccountId("main"), "initial_margin")) == 2
    assert len(await days.model_errors(AccountId("other"), "equity")) == 1


@pytest.mark.parametrize("nothing", [[], ()])
async def test_nothing_is_nothing(days, nothing):
    await days.add_model_errors(nothing)
    await days.add_gains(DAY_S, {})
    assert await days.model_errors(AccountId("main"), "equity") == ()
