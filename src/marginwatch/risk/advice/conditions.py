"""What accounts must fulfill to be at a target, as rooms in USD that must not be negative."""

from dataclasses import dataclass, field

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.advice.settings import TransferTarget
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.market_move import common_shock
from marginwatch.risk.margin.figures import AccountMargins
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import Prices, option_rows, prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.workspace import Workspace

FREE = 0
"""Row of the room above initial margin, without which nothing can leave; only givers need it."""

CLOSE_USD = 0.01
CLOSE_PART = 1e-9
"""A room this far below 0, in USD or as part of what is available, counts as reached: amounts have eight decimals."""


def tolerance(rooms: FloatArray) -> FloatArray:
    """Return how far below 0 each account's rooms still count as reached, shape (k,), USD."""
    return CLOSE_USD + CLOSE_PART * np.abs(np.nan_to_num(rooms[FREE]))


@dataclass(slots=True, frozen=True, eq=False)
class Conditions:
    """The conditions of a target.

    Rooms, in this order: adjusted equity − initial margin; with a usage u, u × adjusted equity − maintenance margin; with a
    distance d, adjusted equity − maintenance margin after moves of the market by quarters of d up to ±d. A distance is the
    *nearest* root, so the ends alone would not do for straddles; :meth:`between` looks closer.

    Parameters
    ----------
    target : TransferTarget
        What is wanted.
    betas : Betas
        By coin of the sheets that will be looked at.
    """

    target: TransferTarget
    betas: Betas
    work: Workspace = field(default_factory=Workspace, repr=False)

    @property
    def shocks(self) -> tuple[float, ...]:
        """Moves of the market that accounts must survive."""
        return self._moves(4)

    def _moves(self, parts: int) -> tuple[float, ...]:
        wanted = self.target.distance
        if wanted is None:
            return ()
        steps = (*range(-parts, 0), *range(1, parts + 1))
        return tuple(wanted * step / parts for step in steps)

    @property
    def weights(self) -> FloatArray:
        """What each room gains from one USD of a coin that counts in full and that no shock reaches, shape (q,)."""
        usage = [] if self.target.usage is None else [self.target.usage]
        return np.array([1.0, *usage, *(1.0 for _ in self.shocks)])

    def rooms(self, sheet: MarginSheet) -> FloatArray:
        """Return the rooms of every account, shape (q, k), USD; NaN for accounts without joint margins or a price."""
        now = margins(sheet, prices_now(sheet), self.work)
        found = [now.available]
        if self.target.usage is not None:
            found.append(self.target.usage * now.adjusted_equity - now.maintenance_margin)
        if self.shocks:
            shocked = common_shock(sheet, self.betas, self.work)
            found += [shocked.headroom_at(shock) for shock in self.shocks]
        return np.stack(found)

    def between(self, sheet: MarginSheet) -> FloatArray:
        """Return the least headroom of every account at many moves up to ±d, shape (k,), USD; infinite without a distance.

        It is no condition of the program, for the least of several sums is no sum; it judges what came of one.
        """
        least, place = np.full(sheet.n_accounts, np.inf), np.zeros(sheet.n_accounts)
        if self.target.distance is None:
            return least
        shocked = common_shock(sheet, self.betas, self.work)
        for shock in self._moves(24):
            room = shocked.headroom_at(shock)
            place[room < least] = shock
            least = np.minimum(least, room)
        # Where a dip lies between two of these moves its bottom is closed in upon from both sides.
        width = self.target.distance / 24.0
        low = np.maximum(place - width, -self.target.distance)
        high = np.minimum(place + width, self.target.distance)
        for _ in range(12):
            left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
            of_left, of_right = shocked.headroom(left), shocked.headroom(right)
            least = np.fmin(least, np.fmin(of_left, of_right))
            is_left = of_left < of_right
            low, high = np.where(is_left, low, left), np.where(is_left, right, high)
        return least

    def missing_usd(self, sheet: MarginSheet) -> FloatArray:
        """Return what every account needs from outside to be at the target, shape (k,), 0 if it is there.

        USD of a coin that counts in full and that no shock reaches.
        """
        rooms = self.rooms(sheet)
        targets = np.concatenate((rooms[FREE + 1 :], self.between(sheet)[None, :]))
        weights = np.append(self.weights[FREE + 1 :], 1.0)
        short = np.where(targets < -tolerance(rooms), -targets, 0.0)
        return (short / weights[:, None]).max(axis=0, initial=0.0)

    def coin_equities(self, sheet: MarginSheet) -> FloatArray:
        """Return the equity of each holding in each market that is looked at, shape (markets, h), coin."""
        shocked = common_shock(sheet, self.betas, self.work)
        found = [_coin_equity(sheet, prices_now(sheet), self.work)]
        # Rows of prices live in the workspace, so each market is used before the next is made.
        found += [_coin_equity(sheet, shocked.prices_at(shock), self.work) for shock in self.shocks]
        return np.stack(found)


def _coin_equity(sheet: MarginSheet, prices: Prices, work: Workspace) -> FloatArray:
    figures: AccountMargins = margins(sheet, prices, work)
    profit = np.nan_to_num(figures.legs.unrealized_pnl)
    options: CodeArray = option_rows(sheet)
    if options.shape[0]:
        profit = profit.copy()
        profit[options] = 0.0
    return sheet.holding_cash + grouped(sheet.leg_settle_holding, profit, sheet.n_holdings)
