"""What people see: one struct a row. A number that is not there is null, and ``reasons`` says why."""

from typing import Literal

import msgspec

from marginwatch.model.ids import AccountId, Asset, DecimalText


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of all rows. They hold no cycles: thousands of them need not make the collector look at everything there is.

    Parameters
    ----------
    reasons : dict of str to str
        For each field that is null, which kind of answer that is: ``not_applicable``, ``none_in_range``, or
        ``missing: …`` with what is lacking.
    """

    reasons: dict[str, str] = {}


class AccountRow(Row, frozen=True, kw_only=True):
    """One account. USD; fractions for usages and distances; seconds for ages.

    ``equity_usd`` to ``initial_margin_usage`` and ``effective_leverage`` are ours, reckoned at live prices; where
    ``is_estimated``, ``estimate`` says which part the venue has not published. The ``venue_…`` figures are its own:
    ``margin_age_s`` is their age, for it sends them when something happens and not when the market moves. ``model_error`` is
    (our maintenance margin − theirs) ÷ theirs when it last sent one, ``model_error_equity`` the same of adjusted equity,
    ``model_error_age_s`` how long ago. ``data_age_s`` is that of the last message.

    ``liquidation_distance`` is ours (``liquidation_distance_source`` is ``estimated``): the smaller of how far Bitcoin may
    fall and rise, all coins with it by their betas, until the account is liquidated; ``…_down`` and ``…_up`` are the two,
    ``liquidation_shock`` the nearer one with its sign, ``…_sigmas`` in daily standard deviations, ``liquidation_btc_price``
    where Bitcoin then is. ``cautious_…`` has each coin at the worse end of what its beta may be, ``no_new_risk_distance`` is
    to where the venue refuses new risk, ``nearest_coin_distance`` under a move of one coin alone. ``worst_position`` takes
    most of the headroom on the nearest way; ``first_forced_action`` is what the venue does first there. All are as old as
    ``liquidation_distance_age_s``. ``liquidation_probability_…`` are estimates of its chance within 1 h and 24 h,
    ``risk_level`` and ``risk_score`` (1–10) come from stated thresholds. ``venue_liquidation_distance`` is the nearest over its positions by the *venue's*
    liquidation prices. ``reason`` says why the account is not part of totals.
    """

    account_id: AccountId
    venue: str
    desk: str | None
    owner: str | None
    tags: tuple[str, ...]
    margin_mode: str | None
    account_type: str | None
    link_state: str
    is_fresh: bool
    is_included: bool
    is_stale_price: bool
    has_unsafe_key: bool
    data_age_s: float | None
    margin_age_s: float | None
    equity_usd: float | None
    adjusted_equity_usd: float | None
    initial_margin_usd: float | None
    maintenance_margin_usd: float | None
    free_usd: float | None
    maintenance_margin_usage: float | None
    initial_margin_usage: float | None
    effective_leverage: float | None
    is_estimated: bool
    estimate: str | None
    venue_equity_usd: float | None
    venue_adjusted_equity_usd: float | None
    venue_initial_margin_usd: float | None
    venue_maintenance_margin_usd: float | None
    venue_free_usd: float | None
    model_error: float | None
    model_error_equity: float | None
    model_error_age_s: float | None
    long_usd: float | None
    short_usd: float | None
    net_usd: float | None
    gross_usd: float | None
    net_with_wallet_usd: float | None
    gross_with_wallet_usd: float | None
    hedge_ratio: float | None
    unrealized_pnl_usd: float | None
    n_positions: int | None
    liquidation_distance: float | None
    liquidation_distance_source: str = "estimated"
    liquidation_distance_age_s: float | None = None
    liquidation_shock: float | None = None
    liquidation_distance_down: float | None = None
    liquidation_distance_up: float | None = None
    liquidation_distance_sigmas: float | None = None
    liquidation_btc_price: float | None = None
    cautious_liquidation_distance: float | None = None
    no_new_risk_distance: float | None = None
    nearest_coin: Asset | None = None
    nearest_coin_distance: float | None = None
    nearest_coin_price: float | None = None
    worst_position: str | None = None
    first_forced_action: str | None = None
    liquidation_probability_1h: float | None = None
    liquidation_probability_24h: float | None = None
    risk_level: str | None = None
    risk_score: int | None = None
    venue_liquidation_distance: float | None = None
    reason: str | None = None


class CoinRow(Row, frozen=True, kw_only=True):
    """One coin in the wallet of an account: exact texts as the venue sent them, and numbers at live prices.

    ``amount`` is the equity in the coin at live marks, ``equity_usd`` that in USD. ``collateral_usd`` is what of it counts
    towards adjusted equity after the venue's haircuts, ``collateral_rate`` that ÷ what there is: 0 where the coin is switched
    off, and a debt counts in full; neither applies to an isolated account. ``exposure_usd`` is the coin as a bet, signed USD
    delta: not applicable to cash.
    """

    asset: Asset
    is_cash: bool
    is_collateral: bool | None
    is_stale_price: bool
    wallet_balance: DecimalText | None
    equity: DecimalText | None
    borrowed: DecimalText | None
    locked: DecimalText | None
    venue_usd_value: DecimalText | None
    price_usd: float | None
    price_age_s: float | None
    amount: float | None
    equity_usd: float | None
    collateral_usd: float | None
    collateral_rate: float | None
    exposure_usd: float | None


class PositionRow(Row, frozen=True, kw_only=True):
    """One position: exact texts as the venue sent them, and numbers at live marks (USD, gain positive).

    ``liquidation_distance`` is ours, of positions of isolated accounts, which die alone: how far the contract's own price may
    move, ``liquidation_shock`` the same with its sign, ``liquidation_distance_age_s`` old. Others have that of their account.
    ``venue_liquidation_distance`` is by the venue's liquidation price.

    ``delta``, ``gamma``, ``vega`` and ``theta`` are of the whole position, an option: what the venue states of one with its
    price, × quantity × multiplier, in the venue's units. They do not apply to other contracts.
    """

    account_id: AccountId
    venue: str
    instrument_id: str
    venue_symbol: str
    instrument_kind: str
    is_inverse: bool
    underlying_asset: Asset
    settle_asset: Asset
    position_side: str
    quantity: DecimalText
    entry_price: DecimalText | None
    liquidation_price: DecimalText | None
    initial_margin: DecimalText | None
    maintenance_margin: DecimalText | None
    leverage_setting: DecimalText | None
    margin_mode: str | None
    status: str
    is_included: bool
    is_stale_price: bool
    is_inferred: bool
    mark_price: float | None
    notional_usd: float | None
    exposure_usd: float | None
    unrealized_pnl: float | None
    unrealized_pnl_usd: float | None
    liquidation_distance: float | None
    liquidation_distance_source: str = "estimated"
    liquidation_shock: float | None = None
    liquidation_distance_age_s: float | None = None
    venue_liquidation_distance: float | None = None
    ts_venue_ns: int | None = None
    desk: str | None = None
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None


class ExposureRow(Row, frozen=True, kw_only=True):
    """Exposure of a coin, account, desk, tag or venue over the accounts that count, USD.

    Sums leave out what is missing: ``n_unvalued`` positions without a price, ``n_unknown_coins`` wallet coins without
    one, ``n_left_out`` accounts. ``concentration`` is |net| ÷ total gross. A cash coin has wallet figures only.
    Of a group in which no account counts all sums are null.
    """

    dimension: Literal["asset", "account", "desk", "tag", "venue"]
    name: str | None
    is_cash: bool
    long_usd: float | None
    short_usd: float | None
    net_usd: float | None
    gross_usd: float | None
    wallet_usd: float | None
    wallet_amount: float | None
    net_with_wallet_usd: float | None
    hedge_ratio: float | None
    concentration: float | None
    n_unvalued: int
    n_unknown_coins: int
    n_left_out: int | None = None
    n_accounts: int | None = None
    unrealized_pnl_usd: float | None = None
    equity_usd: float | None = None
    initial_margin_usd: float | None = None
    maintenance_margin_usd: float | None = None
    free_usd: float | None = None


class OppositionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Two accounts that bet against each other in one coin: signed USD deltas, and the amount that cancels."""

    asset: Asset
    long_account_id: AccountId
    short_account_id: AccountId
    long_usd: float
    short_usd: float
    offset_usd: float


class NotIncluded(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the totals do not include.

    Parameters
    ----------
    kind : {'account', 'part', 'position', 'coin'}
        A whole account; of an account that counts, a part that was not read, one position, or one wallet coin.
    account_id, subject : str
        The account; the account, contract or coin itself.
    state : str
        ``starting``, ``stale``, ``lost``, ``stopped``; ``not_covered`` for parts; ``missing_price`` for positions and
        coins.
    reason : str
        A sentence for a person.
    last_known_equity_usd, last_known_net_usd, last_known_gross_usd : float or None
        Of an account: what was known last, at today's prices; None if nothing ever was.
    """

    kind: Literal["account", "part", "position", "coin"]
    account_id: AccountId
    subject: str
    state: str
    reason: str
    last_known_equity_usd: float | None = None
    last_known_net_usd: float | None = None
    last_known_gross_usd: float | None = None


class PortfolioSummary(Row, frozen=True, kw_only=True):
    """All accounts that count, USD, and what is not included.

    A sum of equity or margin leaves out accounts without that number, which ``reasons`` names with their count; it is
    null where no account has it. ``is_complete`` says that nothing at all is left out.
    """

    sequence: int
    at_ns: int
    is_complete: bool
    n_accounts: int
    n_included: int
    n_positions: int | None
    n_stale_positions: int | None
    long_usd: float | None
    short_usd: float | None
    net_usd: float | None
    gross_usd: float | None
    net_with_wallet_usd: float | None
    gross_with_wallet_usd: float | None
    hedge_ratio: float | None
    direction_bias_by_count: float | None
    direction_bias_by_delta: float | None
    unrealized_pnl_usd: float | None
    equity_usd: float | None
    initial_margin_usd: float | None
    maintenance_margin_usd: float | None
    free_usd: float | None
    wire_to_frame_ms: float | None
    cash_assets: tuple[Asset, ...]
    not_included: tuple[NotIncluded, ...]
