"""How far our margins are from the venue's, measured whenever the venue states a figure; and calibration by the last one."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import AccountTable
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId

GAP_MAX_NS = 2_000_000_000
"""Figures older than this when first seen are not compared: the market may have moved since they were made."""

CALIBRATION_GAP_MAX_NS = 60_000_000_000
"""Figures older than this do not calibrate, unless nothing has calibrated yet."""


class Compared(NamedTuple):
    """Figures of accounts, shape (k,), USD, NaN where there are none: ours before calibration, or the venue's.

    ``balance`` is the margin balance: adjusted equity before what open orders could take.
    """

    equity: FloatArray
    balance: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray


class ErrorColumns(NamedTuple):
    """Errors of our figures by row of the book's account table, (ours − theirs) ÷ theirs, float64; NaN where not measured.

    ``maintenance_to_equity`` is the error of the maintenance margin ÷ the venue's equity; ``measured_at_ns`` when the
    figures were compared (0: never), ``gap_s`` how old the venue's was then.
    """

    equity: FloatArray
    adjusted_equity: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    maintenance_to_equity: FloatArray
    gap_s: FloatArray
    measured_at_ns: CodeArray


N_ERRORS = 6


class ModelErrors:
    """Remembers of each account the last figure that was compared, its error, and the calibration that it gave.

    An account is compared once for each figure of the venue, in the first frame that shows it: at live marks at most
    :data:`GAP_MAX_NS` younger than the figure. The error of an estimate is that of the calibrated figure *before* the new
    figure calibrates it again: what an alert between two figures would have been wrong by.
    """

    def __init__(self) -> None:
        self._version = -1
        self._ids: list[AccountId | None] = []
        self._seen_ns: CodeArray = np.zeros(0, np.int64)
        self._measured_ns: CodeArray = np.zeros(0, np.int64)
        self._errors: FloatArray = np.zeros((N_ERRORS, 0))
        self._calibration: FloatArray = np.ones((2, 0))
        self._is_calibrated: BoolArray = np.zeros(0, np.bool_)

    def calibration(self, rows: CodeArray) -> FloatArray:
        """Return the multipliers of maintenance and initial margin, shape (2, n), of accounts by their rows in the book."""
        if not rows.shape[0] or int(rows.max()) < self._calibration.shape[1]:
            return self._calibration.take(rows, axis=1)
        found = np.ones((2, rows.shape[0]))
        known = rows < self._calibration.shape[1]
        found[:, known] = self._calibration[:, rows[known]]
        return found

    def is_calibrated(self, rows: CodeArray) -> BoolArray:
        """Return which accounts have a calibration, by their rows in the book."""
        known = rows < self._is_calibrated.shape[0]
        found = np.zeros(rows.shape[0], np.bool_)
        found[known] = self._is_calibrated[rows[known]]
        return found

    def columns(self, size: int) -> ErrorColumns:
        """Return a copy of the errors of the first ``size`` rows of the account table."""
        errors = np.full((N_ERRORS, size), np.nan)
        measured = np.zeros(size, np.int64)
        n = min(size, self._errors.shape[1])
        errors[:, :n] = self._errors[:, :n]
        measured[:n] = self._measured_ns[:n]
        return ErrorColumns(*tuple(errors), measured_at_ns=measured)

    def has_news(self, accounts: AccountTable, rows: CodeArray) -> bool:
        """Return whether the venue stated a figure of any of these accounts since they were last compared."""
        self._keep_step(accounts)
        stated_ns = accounts.stated_at_ns.take(rows)
        return bool(((stated_ns != self._seen_ns.take(rows)) & (stated_ns > 0)).any())

    def note(
        self,
        accounts: AccountTable,
        rows: CodeArray,
        now_ns: int,
        ours: Compared,
        theirs: Compared,
        is_estimated: BoolArray,
    ) -> None:
        """Compare what the venue stated since the last time; only after :meth:`has_news`.

        Parameters
        ----------
        accounts : AccountTable
            Of the book.
        rows : ndarray of shape (k,), int64
            Rows in it of the accounts given.
        now_ns : int
            The moment of our figures, UTC nanoseconds.
        ours, theirs : Compared
            Shape (k,).
        is_estimated : ndarray of shape (k,), bool
            Whose margins are calibrated.
        """
        stated_ns = accounts.stated_at_ns[rows]
        news = np.flatnonzero((stated_ns != self._seen_ns[rows]) & (stated_ns > 0))
        if not news.shape[0]:
            return
        mine, gap_ns = rows[news], np.abs(now_ns - stated_ns[news])
        self._seen_ns[mine] = stated_ns[news]
        our, their = (np.stack([column[news] for column in one]) for one in (ours, theirs))
        raw = our[[3, 2]]
        estimated = is_estimated[news]
        our[3] *= np.where(estimated, self._calibration[0, mine], 1.0)
        our[2] *= np.where(estimated, self._calibration[1, mine], 1.0)
        fresh = np.flatnonzero((gap_ns <= GAP_MAX_NS) & (~estimated | self._is_calibrated[mine]))
        self._write_errors(mine[fresh], our[:, fresh], their[:, fresh], gap_ns[fresh], now_ns)
        young = (gap_ns <= CALIBRATION_GAP_MAX_NS) | ~self._is_calibrated[mine]
        self._calibrate(mine, raw, their[[3, 2]], np.flatnonzero(estimated & young))

    def _write_errors(
        self, mine: CodeArray, our: FloatArray, their: FloatArray, gap_ns: CodeArray, now_ns: int
    ) -> None:
        base = np.where(their > 0.0, their, np.nan)
        self._errors[:4, mine] = (our - their) / base
        # Nothing required on either side is no error.
        both_none = (our == 0.0) & (their == 0.0)
        self._errors[:4, mine] = np.where(both_none, 0.0, self._errors[:4, mine])
        self._errors[4, mine] = (our[3] - their[3]) / base[0]
        self._errors[5, mine] = gap_ns / 1e9
        self._measured_ns[mine] = now_ns

    def _calibrate(self, mine: CodeArray, raw: FloatArray, their: FloatArray, picked: CodeArray) -> None:
        ratio = their[:, picked] / np.where(raw[:, picked] > 0.0, raw[:, picked], np.nan)
        good = np.isfinite(ratio).all(axis=0) & (ratio > 0.0).all(axis=0)
        rows = mine[picked[good]]
        self._calibration[:, rows] = ratio[:, good]
        self._is_calibrated[rows] = True

    def _keep_step(self, accounts: AccountTable) -> None:
        """Make room for all accounts, and forget what was known of rows that are another account now."""
        if self._version == accounts.groups_version and self._seen_ns.shape[0] >= accounts.size:
            return
        ids = [None if spec is None else spec.account_id for spec in accounts.specs]
        known = min(self._seen_ns.shape[0], len(ids))
        same = [row for row in range(known) if ids[row] == self._ids[row]]
        size = max(64, 2 * accounts.size)
        seen, measured = np.zeros(size, np.int64), np.zeros(size, np.int64)
        errors, calibration = np.full((N_ERRORS, size), np.nan), np.ones((2, size))
        calibrated = np.zeros(size, np.bool_)
        kept: CodeArray = np.array(same, np.int64)
        seen[kept], measured[kept] = self._seen_ns[kept], self._measured_ns[kept]
        errors[:, kept], calibration[:, kept] = self._errors[:, kept], self._calibration[:, kept]
        calibrated[kept] = self._is_calibrated[kept]
        self._seen_ns, self._measured_ns, self._errors = seen, measured, errors
        self._calibration, self._is_calibrated = calibration, calibrated
        self._ids = ids + [None] * (size - len(ids))
        self._version = accounts.groups_version
