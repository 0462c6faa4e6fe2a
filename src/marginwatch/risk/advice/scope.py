"""What some accounts bet on together: USD delta by coin, its beta-weighted sum, its variance, and which leg adds what."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.contributions import contributions
from marginwatch.risk.liquidation.exposures import coin_exposures
from marginwatch.risk.margin.part import part_of
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import grouped


def coin_covariance(sheet: MarginSheet, names: Sequence[str], values: FloatArray) -> FloatArray:
    """Return covariances by coin of the sheet, shape (m, m), from those by name.

    A coin at two venues is one. Coins without a name in ``names`` are NaN, but those that no shock reaches count as still.

    Parameters
    ----------
    sheet : MarginSheet
        Whose coins.
    names : sequence of str
        Coins of the matrix.
    values : ndarray of shape (len(names), len(names)), float64
        Covariances of returns of one interval (:class:`marginwatch.risk.history.covariance.Covariance`).

    Raises
    ------
    ValueError
        If the matrix is not square with one row for each name.
    """
    n = len(names)
    if values.shape != (n, n):
        raise ValueError(f"values must have shape ({n}, {n}), one row for each name, got {values.shape}")
    place = {name: row for row, name in enumerate(names)}
    known = np.array([place.get(str(name), n) for name in sheet.coin_names], np.int64)
    padded = np.full((n + 1, n + 1), np.nan)
    padded[:n, :n] = values
    found = padded[np.ix_(known, known)]
    still = (known == n) & sheet.coin_is_exempt
    found[still] = 0.0
    found[:, still] = 0.0
    return found


@dataclass(slots=True, frozen=True, eq=False)
class Scope:
    """Accounts that are looked at together.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    accounts : ndarray of shape (p,), int64
        Rows of those of the scope.
    betas : Betas
        By coin.
    covariance : ndarray of shape (m, m), float64, or None
        By coin of the sheet; None: not known.
    exposure : ndarray of shape (m,), float64
        Signed USD delta by coin, wallets included.
    """

    sheet: MarginSheet
    accounts: CodeArray
    betas: Betas
    covariance: FloatArray | None
    exposure: FloatArray

    @property
    def legs(self) -> CodeArray:
        """Legs of the scope, rows of the sheet."""
        return np.flatnonzero(np.isin(self.sheet.leg_account, self.accounts))

    @property
    def beta_delta(self) -> float:
        """Beta-weighted delta, USD of Bitcoin."""
        return float(self.betas.value @ self.exposure)

    @property
    def unknown_coins(self) -> tuple[str, ...]:
        """Coins that are bet on and have no covariances."""
        if self.covariance is None:
            return ()
        rows: list[int] = np.flatnonzero(
            (self.exposure != 0.0) & np.isnan(np.diagonal(self.covariance))
        ).tolist()
        return tuple(str(self.sheet.coin_names[row]) for row in rows)

    def covariance_with(self, exposure: FloatArray) -> FloatArray | None:
        """Return the covariance of every coin's return with the gain of an exposure, USD, shape (m,); None if not known."""
        if self.covariance is None:
            return None
        held = np.flatnonzero(exposure)
        return self.covariance[:, held] @ exposure[held]

    def sigma(self, exposure: FloatArray) -> float:
        """Return the standard deviation of the gain of an exposure over the covariance's interval, USD; NaN if not known."""
        marginal = self.covariance_with(exposure)
        if marginal is None:
            return float("nan")
        held = np.flatnonzero(exposure)
        return float(np.sqrt(np.maximum(exposure[held] @ marginal[held], 0.0)))

    def contributions(self) -> FloatArray:
        """Return what each leg of the scope adds to the risk of the whole, in the order of :attr:`legs`, fractions.

        As :func:`marginwatch.risk.contributions.contributions` has them, NaN if there is no risk.
        """
        group = np.full(self.sheet.n_accounts, -1)
        group[self.accounts] = 0
        return contributions(self.sheet, group, 1, self.betas, self.covariance).part[self.legs]


def scope_of(sheet: MarginSheet, accounts: CodeArray, betas: Betas, covariance: FloatArray | None) -> Scope:
    """Return accounts together.

    Raises
    ------
    ValueError
        If ``covariance`` has not one row and column for each coin.
    """
    m = len(sheet.coin_names)
    if covariance is not None and covariance.shape != (m, m):
        raise ValueError(
            f"covariance must have shape ({m}, {m}), one row for each coin, got {covariance.shape}"
        )
    pairs = coin_exposures(part_of(sheet, accounts, has_names=False).sheet)
    exposure = grouped(pairs.coin, pairs.usd, m)
    return Scope(sheet, accounts, betas, covariance, exposure)
