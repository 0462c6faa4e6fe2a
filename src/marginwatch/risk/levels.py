"""How risky an account and a desk are: a level and a score from stated thresholds on measures, and what they rest on."""

from typing import Literal, NamedTuple

import msgspec

from marginwatch.book.table import FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import AnswerArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.distance import Distances
from marginwatch.risk.margin.figures import AccountMargins
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.table_rows import Row
import itertools

Level = Literal["LOW", "MEDIUM", "HIGH"]


class Threshold(msgspec.Struct, frozen=True):
    """Where a measure scores 1, 4, 7 and 10; between them linearly, beyond the ends the same as there.

    Parameters
    ----------
    calm, medium, high, limit : float
        Strictly rising, or strictly falling for measures in which less is worse.

    Raises
    ------
    ValueError
        If they neither rise nor fall.
    """

    calm: float
    medium: float
    high: float
    limit: float

    def __post_init__(self) -> None:
        marks = (self.calm, self.medium, self.high, self.limit)
        steps = [after - before for before, after in itertools.pairwise(marks)]
        if not (all(step > 0.0 for step in steps) or all(step < 0.0 for step in steps)):
            raise ValueError(f"calm, medium, high and limit must strictly rise or strictly fall, got {marks}")


class LevelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds of the measures that make the score, and what a desk's rests on.

    Parameters
    ----------
    maintenance_margin_usage, initial_margin_usage : Threshold
        Fractions.
    distance, cautious_distance : Threshold
        The nearest move of Bitcoin that liquidates, fraction.
    probability_24h : Threshold
        Chance of liquidation within 24 h.
    leverage : Threshold
        Gross exposure ÷ equity, ×.
    account_share : float, default=0.05
        An account with at least this part of its desk's gross exposure or maintenance margin counts for the desk's score.
    target_usage : float, default=0.5
        Collateral beyond what initial margin or maintenance margin ÷ this needs is idle.
    """

    maintenance_margin_usage: Threshold = Threshold(0.2, 0.5, 0.7, 1.0)
    initial_margin_usage: Threshold = Threshold(0.4, 0.7, 0.9, 1.2)
    distance: Threshold = Threshold(0.5, 0.25, 0.1, 0.0)
    cautious_distance: Threshold = Threshold(0.4, 0.18, 0.07, 0.0)
    probability_24h: Threshold = Threshold(0.0, 0.01, 0.05, 0.25)
    leverage: Threshold = Threshold(3.0, 8.0, 20.0, 50.0)
    account_share: float = 0.05
    target_usage: float = 0.5


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


class LevelInputs(NamedTuple):
    """What levels are made from, by row of the sheet.

    Parameters
    ----------
    sheet, margins, distances : MarginSheet, AccountMargins, Distances
        Accounts, their figures now, their distances.
    betas : Betas
        By coin.
    covariance : ndarray of shape (m, m), float64, or None
        Of daily returns by coin of the sheet; NaN for coins without history.
    probability_24h : ndarray of shape (k,), float64, or None
        Chances; NaN is missing. None: not measured, and no part of the score.
    """

    sheet: MarginSheet
    margins: AccountMargins
    distances: Distances
    betas: Betas
    covariance: FloatArray | None = None
    probability_24h: FloatArray | None = None


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """Levels and sums of everything."""

    accounts: tuple[RiskLevel, ...]
    desks: tuple[RiskLevel, ...]
    portfolio: RiskLevel
    sums: tuple[MarginSums, ...]
    total: MarginSums


def risk_levels(
    inputs: LevelInputs, settings: LevelSettings | None = None, *, left_out: dict[int, str] | None = None
) -> Levels:
    """Return the levels of all accounts, desks and everything; ``left_out`` as in advice: rows that no total contains."""
    raise NotImplementedError


def scores(inputs: LevelInputs, settings: LevelSettings | None = None) -> tuple[FloatArray, AnswerArray]:
    """Return the unrounded score of every account, shape (k,), in [1, 10], with its answer."""
    raise NotImplementedError
