"""Isolated positions: each stands on margin of its own and has a distance of its own."""

from dataclasses import dataclass, replace

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.liquidation.shocks import ShockedAccounts
from marginwatch.risk.margin.models import isolated_room
from marginwatch.risk.margin.part import ACCOUNT_COLUMNS, HOLDING_COLUMNS, LEG_COLUMNS
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace


@dataclass(slots=True, frozen=True, eq=False)
class ShockedLegs:
    """Isolated legs, each under a shock of its own contract's price; what they may lose is in their settlement coin.

    Parameters
    ----------
    shocked : ShockedAccounts
        One account a leg.
    """

    shocked: ShockedAccounts

    @property
    def size(self) -> int:
        """How many legs there are."""
        return self.shocked.size

    def headroom_at(self, shock: float) -> FloatArray:
        """Return what each leg may still lose, shape (size,), at one shock for all."""
        return isolated_room(self.shocked.sheet, self.shocked.prices_at(shock))

    def headroom(self, shocks: FloatArray) -> FloatArray:
        """Return what each leg may still lose, shape (size,), each at its own shock."""
        return isolated_room(self.shocked.sheet, self.shocked.prices(shocks))

    def part(self, rows: CodeArray) -> "ShockedLegs":
        """Return some of the legs, in this order."""
        return ShockedLegs(self.shocked.part(rows))


def shocked_legs(sheet: MarginSheet, legs: CodeArray, work: Workspace) -> ShockedLegs:
    """Return legs as subjects of their own.

    Parameters
    ----------
    sheet : MarginSheet
        The whole.
    legs : ndarray of shape (p,), int64
        Which of its legs.
    work : Workspace
        Buffers.
    """
    places: CodeArray = np.arange(legs.shape[0], dtype=np.int64)
    firsts: CodeArray = np.arange(legs.shape[0] + 1, dtype=np.int64)
    changes: dict[str, object] = {
        "account_ids": (),
        "missing_reasons": (),
        "estimated_reasons": (),
        "leg_account": places,
        "leg_settle_holding": places,
        "holding_account": places,
        "first_leg": firsts,
        "first_holding": firsts,
    }
    account, holding = sheet.leg_account[legs], sheet.leg_settle_holding[legs]
    for names, picked in ((ACCOUNT_COLUMNS, account), (LEG_COLUMNS, legs), (HOLDING_COLUMNS, holding)):
        changes |= {name: getattr(sheet, name).take(picked) for name in names}
    alone = replace(sheet, **changes)  # pyright: ignore[reportArgumentType]  # columns by name
    # An inverse contract settles in the coin that moves; its room is in that coin, so the coin's USD price is no matter.
    still = np.zeros(legs.shape[0], np.int64)
    return ShockedLegs(
        ShockedAccounts(alone, np.ones(1), still, np.zeros(1), still, np.zeros(len(legs)), work)
    )
