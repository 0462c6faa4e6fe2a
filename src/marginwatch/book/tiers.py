"""Stepped tables as arrays: risk limits of contracts, collateral bands and borrow tiers of coins.

One row of numbers for each contract or coin, as long as the longest table; shorter ones are filled up so that a formula
over the whole array is right without asking how long each is.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeAlias

import numpy as np

from marginwatch.book.table import NAN, CodeArray, FloatArray
from marginwatch.model.ids import Asset
from marginwatch.model.instrument import MarginTier
from marginwatch.model.venue_facts import BorrowTier, CollateralTier

INFINITY = float("inf")

Steps: TypeAlias = list[tuple[float, ...]]
"""One stepped table, ascending; each step has its numbers in the order of the table's ``PADS``."""


def _number(text: str | None) -> float:
    return NAN if text is None else float(text)


class SteppedTable:
    """Stepped tables of many subjects, padded to one length.

    A subclass names its arrays in ``PADS``, each with what fills up a shorter table.

    Attributes
    ----------
    n_steps : ndarray of shape (n_rows,), int64
        How many steps of a row are told; 0: the table of this subject is not known.
    version : int
        Grows with every table written.
    """

    PADS: ClassVar[dict[str, float]] = {}

    def __init__(self) -> None:
        self.version = 0
        self.n_steps: CodeArray = np.zeros(0, np.int64)
        self._blocks: dict[str, FloatArray] = {name: np.empty((0, 1)) for name in self.PADS}

    def reach(self, n_rows: int) -> None:
        """Make room for ``n_rows`` subjects, so that the arrays can be indexed by any of their rows."""
        if n_rows > self.n_steps.shape[0]:
            self._grow(max(n_rows, 2 * self.n_steps.shape[0]), self.width)

    @property
    def width(self) -> int:
        """The length of the longest table, at least 1."""
        return next(iter(self._blocks.values())).shape[1]

    def array(self, name: str) -> FloatArray:
        """Return one array of shape (n_rows, width), to be read only; it is replaced when a table outgrows it."""
        return self._blocks[name]

    def fill(self, row: int, steps: Sequence[Sequence[float]]) -> None:
        """Replace the table of one subject; each step gives its numbers in the order of ``PADS``."""
        self.reach(row + 1)
        if len(steps) > self.width:
            self._grow(self.n_steps.shape[0], len(steps))
        for place, (name, pad) in enumerate(self.PADS.items()):
            line = self._blocks[name][row]
            line[: len(steps)] = [step[place] for step in steps]
            line[len(steps) :] = pad
        self.n_steps[row] = len(steps)
        self.version += 1

    def _grow(self, n_rows: int, width: int) -> None:
        for name, pad in self.PADS.items():
            before = self._blocks[name]
            block = np.full((n_rows, width), pad)
            block[: before.shape[0], : before.shape[1]] = before
            self._blocks[name] = block
        steps = np.zeros(n_rows, np.int64)
        steps[: self.n_steps.shape[0]] = self.n_steps
        self.n_steps = steps


class RiskLimits(SteppedTable):
    """Risk-limit tables by row of the instrument table.

    ``limit`` is the largest position value of the tier, in the venue's unit (quote for linear, base for inverse), padded
    with infinity; the last tier told also holds for what is above it. Rates are fractions, ``initial_margin_rate`` and
    ``max_leverage`` NaN where the venue sends none. ``maintenance_deduction`` of the first tier is 0, of another one that
    has none NaN.
    """

    PADS: ClassVar[dict[str, float]] = {
        "limit": INFINITY,
        "maintenance_margin_rate": 0.0,
        "maintenance_deduction": 0.0,
        "initial_margin_rate": 0.0,
        "max_leverage": INFINITY,
    }

    def write(self, row: int, tiers: Sequence[MarginTier]) -> None:
        """Replace a contract's table; ValueError, writing nothing, if a number is no decimal."""
        ordered = sorted(tiers, key=lambda tier: float(tier.limit))
        steps = [
            (
                float(tier.limit),
                float(tier.maintenance_margin_rate),
                0.0
                if not place and tier.maintenance_deduction is None
                else _number(tier.maintenance_deduction),
                _number(tier.initial_margin_rate),
                _number(tier.max_leverage),
            )
            for place, tier in enumerate(ordered)
        ]
        self.fill(row, steps)


class CollateralBands(SteppedTable):
    """Collateral bands by row of the asset table.

    Of a quantity q > 0 in the wallet, Σ (min(q, ``quantity_to``) − min(q, ``quantity_from``)) × ``collateral_rate`` counts.
    Bands that are not there add nothing. Quantities are in the coin, the rate is a fraction.
    """

    PADS: ClassVar[dict[str, float]] = {
        "quantity_from": INFINITY,
        "quantity_to": INFINITY,
        "collateral_rate": 0.0,
    }

    NOTHING: ClassVar[Steps] = [(0.0, INFINITY, 0.0)]
    """The bands of a coin that is no collateral."""

    @staticmethod
    def steps(tiers: Iterable[CollateralTier]) -> dict[Asset, Steps]:
        """Return the bands of each coin as numbers, ascending; ValueError if one is no decimal."""
        found: dict[Asset, Steps] = {}
        for tier in tiers:
            upto = INFINITY if tier.quantity_to is None else float(tier.quantity_to)
            step = (float(tier.quantity_from), upto, float(tier.collateral_rate))
            found.setdefault(tier.asset, []).append(step)
        return {asset: sorted(steps) for asset, steps in found.items()}


class BorrowSteps(SteppedTable):
    """Borrow tiers by row of the asset table.

    ``limit`` is the largest debt of the tier, in the coin, padded with infinity; rates are fractions, NaN where the venue
    sends none.
    """

    PADS: ClassVar[dict[str, float]] = {
        "limit": INFINITY,
        "initial_margin_rate": 0.0,
        "maintenance_margin_rate": 0.0,
    }

    @staticmethod
    def steps(tiers: Iterable[BorrowTier]) -> dict[Asset, Steps]:
        """Return the tiers of each coin as numbers, ascending; ValueError if one is no decimal."""
        found: dict[Asset, Steps] = {}
        for tier in tiers:
            rates = _number(tier.initial_margin_rate), _number(tier.maintenance_margin_rate)
            found.setdefault(tier.asset, []).append((float(tier.limit), *rates))
        return {asset: sorted(steps) for asset, steps in found.items()}
