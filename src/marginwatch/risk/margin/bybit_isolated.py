"""Bybit, unified account, isolated margin: each position stands on margin of its own, taken at entry, and dies alone."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.margin.legs import MAINTENANCE, PNL, LegTerms, fee_to_close
from marginwatch.risk.margin.steps import Tiers, step_of


def inverse_leverage_used(terms: LegTerms, rows: CodeArray, value: FloatArray, tiers: Tiers) -> FloatArray:
    """Return 1 ÷ the leverage that the margin of some legs is reckoned with: as configured, capped by the tier."""
    contract = terms.contract[rows]
    step = step_of(tiers.limit, contract, value + terms.order_value[rows])
    return 1.0 / np.minimum(terms.leverage[rows], tiers.leverage[contract, step])


def initial_margin(terms: LegTerms, rows: CodeArray, inverse_leverage: FloatArray) -> FloatArray:
    """Return the initial margin of some legs without what was added by hand, settlement coin.

    ``IM = |q| × E ÷ L + F`` (linear), ``|q| ÷ (E × L) + F`` (inverse): at entry, so that no price moves it.

    References
    ----------
    Bybit help center, New Margin Calculation under UTA (effective 2025-09-02).
    """
    worth = terms.entry_worth[rows]
    return np.abs(worth) * inverse_leverage + fee_to_close(worth, inverse_leverage, terms.taker_fee[rows])


def room(
    block: FloatArray,
    terms: LegTerms,
    rows: CodeArray,
    inverse_leverage: FloatArray,
    extra: FloatArray,
    is_inverse: BoolArray,
) -> FloatArray:
    """Return what each of some legs may still lose, settlement coin: liquidation at 0.

    Initial margin + extra margin + profit − maintenance margin, in which the fee to close cancels. In an inverse
    contract extra margin X counts as ``X ÷ (1 ± t)``, + for longs, so that the root is the published liquidation price.

    Parameters
    ----------
    block : ndarray of shape (4, n), float64
        From :func:`marginwatch.risk.margin.legs.leg_margins`.
    terms, rows
        The legs, and which of them.
    inverse_leverage, extra : ndarray of shape (len(rows),), float64
        Of :func:`inverse_leverage_used`; margin added by hand, settlement coin.
    is_inverse : ndarray of shape (len(rows),), bool
        Settled in the base coin.

    References
    ----------
    Bybit help center, Liquidation Price (Isolated, UTA), 2026-05-27, for inverse contracts:
    ``q(1 + r) ÷ (q/E + q/(E·L) + X/(1 + t) + D)`` long, ``q(1 − r) ÷ (q/E − q/(E·L) − X/(1 − t) − D)`` short.
    """
    worth, fee = terms.entry_worth[rows], terms.taker_fee[rows]
    needed = block[MAINTENANCE, rows] - fee_to_close(worth, inverse_leverage, fee)
    side = np.sign(terms.quantity[rows])
    counted = np.where(is_inverse, extra / (1.0 + side * fee), extra)
    return np.abs(worth) * inverse_leverage + counted + block[PNL, rows] - needed
