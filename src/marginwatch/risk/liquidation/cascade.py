"""Deaths that cause deaths: what a liquidated account held hits the market, marks move, and others follow."""

from dataclasses import dataclass, replace

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.concerned import concerned
from marginwatch.risk.liquidation.exposures import leg_deltas
from marginwatch.risk.liquidation.market_move import common_shock
from marginwatch.risk.liquidation.roots import DOWN_GRID, TOLERANCE, UP_GRID
from marginwatch.risk.liquidation.shocks import ShockedAccounts
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.workspace import Workspace

UNKNOWN_DEPTH_USD = 1_000_000.0
"""USD that moves a coin by 1 % where no order book is known: that of a middling coin; majors take tens of times as much."""

ROUNDS_MAX = 200
FACTOR_MIN, FACTOR_MAX = 0.01, 100.0
"""An impact, linear in what is sold, would otherwise take a price to 0 or below."""


@dataclass(slots=True, frozen=True, eq=False)
class Round:
    """Accounts that die at once.

    Parameters
    ----------
    shock : float
        Of Bitcoin's price from outside, fraction, at which it happens.
    is_caused : bool
        Whether it was the impact of earlier deaths that did it, and no further move from outside.
    accounts : ndarray of int64
        Rows of the sheet.
    loss_usd : float
        What they had, all of which is lost, ≥ 0.
    sold_usd : ndarray of shape (m,), float64
        Positions in each coin that hit the market, signed delta: longs sold > 0.
    coin_factor : ndarray of shape (m,), float64
        What all impacts so far have made of each coin's price.
    left_usd : ndarray of shape (m,), float64
        Signed delta of the positions of all that are alive afterwards, at the prices of the sheet: a hedge whose other
        leg is gone shows here.
    """

    shock: float
    is_caused: bool
    accounts: CodeArray
    loss_usd: float
    sold_usd: FloatArray
    coin_factor: FloatArray
    left_usd: FloatArray


@dataclass(slots=True, frozen=True, eq=False)
class Cascade:
    """Rounds in their order; ``is_cut`` if there would be more than ``ROUNDS_MAX``.

    Isolated accounts, which die leg by leg, and accounts with missing figures take no part; ``n_left_out`` counts them, and
    those whose figures go missing on the way: a debt in a coin without borrow tiers. Accounts without positions and debts
    have nothing to die of.
    """

    rounds: tuple[Round, ...]
    is_cut: bool
    n_left_out: int


def impact_per_usd(sheet: MarginSheet, usd_per_percent: dict[str, float]) -> FloatArray:
    """Return the relative move of each coin's price for one USD sold, shape (m,), ≥ 0; linear in the amount.

    Parameters
    ----------
    sheet : MarginSheet
        Names the coins.
    usd_per_percent : dict of str to float
        What it takes to move a coin by 1 %, USD > 0; coins without take ``UNKNOWN_DEPTH_USD``. Cash is never moved.
    """
    depth = np.array([usd_per_percent.get(name or "", UNKNOWN_DEPTH_USD) for name in sheet.coin_names])
    return np.where(sheet.coin_is_exempt, 0.0, 0.01 / depth)


def cascade(
    sheet: MarginSheet, betas: Betas, direction: int, impact: FloatArray, work: Workspace | None = None
) -> Cascade:
    """Return who dies, and whom that takes along, as one move of the market goes on in one direction.

    The market moves until the next account dies. What that one held is closed: each coin's price moves by impact × what is
    sold of it. Whoever dies of that dies in the next round, at the same shock from outside; then the market goes on. Without
    impact it is the ladder.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    betas : Betas
        By coin, shape (m,).
    direction : {-1, 1}
        Of the move from outside.
    impact : ndarray of shape (m,), float64
        From :func:`impact_per_usd`; 0 for none.
    work : Workspace, optional
        Buffers.
    """
    accounts = common_shock(sheet, betas, work or Workspace())
    now = accounts.headroom_at(0.0)
    applies = concerned(sheet)
    takes_part = np.isfinite(now) & (sheet.mode != MARGIN_MODES["isolated"]) & (applies == Answer.NUMBER)
    left_out = ~takes_part & (applies != Answer.NOT_APPLICABLE)
    equity = accounts.margins(np.zeros(sheet.n_accounts)).equity
    untouched: FloatArray = np.ones(len(sheet.coin_names))
    desk = _Desk(
        sheet,
        np.nan_to_num(leg_deltas(sheet)),
        equity,
        impact,
        takes_part,
        untouched,
        np.zeros(len(now), np.bool_),
    )
    rounds: list[Round] = []
    shock, is_caused = 0.0, False
    while len(rounds) < ROUNDS_MAX:
        moved = replace(
            accounts,
            leg_bases=(desk.factor[sheet.underlying_coin] / desk.factor[sheet.quote_coin]),
            coin_bases=desk.factor,
        )
        dying = desk.dying(moved.headroom_at(shock))
        if not dying.shape[0]:
            found = _next_death(moved, desk, shock, direction)
            if found is None:
                break
            (shock, dying), is_caused = found, False
        rounds.append(desk.bury(dying, shock, is_caused=is_caused))
        is_caused = True
    n_left_out = int(np.count_nonzero(left_out | desk.is_lost))
    return Cascade(tuple(rounds), len(rounds) == ROUNDS_MAX, n_left_out)


@dataclass(slots=True, eq=False)
class _Desk:
    """Who is alive, who was lost sight of, and what the dead have done to prices."""

    sheet: MarginSheet
    delta: FloatArray
    equity: FloatArray
    impact: FloatArray
    is_alive: BoolArray
    factor: FloatArray
    is_lost: BoolArray

    def dying(self, headroom: FloatArray) -> CodeArray:
        """Return who is alive with nothing left; whose headroom is not known any more is not followed further."""
        gone_missing = self.is_alive & np.isnan(headroom)
        self.is_lost |= gone_missing
        self.is_alive &= ~gone_missing
        return np.flatnonzero(self.is_alive & (headroom <= 0.0))

    def bury(self, dying: CodeArray, shock: float, *, is_caused: bool) -> Round:
        was_alive = self.is_alive.copy()
        self.is_alive[dying] = False
        sold = self._sums(was_alive & ~self.is_alive)
        self.factor = np.clip(self.factor * (1.0 - self.impact * sold), FACTOR_MIN, FACTOR_MAX)
        return Round(
            shock=shock,
            is_caused=is_caused,
            accounts=dying,
            loss_usd=float(np.maximum(self.equity[dying], 0.0).sum()),
            sold_usd=sold,
            coin_factor=self.factor,
            left_usd=self._sums(self.is_alive),
        )

    def _sums(self, is_counted: BoolArray) -> FloatArray:
        coin = self.sheet.underlying_coin[self.sheet.leg_contract]
        usd = self.delta * is_counted[self.sheet.leg_account]
        return grouped(coin, usd, len(self.factor))


def _next_death(
    moved: ShockedAccounts, desk: _Desk, shock: float, direction: int
) -> tuple[float, CodeArray] | None:
    """Return the nearest shock beyond ``shock`` at which somebody alive is at the limit, and who; None if nobody will be."""
    grid = DOWN_GRID if direction < 0 else UP_GRID
    safe = shock
    for place in grid[np.abs(grid) > abs(shock)]:
        gone = float(place)
        dying = desk.dying(moved.headroom_at(gone))
        if dying.shape[0]:
            return _first_deaths(moved.part(dying), dying, safe, gone)
        safe = gone
    return None


def _first_deaths(few: ShockedAccounts, rows: CodeArray, safe: float, gone: float) -> tuple[float, CodeArray]:
    """Return where the first of some accounts die that are all alive at ``safe`` and all dead at ``gone``, and which."""
    while abs(gone - safe) > TOLERANCE * (1.0 + gone):
        middle = 0.5 * (safe + gone)
        dead = np.flatnonzero(few.headroom_at(middle) <= 0.0)
        if not dead.shape[0]:
            safe = middle
            continue
        gone = middle
        # Whoever is alive here dies later than those who are not.
        if dead.shape[0] < few.size:
            few, rows = few.part(dead), rows[dead]
    return gone, rows
