"""What open orders add to a position before the venue chooses its risk-limit tier."""

import math
from collections.abc import Iterable

from marginwatch.book.table import NAN
from marginwatch.model.activity import OpenOrder


def order_value(
    orders: Iterable[OpenOrder], net_quantity: float, multiplier: float, is_inverse: bool
) -> float:
    """Return the value of the open orders of one contract as it counts for the tier, settlement currency.

    An order that can only reduce counts nothing, nor does the part of any other that would close what is held: longs are
    closed by sales, shorts by purchases, oldest orders first. What is left counts at its limit price. An order that waits
    for a trigger ties up nothing yet, and one without a price, at market, is filled in the moment it is placed.

    Parameters
    ----------
    orders : iterable of OpenOrder
        Of one account and contract.
    net_quantity : float
        Contracts held over all legs, long positive.
    multiplier : float
        Base units (linear) or quote units (inverse) a contract.
    is_inverse : bool
        Settled in the base coin.

    Returns
    -------
    float
        At least 0; 0 without orders; NaN if an order says neither its size nor how much of it is left.

    References
    ----------
    Bybit help centre, New Margin Calculation (2025-09-02): the tier is that of the value of position and orders.
    Which orders count, and in which order they are set against the position, is not published: our reading.
    """
    free = {"buy": max(0.0, -net_quantity), "sell": max(0.0, net_quantity)}
    value = 0.0
    for order in sorted(orders, key=_placed_at):
        price = 0.0 if order.price is None else float(order.price)
        if order.is_reduce_only or order.is_conditional or price <= 0.0:
            continue
        text = order.quantity if order.remaining_quantity is None else order.remaining_quantity
        if text is None or order.side is None:
            return NAN
        quantity = float(text)
        covered = min(free[order.side], quantity)
        free[order.side] -= covered
        adding = (quantity - covered) * multiplier
        value += adding / price if is_inverse else adding * price
    return value


def _placed_at(order: OpenOrder) -> float:
    return math.inf if order.created_at_ns is None else order.created_at_ns
