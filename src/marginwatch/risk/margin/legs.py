"""Margins of derivative legs of any venue whose tiers work as rate × value − deduction, plus a fee to close.

Two stages: what does not depend on prices (:func:`leg_terms`), and what does (:func:`leg_margins`). Most legs are in the
first tier; those that are not are reckoned again on their own.
"""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin.steps import Tiers, step_of
from marginwatch.risk.workspace import Workspace

VALUE, INITIAL, MAINTENANCE, PNL = range(4)
"""Rows of what :func:`leg_margins` returns."""


class LegTerms(NamedTuple):
    """What the margin of a leg depends on beside the price, shape (n,), float64 unless stated; NaN is missing.

    Parameters
    ----------
    contract : ndarray of shape (n,), int64
        Row of the tiers.
    quantity : ndarray
        Contracts, signed.
    entry_worth : ndarray
        Quantity × what one long contract was worth at entry, settlement coin, signed: the profit is worth − entry worth.
    leverage, taker_fee, order_value : ndarray
        As configured, ×; fraction; value of open orders that counts for the tier, settlement coin.
    inverse_leverage, fee, room, rate : ndarray
        In the first tier: 1 ÷ leverage used, fee to close in settlement coin, what the value may be, maintenance rate.
    """

    contract: CodeArray
    quantity: FloatArray
    entry_worth: FloatArray
    leverage: FloatArray
    taker_fee: FloatArray
    order_value: FloatArray
    inverse_leverage: FloatArray
    fee: FloatArray
    room: FloatArray
    rate: FloatArray


def fee_to_close(
    entry_worth: FloatArray,
    inverse_leverage: FloatArray,
    taker_fee: FloatArray,
    out: FloatArray | None = None,
) -> FloatArray:
    """Return the taker fee of closing at the bankruptcy price, settlement coin, ≥ 0.

    Linear ``q × E × (1 ∓ 1/L) × t``; inverse ``q ÷ bust × t`` with bust ``E × L ÷ (L ± 1)``. In signed worths at entry
    both are ``(|a| − a ÷ L) × t``, for the worth of an inverse contract is negative.

    References
    ----------
    Bybit help center, New Margin Calculation under UTA (effective 2025-09-02).
    """
    fee = np.multiply(entry_worth, inverse_leverage, out=out)
    np.subtract(np.abs(entry_worth), fee, out=fee)
    return np.multiply(fee, taker_fee, out=fee)


def leg_terms(
    contract: CodeArray,
    quantity: FloatArray,
    entry_value: FloatArray,
    leverage: FloatArray,
    taker_fee: FloatArray,
    order_value: FloatArray,
    tiers: Tiers,
    work: Workspace,
) -> LegTerms:
    """Return the terms of legs. The arrays made here live in ``work`` until its next use.

    ``entry_value`` is that of one long contract, settlement coin: multiplier × price, for inverse contracts − multiplier
    ÷ price. An order value that is not known counts as none: it matters for the tier alone.
    """
    n = contract.shape[0]
    room, rate, inverse_leverage = work.gather("tier", tiers.first, contract)
    # The tier caps the leverage; np.fmin would let a leverage that is not known pass for the cap.
    np.minimum(leverage, inverse_leverage, out=inverse_leverage)
    np.divide(1.0, inverse_leverage, out=inverse_leverage)
    entry_worth = np.multiply(quantity, entry_value, out=work.array("entry_worth", n))
    fee = fee_to_close(entry_worth, inverse_leverage, taker_fee, out=work.array("fee", n))
    if order_value.any():
        order_value = np.nan_to_num(order_value)
        np.subtract(room, order_value, out=room)
    return LegTerms(
        contract,
        quantity,
        entry_worth,
        leverage,
        taker_fee,
        order_value,
        inverse_leverage,
        fee,
        room,
        rate,
    )


def leg_margins(terms: LegTerms, mark_value: FloatArray, tiers: Tiers, work: Workspace) -> FloatArray:
    """Return value, initial margin, maintenance margin and unrealized profit of each leg at a mark.

    ``IM = v ÷ L + F`` and ``MM = v × r − D × v ÷ (v + o) + F`` with the value v at mark, the tier of v and the orders o,
    leverage L capped by the tier, and fee to close F. How a tier's deduction D is shared between a position and its
    orders is not published; by value is our reading.

    Parameters
    ----------
    terms : LegTerms
        From :func:`leg_terms`.
    mark_value : ndarray of shape (n,), float64
        What one long contract is worth at mark, settlement coin: multiplier × mark, inverse − multiplier ÷ mark.
    tiers : Tiers
        By contract.
    work : Workspace
        Lends the buffer of the result.

    Returns
    -------
    ndarray of shape (4, n), float64
        Rows ``VALUE``, ``INITIAL``, ``MAINTENANCE`` and ``PNL``; settlement coin.

    References
    ----------
    Bybit help center, New Margin Calculation under UTA (effective 2025-09-02); checked against position rows that the
    venue sent (2026-03-29).
    """
    n = terms.contract.shape[0]
    block = work.array("legs", 4 * n).reshape(4, n)
    value, initial, maintenance, pnl = block
    np.multiply(terms.quantity, mark_value, out=pnl)
    np.abs(pnl, out=value)
    np.subtract(pnl, terms.entry_worth, out=pnl)
    np.multiply(value, terms.inverse_leverage, out=initial)
    np.add(initial, terms.fee, out=initial)
    np.multiply(value, terms.rate, out=maintenance)
    np.add(maintenance, terms.fee, out=maintenance)
    beyond = np.flatnonzero(value > terms.room)
    if beyond.shape[0]:
        _reckon_beyond(block, terms, beyond, tiers)
    return block


def _reckon_beyond(block: FloatArray, terms: LegTerms, beyond: CodeArray, tiers: Tiers) -> None:
    """Reckon anew the legs whose value with their orders is above the first tier."""
    value, contract = block[VALUE, beyond], terms.contract[beyond]
    total = value + terms.order_value[beyond]
    step = step_of(tiers.limit, contract, total)
    rate, deduction = tiers.rate[contract, step], tiers.deduction[contract, step]
    inverse_leverage = 1.0 / np.minimum(terms.leverage[beyond], tiers.leverage[contract, step])
    fee = fee_to_close(terms.entry_worth[beyond], inverse_leverage, terms.taker_fee[beyond])
    block[INITIAL, beyond] = value * inverse_leverage + fee
    block[MAINTENANCE, beyond] = value * (rate - deduction / total) + fee
