"""Everything measured for each account, and on the way there for each position and holding."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.measures.contracts import ContractValues
from marginwatch.risk.measures.exposure import counted, grouped, hedge_ratio
from marginwatch.risk.measures.margin import largest_in_group, nearest_liquidation, usage
from marginwatch.risk.measures.prices import AssetPrices
from marginwatch.risk.rows import Rows
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]
PORTFOLIO = MARGIN_MODES["portfolio"]


@dataclass(slots=True, frozen=True)
class RowMeasures:
    """Of each position, shape (n_rows,), float64, NaN where a price or the entry price is missing.

    ``exposure_usd`` signed USD delta; ``notional_usd`` ≥ 0; ``pnl_coin`` and ``pnl_usd`` unrealized PnL at live marks,
    gain positive. ``unvalued`` and ``without_pnl`` are the numbers of the rows whose exposure or PnL is NaN.
    """

    exposure_usd: FloatArray
    notional_usd: FloatArray
    pnl_coin: FloatArray
    pnl_usd: FloatArray
    unvalued: CodeArray
    without_pnl: CodeArray


@dataclass(slots=True, frozen=True)
class HoldingMeasures:
    """Of each coin of each account, shape (n_holdings,), float64.

    ``long_usd`` and ``short_usd`` (both ≥ 0) are sums over its derivative positions that have a price. ``coin_equity``
    is the wallet's equity at live marks, in the coin, 0 without a coin and NaN where it is unknown; ``wallet_usd`` its
    value in USD, of cash too; ``bet_usd`` the same without cash, and 0 where it is unknown, so that it can be summed.
    ``coins`` are the numbers of the holdings with a coin. ``is_unvalued`` (bool) tells of positions without a price, which
    the sums leave out.
    """

    long_usd: FloatArray
    short_usd: FloatArray
    coins: CodeArray
    coin_equity: FloatArray
    wallet_usd: FloatArray
    bet_usd: FloatArray
    is_unvalued: BoolArray

    @property
    def net_usd(self) -> FloatArray:
        """Signed USD delta of the derivatives."""
        return self.long_usd - self.short_usd

    @property
    def exposure_usd(self) -> FloatArray:
        """Signed USD delta including the wallet's coin."""
        return self.long_usd - self.short_usd + self.bet_usd


@dataclass(slots=True, frozen=True)
class AccountMeasures:
    """Of each account, shape (n_accounts,). USD float64, NaN where there is no number; answers uint8.

    Exposure sums leave out rows without a price, counted in ``n_unvalued``: they are partial unless that is 0.
    ``…_with_wallet_usd`` include coins that are not cash. ``n_stale`` counts rows valued at an old price,
    ``n_unknown_coins`` wallet coins without a USD price or amount. Margins, equity and ``free_usd`` are the venue's
    (isolated accounts: sums over coins, for the venue states no total there); the usages are ours.
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


@dataclass(slots=True, frozen=True)
class Measured:
    """One slice of the book, measured."""

    rows: RowMeasures
    holdings: HoldingMeasures
    accounts: AccountMeasures


def measure(rows: Rows, values: ContractValues, prices: AssetPrices, work: Workspace) -> Measured:
    """Measure a slice of the book. Cost: linear in its rows; columns of rows live in ``work`` until its next use.

    Parameters
    ----------
    rows : Rows
        What to measure.
    values, prices : ContractValues, AssetPrices
        Of all contracts and coins, at one moment.
    work : Workspace
        Buffers for the columns of rows.
    """
    of_rows = measure_rows(rows, values, work)
    of_holdings = measure_holdings(rows, of_rows, prices, work)
    return Measured(of_rows, of_holdings, measure_accounts(rows, of_rows, of_holdings, values, prices, work))


def measure_rows(rows: Rows, values: ContractValues, work: Workspace) -> RowMeasures:
    """Return exposure, notional and unrealized PnL of each position.

    PnL is quantity × (value at mark − value at entry), the values those of one long contract in settlement currency:
    multiplier × price for linear contracts and options, −multiplier ÷ price for inverse ones.

    References
    ----------
    Bybit help center, P&L calculations: linear q × (M − E), inverse q × (1 ÷ E − 1 ÷ M).
    """
    exposure = work.gather("exposure", values.exposure_usd, rows.instrument)
    np.multiply(exposure, rows.quantity, out=exposure)
    notional = work.gather("notional", values.notional_usd, rows.instrument)
    np.multiply(notional, rows.quantity, out=notional)
    np.abs(notional, out=notional)
    pnl_coin = work.gather("pnl_coin", values.mark_value, rows.instrument)
    np.subtract(pnl_coin, rows.entry_value, out=pnl_coin)
    np.multiply(pnl_coin, rows.quantity, out=pnl_coin)
    pnl_usd = work.gather("pnl_usd", values.settle_usd, rows.instrument)
    np.multiply(pnl_usd, pnl_coin, out=pnl_usd)
    return RowMeasures(exposure, notional, pnl_coin, pnl_usd, rows_missing(exposure), rows_missing(pnl_usd))


def rows_missing(values: FloatArray) -> CodeArray:
    """Return the numbers of the rows that are NaN, at the cost of one sum where there are none."""
    if not np.isnan(values.sum()):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.isnan(values))


def _without(values: FloatArray, rows: CodeArray) -> FloatArray:
    if not rows.shape[0]:
        return values
    summable = values.copy()
    summable[rows] = 0.0
    return summable


def measure_holdings(
    rows: Rows, of_rows: RowMeasures, prices: AssetPrices, work: Workspace
) -> HoldingMeasures:
    """Return what each account bets on each coin, and what its wallet holds of it at live marks.

    A position settled in a coin makes the coin's equity unknown when its own PnL is.
    """
    m = rows.n_holdings
    exposure = _without(of_rows.exposure_usd, of_rows.unvalued)
    side = work.array("side", exposure.shape[0])
    np.maximum(exposure, 0.0, out=side)
    long_usd = grouped(rows.holding, side, m)
    np.subtract(side, exposure, out=side)
    short_usd = grouped(rows.holding, side, m)
    unknown_pnl = rows_missing(of_rows.pnl_coin)
    live_pnl = grouped(rows.settle_holding, _without(of_rows.pnl_coin, unknown_pnl), m)
    # Few holdings have a coin in the wallet; most are coins bet on.
    mine = np.flatnonzero(rows.has_coin)
    amount = rows.settled_equity[mine] + live_pnl[mine]
    if unknown_pnl.shape[0]:
        is_touched = np.zeros(m, np.bool_)
        is_touched[rows.settle_holding[unknown_pnl]] = True
        amount[is_touched[mine]] = np.nan
    asset = rows.holding_asset[mine]
    worth = _valued(amount, prices.usd[asset])
    is_unvalued = np.zeros(m, np.bool_)
    is_unvalued[rows.holding[of_rows.unvalued]] = True
    coin_equity, wallet_usd, bet_usd = (
        work.array(name, m) for name in ("coin_equity", "wallet_usd", "bet_usd")
    )
    for column in (coin_equity, wallet_usd, bet_usd):
        column.fill(0.0)
    coin_equity[mine] = amount
    wallet_usd[mine] = worth
    bet_usd[mine] = np.where(prices.is_cash[asset] | np.isnan(worth), 0.0, worth)
    return HoldingMeasures(
        long_usd=long_usd,
        short_usd=short_usd,
        coins=mine,
        coin_equity=coin_equity,
        wallet_usd=wallet_usd,
        bet_usd=bet_usd,
        is_unvalued=is_unvalued,
    )


def _valued(amount: FloatArray, usd: FloatArray) -> FloatArray:
    # Nothing of a coin is worth nothing, whether its price is known or not.
    return np.where(amount == 0.0, 0.0, amount * usd)


def measure_accounts(
    rows: Rows,
    of_rows: RowMeasures,
    of_holdings: HoldingMeasures,
    values: ContractValues,
    prices: AssetPrices,
    work: Workspace,
) -> AccountMeasures:
    """Return everything of each account."""
    k, owner = rows.n_accounts, rows.holding_account
    long_usd = grouped(owner, of_holdings.long_usd, k)
    short_usd = grouped(owner, of_holdings.short_usd, k)
    coins = of_holdings.coins
    bet, coin_owner, coin_asset = of_holdings.bet_usd[coins], owner[coins], rows.holding_asset[coins]
    ratio, ratio_answer = hedge_ratio(long_usd, short_usd)
    n_positions = counted(rows.account, k)
    n_unvalued = counted(rows.account[of_rows.unvalued], k)
    ratio_answer[n_unvalued > 0] = Answer.MISSING
    ratio[n_unvalued > 0] = np.nan
    unpriced = np.isnan(of_holdings.wallet_usd[coins]) & ~prices.is_cash[coin_asset]
    wallets = Wallets(coins, coin_owner, prices.usd[coin_asset], k)
    initial = wallets.fill(rows.account_initial_margin, rows.coin_initial_margin)
    maintenance = wallets.fill(rows.account_maintenance_margin, rows.coin_maintenance_margin)
    margins = _usages(rows, of_rows, initial, maintenance)
    marks = work.gather("mark", values.mark_price, rows.instrument)
    distance, distance_answer = nearest_liquidation(
        rows.account, marks, rows.liquidation_price, k, n_positions > 0, work
    )
    # In portfolio margin the venue never names a liquidation price, so its silence says nothing.
    distance_answer[(rows.margin_mode == PORTFOLIO) & (distance_answer == Answer.NONE_IN_RANGE)] = (
        Answer.MISSING
    )
    return AccountMeasures(
        long_usd=long_usd,
        short_usd=short_usd,
        long_with_wallet_usd=long_usd + grouped(coin_owner, np.maximum(bet, 0.0), k),
        short_with_wallet_usd=short_usd + grouped(coin_owner, np.maximum(-bet, 0.0), k),
        notional_usd=grouped(
            rows.account, _without(of_rows.notional_usd, rows_missing(of_rows.notional_usd)), k
        ),
        pnl_usd=grouped(rows.account, _without(of_rows.pnl_usd, of_rows.without_pnl), k),
        n_positions=n_positions,
        n_unvalued=n_unvalued,
        n_without_pnl=counted(rows.account[of_rows.without_pnl], k),
        n_stale=_stale_rows(rows, values),
        n_unknown_coins=counted(coin_owner[unpriced], k),
        hedge_ratio=ratio,
        hedge_ratio_answer=ratio_answer,
        equity_usd=rows.equity.copy(),
        adjusted_equity_usd=rows.adjusted_equity.copy(),
        initial_margin_usd=initial,
        maintenance_margin_usd=maintenance,
        free_usd=_free(rows, wallets),
        maintenance_margin_usage=margins[0],
        maintenance_margin_usage_answer=margins[1],
        initial_margin_usage=margins[2],
        initial_margin_usage_answer=margins[3],
        liquidation_distance=distance,
        liquidation_distance_answer=distance_answer,
    )


def _stale_rows(rows: Rows, values: ContractValues) -> FloatArray:
    if not values.is_stale.any():
        return np.zeros(rows.n_accounts)
    return counted(rows.account[values.is_stale[rows.instrument] & (rows.quantity != 0.0)], rows.n_accounts)


@dataclass(slots=True, frozen=True)
class Wallets:
    """The coins in wallets: their holdings, the accounts that own them, their USD prices; and how many accounts."""

    coins: CodeArray
    owner: CodeArray
    usd: FloatArray
    n_accounts: int

    def fill(self, total: FloatArray, amounts: FloatArray) -> FloatArray:
        """Return the totals of accounts, where missing the sum of their coins' amounts (of holdings, in the coin)."""
        missing = np.isnan(total)
        if not missing.any():
            return total.copy()
        summed = grouped(self.owner, _valued(amounts[self.coins], self.usd), self.n_accounts)
        has_coins = counted(self.owner, self.n_accounts) > 0
        return np.where(missing, np.where(has_coins, summed, np.nan), total)


def _free(rows: Rows, wallets: Wallets) -> FloatArray:
    """Return free margin: the venue's figure, else (isolated) what the coins leave, else equity − initial margin."""
    free = np.where(
        np.isnan(rows.available_balance),
        rows.adjusted_equity - rows.account_initial_margin,
        rows.available_balance,
    )
    is_isolated = (rows.margin_mode == ISOLATED) & np.isnan(free)
    if not is_isolated.any():
        return free
    return np.where(is_isolated, wallets.fill(free, rows.coin_free), free)


def _usages(
    rows: Rows, of_rows: RowMeasures, initial: FloatArray, maintenance: FloatArray
) -> tuple[FloatArray, AnswerArray, FloatArray, AnswerArray]:
    """Return maintenance and initial margin usage with their answers.

    An isolated account has no rate of its own: its maintenance usage is the largest over its positions, margin required
    ÷ (margin put up + live PnL), and initial margin usage is not applicable, for a losing position is no bar to others.
    """
    # Both at once: for the few accounts of a lane, the number of calls is what costs.
    ratios, answers = usage(np.stack((maintenance, initial)), rows.adjusted_equity)
    mm_usage, im_usage = ratios
    mm_answer, im_answer = answers
    is_isolated = rows.margin_mode == ISOLATED
    if is_isolated.any():
        mine = np.flatnonzero(is_isolated[rows.account] & (rows.quantity != 0.0))
        put_up = rows.initial_margin[mine] + of_rows.pnl_coin[mine]
        each, answers = usage(rows.maintenance_margin[mine], put_up)
        largest, kinds = largest_in_group(rows.account[mine], each, answers, rows.n_accounts)
        mm_usage = np.where(is_isolated, largest, mm_usage)
        mm_answer = np.where(is_isolated, kinds, mm_answer)
        im_usage = np.where(is_isolated, np.nan, im_usage)
        im_answer = np.where(is_isolated, np.uint8(Answer.NOT_APPLICABLE), im_answer)
    return mm_usage, mm_answer, im_usage, im_answer
