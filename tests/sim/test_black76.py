"""Black-76 against recorded tickers of the exchange, and against itself: parity and numerical derivatives."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.sim import black76


def years_until(now_ms: int, year: int, month: int, day: int) -> float:
    expiry = dt.datetime(year, month, day, 8, tzinfo=dt.UTC)
    return (expiry.timestamp() - now_ms / 1000) / (365 * 86_400)


RECORDED = [
    # BTC-28JUN24-60000-P, recorded 2024-05-15
    (62588.50709846, 60000, 0.5513, years_until(1715742949283, 2024, 6, 28), False,
     (3502.0715721, -0.37596534, 0.00003161, 82.65324199, -51.54651685)),
    # SOL-28APR23-24-C, recorded 2023-04-04
    (20.93, 24, 1.4674, years_until(1680652810254, 2023, 4, 28), True,
     (1.99054639, 0.42723543, 0.0505193, 0.02075941, -0.06527514)),
    # BTC-6JAN23-17500-C, example of the documents, 2023-01-05: less than a day to go
    (16815.1, 17500, 0.4896, years_until(1672917511074, 2023, 1, 6), True,
     (7.86976724, 0.047831, 0.00021453, 0.81351067, -19.9115368)),
]  # fmt: skip


@pytest.mark.parametrize(("forward", "strike", "volatility", "years", "is_call", "shown"), RECORDED)
def test_recorded_tickers(forward, strike, volatility, years, is_call, shown) -> None:
    worth = black76.price(forward, strike, volatility, years, is_call=is_call)
    greeks = black76.greeks(forward, strike, volatility, years, is_call=is_call)
    # The volatility is shown with 4 decimals, which is what remains of the difference.
    assert worth == pytest.approx(shown[0], rel=2e-3)
    assert greeks.delta == pytest.approx(shown[1], rel=2e-3)
    assert greeks.gamma == pytest.approx(shown[2], rel=2e-3)
    assert greeks.vega == pytest.approx(shown[3], rel=2e-3)
    assert greeks.theta == pytest.approx(shown[4], rel=2e-3)


FORWARDS = st.floats(0.5, 200_000.0)
MONEYNESS = st.floats(0.6, 1.6)
VOLATILITIES = st.floats(0.1, 3.0)
YEARS = st.floats(0.01, 2.0)


@given(FORWARDS, MONEYNESS, VOLATILITIES, YEARS)
def test_call_less_put_is_forward_less_strike(forward, moneyness, volatility, years) -> None:
    strike = forward * moneyness
    call = black76.price(forward, strike, volatility, years, is_call=True)
    put = black76.price(forward, strike, volatility, years, is_call=False)
    assert call - put == pytest.approx(forward - strike, abs=1e-9 * forward)
    assert call >= max(0.0, forward - strike) - 1e-9 * forward


@given(MONEYNESS, VOLATILITIES, YEARS, st.booleans())
def test_greeks_are_the_slopes_of_the_price(moneyness, volatility, years, is_call) -> None:
    forward, strike = 1000.0, 1000.0 * moneyness

    def price(f: float = forward, v: float = volatility, y: float = years) -> float:
        return black76.price(f, strike, v, y, is_call=is_call)

    greeks = black76.greeks(forward, strike, volatility, years, is_call=is_call)
    assert greeks.delta == pytest.approx((price(f=1000.01) - price(f=999.99)) / 0.02, abs=1e-5)
    assert greeks.gamma == pytest.approx((price(f=1001.0) - 2 * price() + price(f=999.0)), rel=0.02, abs=1e-6)
    assert greeks.vega == pytest.approx(
        (price(v=volatility + 1e-5) - price(v=volatility - 1e-5)) / 2e-3, rel=1e-3, abs=1e-6
    )
    day = 1 / 365
    slope = (price(y=years - day * 1e-3) - price(y=years + day * 1e-3)) / 2e-3
    assert greeks.theta == pytest.approx(slope, rel=1e-2, abs=1e-6)


def test_at_expiry_only_the_payoff_is_left() -> None:
    assert black76.price(110.0, 100.0, 0.5, 0.0, is_call=True) == 10.0
    assert black76.price(110.0, 100.0, 0.5, 0.0, is_call=False) == 0.0
    assert black76.greeks(110.0, 100.0, 0.5, 0.0, is_call=True) == (1.0, 0.0, 0.0, 0.0)
    assert black76.greeks(90.0, 100.0, 0.5, 0.0, is_call=False) == (-1.0, 0.0, 0.0, 0.0)


@given(
    strike=st.floats(50.0, 200.0),
    volatility=st.floats(0.1, 3.0),
    years=st.floats(0.01, 1.0),
    is_call=st.booleans(),
)
def test_the_volatility_of_a_price_is_the_one_it_was_made_with(
    strike: float, volatility: float, years: float, is_call: bool
) -> None:
    worth = black76.price(100.0, strike, volatility, years, is_call=is_call)
    found = black76.implied_volatility(worth, 100.0, strike, years, is_call=is_call)
    vega = black76.greeks(100.0, strike, volatility, years, is_call=is_call).vega
    if vega > 1e-6:
        assert found == pytest.approx(volatility, rel=1e-4)


@pytest.mark.parametrize(
    ("forward", "strike", "volatility", "years", "is_call", "shown"), RECORDED[:1], ids=["put"]
)
def test_a_recorded_mark_gives_its_recorded_volatility(
    forward: float, strike: int, volatility: float, years: float, is_call: bool, shown: tuple[float, ...]
) -> None:
    found = black76.implied_volatility(shown[0], forward, strike, years, is_call=is_call)
    assert found == pytest.approx(volatility, abs=0.0001)


@pytest.mark.parametrize(
    ("worth", "years"), [(20.0, 0.0), (9.99, 0.5), (10.0, 0.5), (110.0, 0.5), (0.0, 0.5)]
)
def test_prices_that_no_volatility_gives_have_none(worth: float, years: float) -> None:
    assert black76.implied_volatility(worth, 110.0, 100.0, years, is_call=True) is None
