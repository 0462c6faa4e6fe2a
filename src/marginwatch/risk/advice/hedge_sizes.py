"""How much of which contract each way to hedge asks for."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from marginwatch.risk.advice.scope import Scope
from marginwatch.risk.advice.trade_terms import TradeTerms, perpetual_of
from marginwatch.risk.liquidation.exposures import contract_deltas

SMALLEST_USD = 1.0
"""Hedges of a smaller delta are none."""


class Size(NamedTuple):
    """So many contracts, signed, of a contract on an account; rows of the sheet."""

    account: int
    contract: int
    quantity: float


class NoSizes(NamedTuple):
    """Why no size can be told."""

    reason: str


def beta_sizes(
    scope: Scope, terms: TradeTerms, trade_on: int, coin: str, target_usd: float
) -> list[Size] | NoSizes:
    """Return the one trade that brings the beta-weighted delta to a target: ``(target − delta) ÷ beta`` USD of a coin."""
    contract = perpetual_of(scope.sheet, terms, trade_on, coin)
    if contract is None:
        return NoSizes(f"no priced perpetual of {coin} is known at the venue")
    beta = float(scope.betas.value[scope.sheet.underlying_coin[contract]])
    if not abs(beta) > 0.0:
        return NoSizes(f"{coin} does not follow Bitcoin: its beta is {beta:g}")
    usd = (target_usd - scope.beta_delta) / beta
    return _sized(scope, terms, [(trade_on, contract, usd)], np.round)


def variance_sizes(
    scope: Scope, terms: TradeTerms, trade_on: int, coins: tuple[str, ...]
) -> list[Size] | NoSizes:
    """Return the trades in perpetuals of some coins after which the variance is least: ``h = −Σ_hh⁻¹ Σ_h· e``.

    References
    ----------
    Johnson (1960), The theory of hedging and speculation in commodity futures, Rev. Economic Studies 27.
    """
    if scope.covariance is None:
        return NoSizes("no covariances: there is no price history yet")
    if scope.unknown_coins:
        return NoSizes(f"no covariances of {', '.join(scope.unknown_coins)}")
    found = [perpetual_of(scope.sheet, terms, trade_on, coin) for coin in coins]
    contracts = [contract for contract in found if contract is not None]
    if not contracts:
        return NoSizes(f"no priced perpetual of {', '.join(coins)} is known at the venue")
    rows = scope.sheet.underlying_coin[contracts]
    block = scope.covariance[np.ix_(rows, rows)]
    marginal = scope.covariance_with(scope.exposure)
    if marginal is None or np.isnan(block).any() or np.isnan(marginal[rows]).any():
        return NoSizes(f"no covariances of {', '.join(coins)}")
    best = np.linalg.lstsq(block, -marginal[rows])[0]
    return _sized(
        scope,
        terms,
        [(trade_on, one, usd) for one, usd in zip(contracts, best.tolist(), strict=True)],
        np.round,
    )


def largest_leg(scope: Scope) -> int | None:
    """Return the leg of the scope that adds most risk, row of the sheet; None if none adds any."""
    parts = np.nan_to_num(scope.contributions(), nan=-np.inf)
    if not parts.shape[0] or parts.max() <= 0.0:
        return None
    return int(scope.legs[np.argmax(parts)])


def reducing_sizes(scope: Scope, terms: TradeTerms, target_usd: float) -> list[Size] | NoSizes:
    """Return how much less of the leg that adds most risk: to the least variance, but no further than closed.

    Without covariances to the target of the beta-weighted delta.
    """
    leg = largest_leg(scope)
    if leg is None:
        return []
    sheet = scope.sheet
    contract = int(sheet.leg_contract[leg])
    coin = int(sheet.underlying_coin[contract])
    delta = float(sheet.leg_quantity[leg] * contract_deltas(sheet)[contract])
    marginal = scope.covariance_with(scope.exposure)
    if scope.covariance is None or marginal is None or scope.unknown_coins:
        wanted = (target_usd - scope.beta_delta) / float(scope.betas.value[coin])
    else:
        wanted = -float(marginal[coin]) / float(scope.covariance[coin, coin])
    # Opposite to the leg, and no more than all of it.
    usd = -np.sign(delta) * float(np.clip(-np.sign(delta) * wanted, 0.0, abs(delta)))
    return _sized(scope, terms, [(int(sheet.leg_account[leg]), contract, usd)], _toward_zero)


def _toward_zero(steps: float) -> float:
    # What is left of a division that should be whole is rounding, not a part of a step.
    return float(np.trunc(steps + np.sign(steps) * 1e-9))


def _sized(
    scope: Scope,
    terms: TradeTerms,
    wanted: list[tuple[int, int, float]],
    rounding: Callable[[float], float],
) -> list[Size]:
    """Return USD deltas as contracts in whole steps; an option's delta moves in step with its quantity."""
    deltas = contract_deltas(scope.sheet)
    sizes: list[Size] = []
    for account, contract, usd in wanted:
        if not abs(usd) >= SMALLEST_USD:
            continue
        quantity, step = usd / float(deltas[contract]), float(terms.quantity_step[contract])
        if step > 0.0:
            # Twelve digits: the step is a decimal, which binary multiples of it are not.
            quantity = float(f"{float(rounding(quantity / step)) * step:.12g}")
        if quantity != 0.0:
            sizes.append(Size(account, contract, quantity))
    return sizes
