"""Everything measured for each account, and on the way there for each position and holding."""

import math
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

NO_ROWS: CodeArray = np.zeros(0, np.int64)

ISOLATED = MARGIN_MODES["isolated"]
PORTFOLIO = MARGIN_MODES["portfolio"]
UNKNOWN = MARGIN_MODES["unknown"]


@dataclass(slots=True, frozen=True)
class RowMeasures:
    """Of each position, shape (n_rows,), float64, NaN where a price or the entry price is missing.

    ``exposure_usd`` signed USD delta; ``notional_usd`` ≥ 0; ``pnl_coin`` and ``pnl_usd`` unrealized PnL at live marks,
    gain positive; ``mark_price`` in quote currency. ``unvalued``, ``without_size``, ``without_pnl_coin`` and
    ``without_pnl`` are the numbers of the rows whose exposure, notional, or PnL in coin or USD is NaN; ``is_complete`` is
    whether there is no NaN at all.
    """

    exposure_usd: FloatArray
    notional_usd: FloatArray
    pnl_coin: FloatArray
    pnl_usd: FloatArray
    mark_price: FloatArray
    unvalued: CodeArray
    without_size: CodeArray
    without_pnl_coin: CodeArray
    without_pnl: CodeArray
    is_complete: bool


@dataclass(slots=True, frozen=True)
class WalletMeasures:
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
    """One slice of the book, measured; what :func:`measure_holdings` makes of it too, if somebody wants it."""

    rows: RowMeasures
    wallets: WalletMeasures
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
    wallets = measure_wallets(rows, of_rows, prices)
    return Measured(of_rows, wallets, measure_accounts(rows, of_rows, wallets, values, work))


def measure_rows(rows: Rows, values: ContractValues, work: Workspace) -> RowMeasures:
    """Return exposure, notional and unrealized PnL of each position.

    PnL is quantity × (value at mark − value at entry), the values those of one long contract in settlement currency:
    multiplier × price for linear contracts and options, −multiplier ÷ price for inverse ones.

    References
    ----------
    Bybit help center, P&L calculations: linear q × (M − E), inverse q × (1 ÷ E − 1 ÷ M).
    """
    columns = work.gather("rows", values.columns, rows.instrument)
    exposure, notional, pnl_coin, pnl_usd, mark_price = columns
    sizes = columns[:2]
    np.multiply(sizes, rows.quantity, out=sizes)
    np.abs(notional, out=notional)
    np.subtract(pnl_coin, rows.entry_value, out=pnl_coin)
    np.multiply(pnl_coin, rows.quantity, out=pnl_coin)
    np.multiply(pnl_usd, pnl_coin, out=pnl_usd)
    # One sum tells whether anything is missing anywhere; mostly nothing is.
    is_complete = not math.isnan(columns.sum())
    missing = (NO_ROWS,) * 4 if is_complete else tuple(map(rows_missing, columns[:4]))
    unvalued, without_size, without_pnl_coin, without_pnl = missing
    return RowMeasures(
        exposure_usd=exposure,
        notional_usd=notional,
        pnl_coin=pnl_coin,
        pnl_usd=pnl_usd,
        mark_price=mark_price,
        unvalued=unvalued,
        without_size=without_size,
        without_pnl_coin=without_pnl_coin,
        without_pnl=without_pnl,
        is_complete=is_complete,
    )


def rows_missing(values: FloatArray) -> CodeArray:
    """Return the numbers of the rows that are NaN."""
    return np.flatnonzero(np.isnan(values))


def _without(values: FloatArray, rows: CodeArray) -> FloatArray:
    if not rows.shape[0]:
        return values
    summable = values.copy()
    summable[rows] = 0.0
    return summable


def _sides(of_rows: RowMeasures, work: Workspace) -> tuple[FloatArray, FloatArray]:
    """Return the long and the short part of each row's exposure, both ≥ 0, and 0 where it is unknown."""
    exposure = _without(of_rows.exposure_usd, of_rows.unvalued)
    long_side = np.maximum(exposure, 0.0, out=work.array("long_side", exposure.shape[0]))
    return long_side, np.subtract(long_side, exposure, out=work.array("short_side", exposure.shape[0]))


def measure_wallets(rows: Rows, of_rows: RowMeasures, prices: AssetPrices) -> WalletMeasures:
    """Return what the coins in wallets amount to at live marks.

    A position settled in a coin makes the coin's equity unknown when its own PnL is.
    """
    unknown = of_rows.without_pnl_coin
    live_pnl = grouped(rows.settle_holding, _without(of_rows.pnl_coin, unknown), rows.n_holdings)
    amount = rows.settled_equity + live_pnl.take(rows.coins)
    if unknown.shape[0]:
        is_touched = np.zeros(rows.n_holdings, np.bool_)
        is_touched[rows.settle_holding[unknown]] = True
        amount[is_touched[rows.coins]] = np.nan
    usd = prices.usd.take(rows.coin_asset)
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


def measure_holdings(
    rows: Rows, holding: CodeArray, of_rows: RowMeasures, wallets: WalletMeasures, work: Workspace
) -> HoldingMeasures:
    """Return what each account bets on each coin, and what its wallet holds of it at live marks.

    Only frames show this; no measure of an account is made from it. ``holding`` is the coin that each row bets on.
    """
    m = rows.n_holdings
    long_side, short_side = _sides(of_rows, work)
    is_unvalued = np.zeros(m, np.bool_)
    is_unvalued[holding[of_rows.unvalued]] = True
    spread = work.array("wallets", 3 * m).reshape(3, m)
    spread.fill(0.0)
    spread[:, rows.coins] = wallets.amount, wallets.worth, wallets.bet_usd
    return HoldingMeasures(
        long_usd=grouped(holding, long_side, m),
        short_usd=grouped(holding, short_side, m),
        coins=rows.coins,
        coin_equity=spread[0],
        wallet_usd=spread[1],
        bet_usd=spread[2],
        is_unvalued=is_unvalued,
    )


def _valued(amount: FloatArray, usd: FloatArray) -> FloatArray:
    # Nothing of a coin is worth nothing, whether its price is known or not.
    return np.where(amount == 0.0, 0.0, amount * usd)


def measure_accounts(
    rows: Rows, of_rows: RowMeasures, wallets: WalletMeasures, values: ContractValues, work: Workspace
) -> AccountMeasures:
    """Return everything of each account."""
    k, owner = rows.n_accounts, rows.account
    long_side, short_side = _sides(of_rows, work)
    long_usd, short_usd = grouped(owner, long_side, k), grouped(owner, short_side, k)
    ratio, ratio_answer = hedge_ratio(long_usd, short_usd)
    n_positions = counted(owner, k)
    n_unvalued = _counted_rows(owner, of_rows.unvalued, k)
    if of_rows.unvalued.shape[0]:
        ratio_answer[n_unvalued > 0] = Answer.MISSING
        ratio[n_unvalued > 0] = np.nan
    # The usual modes come before these two.
    is_usual = int(rows.margin_mode.max(initial=0)) < min(ISOLATED, PORTFOLIO)
    margins, free = _margins(rows, wallets)
    ratios, answers = usage(margins, rows.adjusted_equity)
    if not is_usual:
        ratios, answers = _isolated_usages(rows, of_rows, ratios, answers)
    distance, distance_answer = nearest_liquidation(
        owner,
        of_rows.mark_price,
        rows.liquidation_price,
        k,
        n_positions,
        not of_rows.is_complete,
        work,
    )
    if not is_usual:
        # In portfolio margin the venue never names a liquidation price, so its silence says nothing; and who knows
        # what it means in a mode that we do not know.
        says_nothing = (rows.margin_mode == PORTFOLIO) | (rows.margin_mode == UNKNOWN)
        is_silent = says_nothing & (distance_answer == Answer.NONE_IN_RANGE)
        distance_answer[is_silent] = Answer.MISSING
    long_with_wallet, short_with_wallet = long_usd, short_usd
    if wallets.bet_usd.any():
        long_with_wallet = long_usd + grouped(rows.coin_owner, np.maximum(wallets.bet_usd, 0.0), k)
        short_with_wallet = short_usd + grouped(rows.coin_owner, np.maximum(-wallets.bet_usd, 0.0), k)
    unpriced = wallets.unknown
    return AccountMeasures(
        long_usd=long_usd,
        short_usd=short_usd,
        long_with_wallet_usd=long_with_wallet,
        short_with_wallet_usd=short_with_wallet,
        notional_usd=grouped(owner, _without(of_rows.notional_usd, of_rows.without_size), k),
        pnl_usd=grouped(owner, _without(of_rows.pnl_usd, of_rows.without_pnl), k),
        n_positions=n_positions,
        n_unvalued=n_unvalued,
        n_without_pnl=_counted_rows(owner, of_rows.without_pnl, k),
        n_stale=_stale_rows(rows, values),
        n_unknown_coins=_counted_rows(rows.coin_owner, unpriced[~wallets.is_cash[unpriced]], k),
        hedge_ratio=ratio,
        hedge_ratio_answer=ratio_answer,
        equity_usd=rows.equity,
        adjusted_equity_usd=rows.adjusted_equity,
        initial_margin_usd=margins[0],
        maintenance_margin_usd=margins[1],
        free_usd=free,
        maintenance_margin_usage=ratios[1],
        maintenance_margin_usage_answer=answers[1],
        initial_margin_usage=ratios[0],
        initial_margin_usage_answer=answers[0],
        liquidation_distance=distance,
        liquidation_distance_answer=distance_answer,
    )


def _counted_rows(owner: CodeArray, picked: CodeArray, n_accounts: int) -> FloatArray:
    """Return how many of the rows ``picked`` each account has; mostly none are."""
    return counted(owner[picked], n_accounts) if picked.shape[0] else np.zeros(n_accounts)


def _stale_rows(rows: Rows, values: ContractValues) -> FloatArray:
    if not values.has_stale:
        return np.zeros(rows.n_accounts)
    return counted(rows.account[values.is_stale[rows.instrument] & (rows.quantity != 0.0)], rows.n_accounts)


def _margins(rows: Rows, wallets: WalletMeasures) -> tuple[FloatArray, FloatArray]:
    """Return initial and maintenance margin, shape (2, n_accounts), and free margin of each account.

    The venue's own totals; a margin that it does not state is the sum over the coins, and free margin (isolated
    accounts) what the coins leave, else equity − initial margin.
    """
    free = rows.available_balance
    if rows.has_all_totals:
        return rows.margins, free
    free = np.where(np.isnan(free), rows.adjusted_equity - rows.account_initial_margin, free)
    is_isolated = (rows.margin_mode == ISOLATED) & np.isnan(free)
    if is_isolated.any():
        free = np.where(is_isolated, _filled(free, rows.coin_free, rows, wallets), free)
    initial = _filled(rows.account_initial_margin, rows.coin_initial_margin, rows, wallets)
    maintenance = _filled(rows.account_maintenance_margin, rows.coin_maintenance_margin, rows, wallets)
    return np.stack((initial, maintenance)), free


def _filled(total: FloatArray, amounts: FloatArray, rows: Rows, wallets: WalletMeasures) -> FloatArray:
    """Return the totals of accounts, where missing the sum of their coins' amounts (in the coin)."""
    missing = np.isnan(total)
    if not missing.any():
        return total
    summed = grouped(rows.coin_owner, _valued(amounts, wallets.usd), rows.n_accounts)
    has_coins = counted(rows.coin_owner, rows.n_accounts) > 0
    return np.where(missing, np.where(has_coins, summed, np.nan), total)


def _isolated_usages(
    rows: Rows, of_rows: RowMeasures, ratios: FloatArray, answers: AnswerArray
) -> tuple[FloatArray, AnswerArray]:
    """Return initial and maintenance margin usage with their answers, shape (2, n_accounts), isolated accounts put right.

    An isolated account has no rate of its own: its maintenance usage is the largest over its positions, margin required
    ÷ (margin put up + live PnL), and initial margin usage is not applicable, for a losing position is no bar to others.
    """
    is_isolated = rows.margin_mode == ISOLATED
    mine = np.flatnonzero(is_isolated[rows.account] & (rows.quantity != 0.0))
    put_up = rows.initial_margin[mine] + of_rows.pnl_coin[mine]
    each, kinds = usage(rows.maintenance_margin[mine], put_up)
    largest, kinds = largest_in_group(rows.account[mine], each, kinds, rows.n_accounts)
    of_initial = np.where(is_isolated, np.nan, ratios[0])
    initial_kinds = np.where(is_isolated, np.uint8(Answer.NOT_APPLICABLE), answers[0])
    return (
        np.stack((of_initial, np.where(is_isolated, largest, ratios[1]))),
        np.stack((initial_kinds, np.where(is_isolated, kinds, answers[1]))),
    )
