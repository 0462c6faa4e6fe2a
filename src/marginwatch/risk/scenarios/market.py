"""The market of a scenario: prices for legs and holdings in reused buffers, and what funding takes or gives."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.scenario import Scenario
from marginwatch.risk.margin.prices import Prices, contract_prices, option_rows
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.workspace import Workspace

SECONDS_AN_HOUR = 3_600.0


class ScenarioMarket(NamedTuple):
    """Prices of a scenario.

    Parameters
    ----------
    contract_mark : ndarray of shape (c,), float64
        Quote currency.
    coin_usd : ndarray of shape (m,), float64
        USD for one unit.
    prices : Prices
        The same by leg and holding; lives in the workspace.
    """

    contract_mark: FloatArray
    coin_usd: FloatArray
    prices: Prices


def scenario_market(
    sheet: MarginSheet, coin_factor: FloatArray, scenario: Scenario, work: Workspace
) -> ScenarioMarket:
    """Return the market that :func:`marginwatch.risk.margin.prices.prices_at` makes, in buffers.

    Parameters
    ----------
    sheet : MarginSheet
        What is held.
    coin_factor : ndarray of shape (m,), float64
        Factor on the USD price of each coin.
    scenario : Scenario
        Its volatility shift and time; its moves are in the factors.
    work : Workspace
        Buffers ``stress_mark`` and ``stress_usd``, and with options ``stress_index``.
    """
    shift, later = scenario.volatility_shift, scenario.hours_later * SECONDS_AN_HOUR
    mark, index = contract_prices(sheet, coin_factor, shift, later)
    usd = sheet.coin_usd * coin_factor
    leg_mark = gathered("stress_mark", mark, sheet.leg_contract, work)
    # Nobody asks for the underlying where there is no option.
    has_options = option_rows(sheet).shape[0] > 0
    leg_index = gathered("stress_index", index, sheet.leg_contract, work) if has_options else leg_mark
    holding_usd = gathered("stress_usd", usd, sheet.holding_coin, work)
    return ScenarioMarket(mark, usd, Prices(leg_mark, leg_index, holding_usd, shift, later))


def gathered(name: str, values: FloatArray, rows: CodeArray, work: Workspace) -> FloatArray:
    """Return ``values[rows]`` in a buffer; the rows must be valid, for they are not checked."""
    # "clip" lets numpy write straight into the buffer; "raise" would fill a copy first.
    return values.take(rows, out=work.array(name, rows.shape[0]), mode="clip")


def is_perpetual(sheet: MarginSheet) -> BoolArray:
    """Return which contracts pay funding, shape (c,): those that neither expire nor are options."""
    return ~sheet.is_option & (sheet.expiry_ns == 0)


def leg_funding(sheet: MarginSheet, contract_mark: FloatArray, rate: float, payments: int) -> FloatArray:
    """Return what funding brings each leg, shape (n,), settlement coin, received > 0.

    ``−rate × value`` a payment, with the signed value at mark: quantity × multiplier × mark (linear), quantity × multiplier
    ÷ mark (inverse).

    Parameters
    ----------
    sheet : MarginSheet
        The legs.
    contract_mark : ndarray of shape (c,), float64
        Marks at the payments, quote currency.
    rate : float
        Of one payment, fraction; longs pay when positive.
    payments : int
        How many.

    References
    ----------
    Bybit, transaction log: the funding of a settlement is size × mark × rate (checked against a recorded row).
    """
    is_inverse = sheet.is_inverse
    worth = (
        np.where(is_inverse, 1.0 / np.where(is_inverse, contract_mark, 1.0), contract_mark) * sheet.multiplier
    )
    paid = np.where(is_perpetual(sheet), -rate * payments * worth, 0.0)
    return sheet.leg_quantity * paid.take(sheet.leg_contract)


def holding_funding(sheet: MarginSheet, leg_amount: FloatArray) -> FloatArray:
    """Return amounts of legs summed by the holding they settle in, shape (h,)."""
    return grouped(sheet.leg_settle_holding, leg_amount, sheet.n_holdings)
