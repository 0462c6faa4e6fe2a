"""How likely each account reaches its limit within an hour and a day, from its nearest root and the past hours."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.funding import funding_per_contract, payments_due
from marginwatch.risk.heavy.moves import Moves, PastReturns
from marginwatch.risk.heavy.parts import NotKnownYetError
from marginwatch.risk.history.closes import HOUR_S
from marginwatch.risk.history.mapping import complete_history
from marginwatch.risk.liquidation.distance import account_ways
from marginwatch.risk.liquidation.market_move import common_shock
from marginwatch.risk.liquidation.probability import Passage, first_passage
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.terms import is_cash
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.var.scenarios import filtered_scenarios
from marginwatch.risk.workspace import Workspace

HOURS = (1, 24)
ROWS_MAX = 1_000
METHOD = "first passage over 2,000 paths of filtered historical hours, next funding included; an estimate"


@dataclass(slots=True, frozen=True, eq=False)
class ChanceFigures:
    """Chances of every account, and its row in them."""

    passage: Passage
    rows: dict[AccountId, int]

    def of(self, sheet: MarginSheet, hours: int) -> FloatArray:
        """Return the chances within some hours by row of another sheet, shape (k,); NaN for accounts that are new there."""
        within = self.passage.within[hours]
        places = [self.rows.get(name, -1) for name in sheet.account_ids]
        return np.array([within[place] if place >= 0 else np.nan for place in places], np.float64)


def measure_chances(
    sheet: MarginSheet, moves: Moves, past: PastReturns, work: Workspace | None = None
) -> ChanceFigures:
    """Return the chances of every account.

    What an account may lose is its loss on the way to its nearest root under the common shock; where it has none, its
    headroom.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    moves : Moves
        Betas.
    past : PastReturns
        The hours.
    work : Workspace, optional
        Buffers to be used again.

    Raises
    ------
    NotKnownYetError
        If no history of hours is known.
    """
    if past.hourly is None:
        raise NotKnownYetError("no history of hourly closes is known")
    names = list(dict.fromkeys(name for name in sheet.coin_names if name is not None))
    exempt = {name for name in names if is_cash(name)}
    history = complete_history(past.hourly, names, rows_max=ROWS_MAX, exempt=exempt)
    returns = filtered_scenarios(history, HOUR_S).returns
    place = {name: column for column, name in enumerate(names)}
    by_coin = np.zeros((returns.shape[0], len(sheet.coin_names)))
    for coin, name in enumerate(sheet.coin_names):
        if name is not None:
            by_coin[:, coin] = returns[:, place[name]]
    funding = {hours: funding_due(sheet, hours) for hours in HOURS}
    room = _room(sheet, moves, work or Workspace())
    rows = {name: row for row, name in enumerate(sheet.account_ids)}
    return ChanceFigures(first_passage(sheet, room, by_coin, funding), rows)


def _room(sheet: MarginSheet, moves: Moves, work: Workspace) -> FloatArray:
    accounts = common_shock(sheet, moves.betas, work)
    shock = account_ways(accounts).shock
    now = accounts.margins(np.zeros(sheet.n_accounts))
    equity, headroom = now.equity.copy(), now.headroom.copy()
    loss = equity - accounts.margins(np.nan_to_num(shock)).equity
    return np.where(np.isfinite(shock) & (loss > 0.0), loss, headroom)


def funding_due(sheet: MarginSheet, hours: float) -> FloatArray:
    """Return what funding brings every account within some hours at present rates, shape (k,), USD, received > 0.

    Contracts without funding, or whose rate is not known, bring nothing here.
    """
    _, n_payments = payments_due(sheet.next_funding_at_ns, sheet.funding_interval_s, sheet.at_ns, hours)
    usd = np.nan_to_num(funding_per_contract(sheet) * n_payments)
    return grouped(sheet.leg_account, sheet.leg_quantity * usd[sheet.leg_contract], sheet.n_accounts)
