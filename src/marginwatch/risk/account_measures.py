"""Everything measured for each account, and on the way there for each position and holding."""

import math
from copy import copy, deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.account_margins import (
    MarginBasis,
    RowMargins,
    leverage,
    measure_margins,
    reckon_rows,
    venue_margins,
)
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.margin.accounts import valued as worth
from marginwatch.risk.margin.legs import INITIAL, MAINTENANCE, PNL
from marginwatch.risk.measures.contracts import ContractValues
from marginwatch.risk.measures.exposure import counted, grouped, hedge_ratio
from marginwatch.risk.measures.margin import nearest_liquidation
from marginwatch.risk.measures.prices import AssetPrices
from marginwatch.risk.rows import Rows
from marginwatch.risk.workspace import Workspace

NO_ROWS: CodeArray = np.zeros(0, np.int64)

PORTFOLIO = MARGIN_MODES["portfolio"]
UNKNOWN = MARGIN_MODES["unknown"]


# Of these the two with many fields are not frozen: a frozen dataclass writes each field by a call of its own, and all
# of them together took a twentieth of a lane.
@dataclass(slots=True)
class RowMeasures:
    """Of each position, shape (n_rows,), float64, NaN where a price or the entry price is missing. Never written again.

    ``exposure_usd`` signed USD delta; ``notional_usd`` ≥ 0; ``pnl_coin`` and ``pnl_usd`` unrealized PnL at live marks,
    gain positive; ``mark_price`` in quote currency; ``initial_margin`` and ``maintenance_margin`` by our model, in settlement
    currency, NaN in portfolio margin too, where positions have none of their own. ``unvalued``, ``without_size``, ``without_pnl_coin`` and
    ``without_pnl`` are the numbers of the rows whose exposure, notional, or PnL in coin or USD is NaN; ``is_complete`` is
    whether there is no NaN at all.
    """

    exposure_usd: FloatArray
    notional_usd: FloatArray
    pnl_coin: FloatArray
    pnl_usd: FloatArray
    mark_price: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    unvalued: CodeArray
    without_size: CodeArray
    without_pnl_coin: CodeArray
    without_pnl: CodeArray
    is_complete: bool


class WalletMeasures(NamedTuple):
    """Of each coin in a wallet, shape (n_coins,), float64; ``rows.coin_owner`` and so on name them.

    ``usd`` is its price, ``amount`` its equity at live marks in the coin, ``worth`` that in USD, of cash too: all NaN
    where unknown; ``unknown`` are the numbers of the coins without a ``worth``. ``bet_usd`` is ``worth`` without cash, 0
    where unknown, so that it can be summed.
    """

    usd: FloatArray
    is_cash: BoolArray
    amount: FloatArray
    worth: FloatArray
    bet_usd: FloatArray
    unknown: CodeArray


class WalletCoins(NamedTuple):
    """Some coins in wallets, shape (n,); as in :class:`WalletMeasures` where names are the same.

    ``option_value`` is the part of ``amount`` that options settled in the coin are worth; ``switch`` 1 where the coin counts as
    collateral, 0 where not, −1 where that is not known.
    """

    usd: FloatArray
    is_cash: BoolArray
    amount: FloatArray
    worth: FloatArray
    option_value: FloatArray
    switch: CodeArray


class HoldingMeasures:
    """Of each coin of each account, shape (n_holdings,), float64; made when somebody looks, for few do.

    ``coins`` are the numbers of the holdings with a coin in the wallet. Valid as long as the frame that it belongs to.
    """

    def __init__(
        self,
        rows: Rows,
        holding: CodeArray,
        of_rows: RowMeasures,
        wallets: WalletMeasures,
        option_value: FloatArray | None = None,
    ) -> None:
        self._n_holdings = rows.n_holdings
        self._holding = holding
        self._of_rows = of_rows
        self._wallets = wallets
        self._all_coins = rows.coins
        self._switches = rows.coin_switch
        self._option_value = option_value
        self.coins = rows.coins[rows.coin_is_held]

    def kept(self, holding: CodeArray, of_rows: RowMeasures) -> "HoldingMeasures":
        """Return the same of copied columns, for whoever looks longer than the frame lasts.

        Parameters
        ----------
        holding : ndarray of shape (n_rows,), int64
            The copy of each position's holding.
        of_rows : RowMeasures
            The copy of what positions measure.
        """
        other = copy(self)
        # Of a list of its own: whoever looks at the loop's own frame meanwhile adds figures to these.
        held = dict(vars(self))
        own = {name: deepcopy(of) for name, of in held.items() if name not in ("_holding", "_of_rows")}
        vars(other).update(own, _holding=holding, _of_rows=of_rows)
        return other

    def wallet_coins(self, holdings: CodeArray) -> WalletCoins:
        """Return what is known of some holdings of ``coins``, in their order."""
        # The numbers of all coins ascend.
        places = np.searchsorted(self._all_coins, holdings)
        of, options = self._wallets, self._option_value
        return WalletCoins(
            usd=of.usd[places],
            is_cash=of.is_cash[places],
            amount=of.amount[places],
            worth=of.worth[places],
            option_value=np.zeros(places.shape[0]) if options is None else options[places],
            switch=self._switches[places],
        )

    def _spread(self, values: FloatArray) -> FloatArray:
        spread = np.zeros(self._n_holdings)
        spread[self._all_coins] = values
        return spread

    @cached_property
    def net_usd(self) -> FloatArray:
        """Signed USD delta of the derivatives that have a price."""
        exposure = without(self._of_rows.exposure_usd, self._of_rows.unvalued)
        return grouped(self._holding, exposure, self._n_holdings)

    @cached_property
    def coin_equity(self) -> FloatArray:
        """The wallet's equity at live marks, in the coin, 0 without a coin and NaN where it is unknown."""
        return self._spread(self._wallets.amount)

    @cached_property
    def wallet_usd(self) -> FloatArray:
        """Its value in USD, of cash too."""
        return self._spread(self._wallets.worth)

    @cached_property
    def bet_usd(self) -> FloatArray:
        """The same without cash, and 0 where it is unknown, so that it can be summed."""
        return self._spread(self._wallets.bet_usd)

    @cached_property
    def is_unvalued(self) -> BoolArray:
        """Whether there are positions without a price, which ``net_usd`` leaves out."""
        found = np.zeros(self._n_holdings, np.bool_)
        found[self._holding[self._of_rows.unvalued]] = True
        return found

    @property
    def exposure_usd(self) -> FloatArray:
        """Signed USD delta including the wallet's coin."""
        return self.net_usd + self.bet_usd


@dataclass(slots=True)
class AccountMeasures:
    """Of each account, shape (n_accounts,). USD float64, NaN where there is no number; answers uint8. Never written again.

    Exposure sums leave out rows without a price, counted in ``n_unvalued``: they are partial unless that is 0.
    ``…_with_wallet_usd`` include coins that are not cash. ``n_stale`` counts rows valued at an old price,
    ``n_unknown_coins`` wallet coins without a USD price or amount.

    ``equity_usd`` to ``free_usd`` and the usages are ours, at live marks; what is missing (NaN) is so for the reason that ``lack`` and ``lack_subject`` tell (:mod:`marginwatch.risk.margin.lacking`). An isolated account has no adjusted
    equity; its margins are sums over its positions. ``estimate`` is a code of
    :class:`marginwatch.risk.margin.estimates.Estimate`. ``venue_…`` are the venue's own figures, as old as they are.
    """

    long_usd: FloatArray
    short_usd: FloatArray
    long_with_wallet_usd: FloatArray
    short_with_wallet_usd: FloatArray
    notional_usd: FloatArray
    pnl_usd: FloatArray
    n_positions: FloatArray
    n_unvalued: FloatArray
    n_without_pnl: FloatArray
    n_stale: FloatArray
    n_unknown_coins: FloatArray
    hedge_ratio: FloatArray
    hedge_ratio_answer: AnswerArray
    equity_usd: FloatArray
    adjusted_equity_usd: FloatArray
    initial_margin_usd: FloatArray
    maintenance_margin_usd: FloatArray
    free_usd: FloatArray
    effective_leverage: FloatArray
    effective_leverage_answer: AnswerArray
    estimate: CodeArray
    lack: CodeArray
    lack_subject: CodeArray
    venue_equity_usd: FloatArray
    venue_adjusted_equity_usd: FloatArray
    venue_initial_margin_usd: FloatArray
    venue_maintenance_margin_usd: FloatArray
    venue_free_usd: FloatArray
    maintenance_margin_usage: FloatArray
    maintenance_margin_usage_answer: AnswerArray
    initial_margin_usage: FloatArray
    initial_margin_usage_answer: AnswerArray
    liquidation_distance: FloatArray
    liquidation_distance_answer: AnswerArray

    @property
    def net_usd(self) -> FloatArray:
        """Long − short of the derivatives."""
        return self.long_usd - self.short_usd

    @property
    def gross_usd(self) -> FloatArray:
        """Long + short of the derivatives."""
        return self.long_usd + self.short_usd

    @property
    def net_with_wallet_usd(self) -> FloatArray:
        """Long − short with the wallet's coins."""
        return self.long_with_wallet_usd - self.short_with_wallet_usd

    @property
    def gross_with_wallet_usd(self) -> FloatArray:
        """Long + short, a wallet's coin being a row like a position."""
        return self.long_with_wallet_usd + self.short_with_wallet_usd


class Valued(NamedTuple):
    """One slice of the book at present prices: its rows, wallets, and margins before calibration.

    ``long_side`` and ``short_side`` are the two parts of each row's exposure, both ≥ 0, and 0 where it is unknown.
    """

    rows: RowMeasures
    long_side: FloatArray
    short_side: FloatArray
    wallets: WalletMeasures
    margins: RowMargins


def value(
    rows: Rows, values: ContractValues, prices: AssetPrices, basis: MarginBasis, work: Workspace
) -> Valued:
    """Value a slice of the book. Cost: linear in its rows; columns of rows live in ``work`` until its next use.

    Parameters
    ----------
    rows : Rows
        What to value.
    values, prices : ContractValues, AssetPrices
        Of all contracts and coins, at one moment.
    basis : MarginBasis
        What margins are reckoned from.
    work : Workspace
        Buffers for the columns of rows.
    """
    columns = work.gather("rows", values.columns, rows.instrument)
    margins = reckon_rows(rows, columns[2], prices, basis, work)
    of_rows = measure_rows(rows, columns, margins)
    wallets = measure_wallets(rows, margins, prices)
    return Valued(of_rows, *_sides(of_rows, work), wallets, margins)


def measure_rows(rows: Rows, columns: FloatArray, margins: RowMargins) -> RowMeasures:
    """Return exposure, notional and unrealized PnL of each position; ``columns`` are those of its contract.

    PnL is quantity × (value at mark − value at entry), the values those of one long contract in settlement currency:
    multiplier × price for linear contracts and options, −multiplier ÷ price for inverse ones.

    References
    ----------
    Bybit help center, P&L calculations: linear q × (M − E), inverse q × (1 ÷ E − 1 ÷ M).
    """
    exposure, notional, mark_value, pnl_usd, mark_price = columns
    legs, terms = margins.found.legs, margins.planned.plan.terms
    sizes = columns[:2]
    np.multiply(sizes, rows.quantity, out=sizes)
    np.abs(notional, out=notional)
    # Rows that were reckoned together have their profit in one of them.
    pnl_coin = (
        legs[PNL] if terms.quantity is rows.quantity else (mark_value - rows.entry_value) * rows.quantity
    )
    np.multiply(pnl_usd, pnl_coin, out=pnl_usd)
    # One sum tells whether anything is missing anywhere; mostly nothing is.
    is_complete = not math.isnan(columns.sum())
    missing = (
        (NO_ROWS,) * 4 if is_complete else tuple(map(rows_missing, (exposure, notional, pnl_coin, pnl_usd)))
    )
    unvalued, without_size, without_pnl_coin, without_pnl = missing
    return RowMeasures(
        exposure_usd=exposure,
        notional_usd=notional,
        pnl_coin=pnl_coin,
        pnl_usd=pnl_usd,
        mark_price=mark_price,
        initial_margin=legs[INITIAL],
        maintenance_margin=legs[MAINTENANCE],
        unvalued=unvalued,
        without_size=without_size,
        without_pnl_coin=without_pnl_coin,
        without_pnl=without_pnl,
        is_complete=is_complete,
    )


def rows_missing(values: FloatArray) -> CodeArray:
    """Return the numbers of the rows that are NaN."""
    return np.flatnonzero(np.isnan(values))


def without(values: FloatArray, rows: CodeArray) -> FloatArray:
    """Return values that can be summed: 0 in some rows, in a copy if there are any."""
    if not rows.shape[0]:
        return values
    summable = values.copy()
    summable[rows] = 0.0
    return summable


def _sides(of_rows: RowMeasures, work: Workspace) -> tuple[FloatArray, FloatArray]:
    """Return the long and the short part of each row's exposure, both ≥ 0, and 0 where it is unknown."""
    exposure = without(of_rows.exposure_usd, of_rows.unvalued)
    long_side = np.maximum(exposure, 0.0, out=work.array("long_side", exposure.shape[0]))
    return long_side, np.subtract(long_side, exposure, out=work.array("short_side", exposure.shape[0]))


def measure_wallets(rows: Rows, margins: RowMargins, prices: AssetPrices) -> WalletMeasures:
    """Return what the coins in wallets amount to at live marks.

    A position settled in a coin makes the coin's equity unknown when its own PnL is.
    """
    sums, usd = margins.found.sums, margins.coin_usd
    amount = margins.planned.plan.holdings.cash + sums.pnl
    if sums.option_value is not None:
        amount += sums.option_value
    # A coin that only settles positions is in no wallet.
    amount[~rows.coin_is_held] = 0.0
    is_cash = prices.is_cash.take(rows.coin_asset)
    worth = amount * usd
    bet_usd = np.where(is_cash, 0.0, worth)
    without_worth = NO_ROWS
    if math.isnan(worth.sum()):
        # Nothing of a coin is worth nothing, whether its price is known or not.
        worth[amount == 0.0] = 0.0
        without_worth = rows_missing(worth)
        bet_usd[np.isnan(bet_usd)] = 0.0
    return WalletMeasures(usd, is_cash, amount, worth, bet_usd, without_worth)


def measure_accounts(
    rows: Rows,
    valued: Valued,
    values: ContractValues,
    basis: MarginBasis,
    calibration: FloatArray,
    work: Workspace,
) -> AccountMeasures:
    """Return everything of each account; ``calibration`` as in :func:`marginwatch.risk.account_margins.measure_margins`."""
    k, owner = rows.n_accounts, rows.account
    of_rows, wallets = valued.rows, valued.wallets
    long_usd, short_usd = grouped(owner, valued.long_side, k), grouped(owner, valued.short_side, k)
    ratio, ratio_answer = hedge_ratio(long_usd, short_usd)
    n_positions = rows.n_positions.astype(np.float64)
    n_unvalued = _counted_rows(owner, of_rows.unvalued, k)
    if of_rows.unvalued.shape[0]:
        ratio_answer[n_unvalued > 0] = Answer.MISSING
        ratio[n_unvalued > 0] = np.nan
    ours = measure_margins(rows, valued.margins, basis, calibration)
    theirs = venue_margins(rows, valued.margins.coin_usd)
    distance, distance_answer = _distances(rows, of_rows, n_positions, work)
    long_with_wallet, short_with_wallet = long_usd, short_usd
    if wallets.bet_usd.any():
        long_with_wallet = long_usd + grouped(rows.coin_owner, np.maximum(wallets.bet_usd, 0.0), k)
        short_with_wallet = short_usd + grouped(rows.coin_owner, np.maximum(-wallets.bet_usd, 0.0), k)
    unpriced = wallets.unknown
    notional, pnl_usd = _sizes(rows, valued, long_usd + short_usd)
    leverages, leverage_answers = leverage(
        notional, ours.equity, n_positions, _counted_rows(owner, of_rows.without_size, k)
    )
    return AccountMeasures(
        long_usd=long_usd,
        short_usd=short_usd,
        long_with_wallet_usd=long_with_wallet,
        short_with_wallet_usd=short_with_wallet,
        notional_usd=notional,
        pnl_usd=pnl_usd,
        n_positions=n_positions,
        n_unvalued=n_unvalued,
        n_without_pnl=_counted_rows(owner, of_rows.without_pnl, k),
        n_stale=_stale_rows(rows, values),
        n_unknown_coins=_counted_rows(rows.coin_owner, unpriced[~wallets.is_cash[unpriced]], k),
        hedge_ratio=ratio,
        hedge_ratio_answer=ratio_answer,
        equity_usd=ours.equity,
        adjusted_equity_usd=ours.adjusted_equity,
        initial_margin_usd=ours.initial_margin,
        maintenance_margin_usd=ours.maintenance_margin,
        free_usd=ours.free,
        effective_leverage=leverages,
        effective_leverage_answer=leverage_answers,
        estimate=ours.estimate,
        lack=ours.lack,
        lack_subject=ours.lack_subject,
        venue_equity_usd=theirs.equity,
        venue_adjusted_equity_usd=theirs.adjusted_equity,
        venue_initial_margin_usd=theirs.initial_margin,
        venue_maintenance_margin_usd=theirs.maintenance_margin,
        venue_free_usd=theirs.free,
        maintenance_margin_usage=ours.maintenance_margin_usage,
        maintenance_margin_usage_answer=ours.maintenance_margin_usage_answer,
        initial_margin_usage=ours.initial_margin_usage,
        initial_margin_usage_answer=ours.initial_margin_usage_answer,
        liquidation_distance=distance,
        liquidation_distance_answer=distance_answer,
    )


def _sizes(rows: Rows, valued: Valued, gross_usd: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return notional and open profit of each account, over the rows that have them."""
    k, of_rows, margins = rows.n_accounts, valued.rows, valued.margins
    if of_rows.is_complete and margins.planned.plan.options is None:
        # What has a delta of 1 is as large as its exposure, and all profit is in coins that are summed already.
        return gross_usd, grouped(rows.coin_owner, worth(margins.found.sums.pnl, margins.coin_usd), k)
    notional = grouped(rows.account, without(of_rows.notional_usd, of_rows.without_size), k)
    return notional, grouped(rows.account, without(of_rows.pnl_usd, of_rows.without_pnl), k)


def _distances(
    rows: Rows, of_rows: RowMeasures, n_positions: FloatArray, work: Workspace
) -> tuple[FloatArray, AnswerArray]:
    """Return the nearest liquidation of each account by the venue's prices, and what kind of answer it is."""
    distance, answer = nearest_liquidation(
        rows.account,
        of_rows.mark_price,
        rows.liquidation_price,
        rows.n_accounts,
        n_positions,
        not of_rows.is_complete,
        work,
    )
    # The usual modes come before these two. In portfolio margin the venue never names a liquidation price, so its
    # silence says nothing; and who knows what it means in a mode that we do not know.
    if int(rows.margin_mode.max(initial=0)) >= PORTFOLIO:
        says_nothing = (rows.margin_mode == PORTFOLIO) | (rows.margin_mode == UNKNOWN)
        answer[says_nothing & (answer == Answer.NONE_IN_RANGE)] = Answer.MISSING
    return distance, answer


def _counted_rows(owner: CodeArray, picked: CodeArray, n_accounts: int) -> FloatArray:
    """Return how many of the rows ``picked`` each account has; mostly none are."""
    return counted(owner[picked], n_accounts) if picked.shape[0] else np.zeros(n_accounts)


def _stale_rows(rows: Rows, values: ContractValues) -> FloatArray:
    if not values.has_stale:
        return np.zeros(rows.n_accounts)
    return counted(rows.account[values.is_stale[rows.instrument] & (rows.quantity != 0.0)], rows.n_accounts)
