"""Levels, riskiest positions and margin sums, as structs. What is null has its reason beside it."""

from typing import Literal

import msgspec

from marginwatch.model.ids import AccountId
from marginwatch.risk.table_rows import Row

Level = Literal["LOW", "MEDIUM", "HIGH"]


class LevelMeasure(Row, frozen=True, kw_only=True):
    """One measure of a level: its value, and the score from 1 to 10 that it gives; null where it is no number."""

    name: str
    value: float | None
    score: float | None


class RiskyPosition(Row, frozen=True, kw_only=True):
    """A position and what it adds to the risk of its account or desk.

    Parameters
    ----------
    delta_usd : float
        Signed USD delta.
    contribution : float
        Part of the whole risk, fraction; negative if it takes risk away. All parts, wallets too, add up to 1.
    """

    account_id: AccountId
    instrument_id: str
    quantity: float
    delta_usd: float
    contribution: float


class RiskLevel(Row, frozen=True, kw_only=True):
    """The level of an account (``scope`` account), a desk, or everything (``portfolio``).

    Parameters
    ----------
    level : {'LOW', 'MEDIUM', 'HIGH'} or None
        By the score: up to 3, up to 6, from 7. None if it is not known or nothing is held.
    score : int or None
        1 to 10: the worst of the measures.
    is_at_least : bool
        A measure is missing: the true score may be higher.
    driver : str or None
        The measure, or for desks the account, that made the score.
    measures : tuple of LevelMeasure
        All that were looked at.
    riskiest : tuple of RiskyPosition
        Up to three, the largest contribution first.
    basis : {'covariance', 'beta'}
        What contributions are parts of: variance, or beta-weighted delta where there are no covariances.
    """

    scope: Literal["account", "desk", "portfolio"]
    name: str | None
    level: Level | None
    score: int | None
    is_at_least: bool
    driver: str | None
    measures: tuple[LevelMeasure, ...]
    riskiest: tuple[RiskyPosition, ...]
    basis: Literal["covariance", "beta"]


class MarginSums(Row, frozen=True, kw_only=True):
    """Margin figures of a desk or of everything, USD.

    Sums leave out accounts of which the figure is missing, named in ``left_out``; null if no account has it.

    Parameters
    ----------
    collateral_usd : float or None
        Adjusted equity; of isolated accounts, which have none, equity.
    free_usd : float or None
        Sum of what is available in each account, ≥ 0 each; isolated accounts are not part of it.
    idle_usd : float or None
        Sum of adjusted equity − the larger of initial margin and maintenance margin ÷ target usage, ≥ 0 each: what could
        leave without any account passing its target.
    collateral_to_gross : float or None
        Collateral ÷ gross exposure.
    """

    name: str | None
    n_accounts: int
    initial_margin_usd: float | None
    maintenance_margin_usd: float | None
    free_usd: float | None
    idle_usd: float | None
    collateral_usd: float | None
    gross_usd: float | None
    collateral_to_gross: float | None
    left_out: tuple[str, ...]


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """Levels and sums of everything."""

    accounts: tuple[RiskLevel, ...]
    desks: tuple[RiskLevel, ...]
    portfolio: RiskLevel
    sums: tuple[MarginSums, ...]
    total: MarginSums
