"""Everything that margins are reckoned from at one moment, as frozen columns: accounts, legs, contracts, holdings, coins."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId, Asset, InstrumentId

if TYPE_CHECKING:
    from marginwatch.risk.margin.plan import Plan


@dataclass(slots=True, eq=False)
class SheetCache:
    """What models work out of a sheet once: its plan, and which legs are inverse contracts and options."""

    plan: "Plan | None" = None
    inverse: CodeArray | None = None
    options: CodeArray | None = None


@dataclass(slots=True, frozen=True, eq=False)
class MarginSheet:
    """The accounts to be reckoned and all that their margins depend on, apart from prices that might be others.

    Rows count within the sheet. Legs and holdings are sorted by account: those of account ``i`` are
    ``first_leg[i]:first_leg[i + 1]`` and ``first_holding[i]:first_holding[i + 1]``. Contracts and coins have the row
    numbers of the book's tables; row 0 of either is *none*. All arrays are the sheet's own and are never written to.

    Money of legs is in the settlement currency of their contract, money of holdings in their coin, money of accounts in
    USD. NaN is *missing* everywhere, unless another meaning is stated.

    Parameters
    ----------
    at_ns : int
        The moment, UTC nanoseconds.

    account_ids : tuple of AccountId
        Names, shape (k,).
    account_row : ndarray of shape (k,), int64
        Rows in the book's account table, ascending.
    mode : ndarray of shape (k,), int64
        Codes of :data:`marginwatch.book.accounts.MARGIN_MODES`.
    venue, owner, desk : ndarray of shape (k,), int64
        Codes that index ``venue_names``, ``owner_names`` and ``desk_names``; 0 is none.
    is_missing : ndarray of shape (k,), bool
        A fact or price is lacking without which the account's figures would be wrong; they are then NaN.
    missing_reasons : tuple of (str or None)
        For each account that is missing, what is lacking.
    is_estimated : ndarray of shape (k,), bool
        The venue's formula is not fully published: portfolio margin; figures say ``estimated``.
    estimated_reasons : tuple of (str or None)
        For each estimated account, which part is an estimate.
    venue_equity, venue_adjusted_equity, venue_initial_margin, venue_maintenance_margin : ndarray of shape (k,), float64
        The venue's own figures, USD; NaN where it states none (isolated accounts).
    venue_as_of_ns : ndarray of shape (k,), int64
        When the venue stated them, UTC nanoseconds; 0 for never.
    order_loss : ndarray of shape (k,), float64
        What open orders could take from the margin balance, USD, as the venue last reckoned it; 0 if nothing.
    calibration, initial_calibration : ndarray of shape (k,), float64
        Multipliers of the maintenance and the initial margin of estimated accounts, so that at the venue's last figure
        ours equaled it; 1 where the model is exact or no figure was met.

    leg_account, leg_contract, leg_settle_holding : ndarray of shape (n,), int64
        Row of the account, contract and holding (of the settlement coin) of each leg. A leg is all rows of one account,
        contract and side together.
    leg_quantity : ndarray of shape (n,), float64
        Contracts, signed.
    leg_entry_price : ndarray of shape (n,), float64
        What profit is counted from, quote currency; the session's price where the venue settles in sessions.
    leg_leverage : ndarray of shape (n,), float64
        As configured, ×; NaN in portfolio margin and for options, which have none.
    leg_extra_margin : ndarray of shape (n,), float64
        Isolated: margin beyond entry value ÷ leverage + fee to close, added by hand or taken by funding, settlement
        coin, signed; 0 in other modes.
    leg_taker_fee : ndarray of shape (n,), float64
        Taker fee rate of the account in the contract, fraction.
    leg_order_value : ndarray of shape (n,), float64
        Value of open orders in the contract that add to a position, settlement coin; counts for the tier only.
    leg_position_row : ndarray of shape (n,), int64
        A row of the book's position table that the leg has, for names.

    contract_names : tuple of (InstrumentId or None)
        Shape (c,).
    mark_price : ndarray of shape (c,), float64
        Quote currency; NaN where unknown or too old.
    multiplier : ndarray of shape (c,), float64
        Base units (linear, option) or quote units (inverse) per contract.
    is_inverse, is_option, is_call : ndarray of shape (c,), bool
        Kind of contract.
    underlying_coin, quote_coin, settle_coin : ndarray of shape (c,), int64
        Rows of coins.
    expiry_ns : ndarray of shape (c,), int64
        UTC nanoseconds; 0 for perpetuals.
    strike_price, volatility, underlying_price, index_price : ndarray of shape (c,), float64
        Options: quote currency; annual fraction behind the mark; forward; index. NaN where unknown or no option
        (``index_price`` is of all contracts).
    funding_rate : ndarray of shape (c,), float64
        Of the running interval; longs pay when positive. NaN without funding.
    next_funding_at_ns, funding_interval_s : ndarray of shape (c,), int64
        0 where unknown or without funding.
    tier_limit, tier_rate, tier_deduction, tier_leverage : ndarray of shape (c, t), float64
        Risk-limit tiers, ascending: largest value in the unit of the settlement coin, maintenance rate, deduction,
        highest leverage. The last limit is infinite, for the last tier holds for all above it, and rows are padded with
        it. Rates are NaN where no table is known.

    holding_account, holding_coin : ndarray of shape (h,), int64
        A coin of an account that is in its wallet or settles a position.
    holding_cash : ndarray of shape (h,), float64
        Coin amount without unrealized profit and option value; negative is owed.
    holding_order_initial_margin, holding_locked : ndarray of shape (h,), float64
        Margin of open orders as the venue last stated it; held by spot orders. Coin.
    holding_borrowed : ndarray of shape (h,), float64
        Owed beyond a negative equity, coin, ≥ 0: a loan whose coins are still in the wallet.
    holding_is_collateral : ndarray of shape (h,), bool
        A positive equity backs the account.

    coin_names : tuple of (Asset or None)
        Canonical names, shape (m,); the same coin at two venues has two rows.
    coin_usd : ndarray of shape (m,), float64
        USD for one unit; NaN where unknown.
    coin_is_exempt : ndarray of shape (m,), bool
        No crypto shock reaches it: cash, fiat money, and underlyings that are no crypto coin.
    collateral_limit, collateral_rate : ndarray of shape (m, b), float64
        Bands, ascending: upper end in the coin (the last is infinite) and the fraction of what lies in the band that
        counts. Rates are NaN where no table is known.
    borrow_limit, borrow_initial_rate, borrow_maintenance_rate : ndarray of shape (m, d), float64
        Borrow tiers, ascending: largest debt in the coin (the last is infinite), and margin rates of the whole debt.

    n_opened : int
        Number of the last position opened before the moment: rows of the book with a later one hold others by now.
    cache : SheetCache
        What is worked out of the columns once and used in every market; nobody's but the models'.
    """

    at_ns: int

    account_ids: tuple[AccountId, ...]
    account_row: CodeArray
    mode: CodeArray
    venue: CodeArray
    owner: CodeArray
    desk: CodeArray
    venue_names: tuple[str | None, ...]
    owner_names: tuple[str | None, ...]
    desk_names: tuple[str | None, ...]
    is_missing: BoolArray
    missing_reasons: tuple[str | None, ...]
    is_estimated: BoolArray
    estimated_reasons: tuple[str | None, ...]
    venue_equity: FloatArray
    venue_adjusted_equity: FloatArray
    venue_initial_margin: FloatArray
    venue_maintenance_margin: FloatArray
    venue_as_of_ns: CodeArray
    order_loss: FloatArray
    calibration: FloatArray
    initial_calibration: FloatArray
    first_leg: CodeArray
    first_holding: CodeArray

    leg_account: CodeArray
    leg_contract: CodeArray
    leg_settle_holding: CodeArray
    leg_quantity: FloatArray
    leg_entry_price: FloatArray
    leg_leverage: FloatArray
    leg_extra_margin: FloatArray
    leg_taker_fee: FloatArray
    leg_order_value: FloatArray
    leg_position_row: CodeArray

    contract_names: tuple[InstrumentId | None, ...]
    mark_price: FloatArray
    multiplier: FloatArray
    is_inverse: BoolArray
    is_option: BoolArray
    is_call: BoolArray
    underlying_coin: CodeArray
    quote_coin: CodeArray
    settle_coin: CodeArray
    expiry_ns: CodeArray
    strike_price: FloatArray
    volatility: FloatArray
    underlying_price: FloatArray
    index_price: FloatArray
    funding_rate: FloatArray
    next_funding_at_ns: CodeArray
    funding_interval_s: CodeArray
    tier_limit: FloatArray
    tier_rate: FloatArray
    tier_deduction: FloatArray
    tier_leverage: FloatArray

    holding_account: CodeArray
    holding_coin: CodeArray
    holding_cash: FloatArray
    holding_order_initial_margin: FloatArray
    holding_locked: FloatArray
    holding_borrowed: FloatArray
    holding_is_collateral: BoolArray

    coin_names: tuple[Asset | None, ...]
    coin_usd: FloatArray
    coin_is_exempt: BoolArray
    collateral_limit: FloatArray
    collateral_rate: FloatArray
    borrow_limit: FloatArray
    borrow_initial_rate: FloatArray
    borrow_maintenance_rate: FloatArray

    n_opened: int = 0

    cache: SheetCache = field(default_factory=SheetCache, init=False, repr=False)

    @property
    def n_accounts(self) -> int:
        """How many accounts there are."""
        return self.account_row.shape[0]

    @property
    def n_legs(self) -> int:
        """How many legs there are."""
        return self.leg_account.shape[0]

    @property
    def n_holdings(self) -> int:
        """How many holdings there are."""
        return self.holding_account.shape[0]

    @property
    def is_owed(self) -> BoolArray:
        """Whether something of the coin is owed, shape (h,): cash below 0, or a loan; unknown cash is no debt."""
        return (self.holding_cash < 0.0) | (self.holding_borrowed > 0.0)
