"""What is advised, as structs for people and programs. A number that is not there is null, and ``reasons`` says why."""

from typing import Literal

import msgspec

from marginwatch.model.ids import AccountId, Asset
from marginwatch.risk.table_rows import Row


class AccountPicture(Row, frozen=True, kw_only=True):
    """An account at one moment: USD, fractions.

    Parameters
    ----------
    equity_usd, adjusted_equity_usd, initial_margin_usd, maintenance_margin_usd, available_usd, headroom_usd : float or None
        By the margin model; ``available`` = adjusted equity − initial margin, ``headroom`` = adjusted equity − maintenance
        margin, both may be negative.
    maintenance_margin_usage, initial_margin_usage : float or None
        Margin ÷ adjusted equity.
    distance_down, distance_up : float or None
        The nearest move of Bitcoin, followed by all coins with their betas, that liquidates the account; fraction,
        ``down`` ≤ 0 ≤ ``up``.
    limit_btc_price_down, limit_btc_price_up : float or None
        Bitcoin's price there, USD.
    """

    equity_usd: float | None
    adjusted_equity_usd: float | None
    initial_margin_usd: float | None
    maintenance_margin_usd: float | None
    available_usd: float | None
    headroom_usd: float | None
    maintenance_margin_usage: float | None
    initial_margin_usage: float | None
    distance_down: float | None
    distance_up: float | None
    limit_btc_price_down: float | None
    limit_btc_price_up: float | None


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """An account that the advice does not touch, and why."""

    account_id: AccountId
    reason: str


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer that would help. Nothing executes it.

    Parameters
    ----------
    giver_id, taker_id : AccountId
        From, to.
    coin : str
        Which.
    amount : float
        In the coin, > 0, rounded to 8 decimals.
    usd : float
        Worth at today's price.
    """

    giver_id: AccountId
    taker_id: AccountId
    coin: Asset
    amount: float
    usd: float


class TransferEffect(msgspec.Struct, frozen=True, kw_only=True):
    """An account before and after the transfers of its group.

    Parameters
    ----------
    account_id : AccountId
        Which.
    given_usd, taken_usd : float
        Sums over its transfers, ≥ 0.
    missing_usd : float
        What it would still need from outside, in a coin that counts in full, to be at its target; 0 if it is there.
    is_at_target : bool or None
        After the transfers, by the margin model; None where the target does not apply (isolated, nothing held).
    is_estimated : bool
        The venue has not published the account's margin formula in full.
    before, after : AccountPicture
        By the margin model.
    notes : tuple of str
        What is assumed.
    """

    account_id: AccountId
    given_usd: float
    taken_usd: float
    missing_usd: float
    is_at_target: bool | None
    is_estimated: bool
    before: AccountPicture
    after: AccountPicture
    notes: tuple[str, ...] = ()


class TransferGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts of one owner at one venue, between which collateral can move.

    Parameters
    ----------
    venue, owner : str
        Whose.
    status : {'nothing_to_do', 'possible', 'partly', 'unknown'}
        All are at the target; the transfers bring all to it; they bring all as near as can be, ``missing_usd`` is lacking;
        the program could not be solved, or no account can be judged. Of those in ``left_out`` nothing is said.
    transfers : tuple of Transfer
        Largest first.
    total_usd : float
        Their sum.
    missing_usd : float
        What would have to come from outside, USD in coins that count in full.
    accounts : tuple of TransferEffect
        All of the group that take part.
    left_out : tuple of LeftOut
        Those that neither give nor take.
    summary : str
        In one sentence; of an unknown group the reason.
    """

    venue: str
    owner: str
    status: Literal["nothing_to_do", "possible", "partly", "unknown"]
    transfers: tuple[Transfer, ...]
    total_usd: float
    missing_usd: float
    accounts: tuple[TransferEffect, ...]
    left_out: tuple[LeftOut, ...]
    summary: str


class TransferAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """Advice on collateral.

    Parameters
    ----------
    usage, distance : float or None
        The target.
    groups : tuple of TransferGroup
        One for each owner and venue.
    left_out : tuple of LeftOut
        Accounts of no group: no owner is configured.
    """

    usage: float | None
    distance: float | None
    groups: tuple[TransferGroup, ...]
    left_out: tuple[LeftOut, ...]


class HedgeTrade(Row, frozen=True, kw_only=True):
    """A trade that would hedge. Nothing executes it.

    Parameters
    ----------
    account_id : AccountId
        Where.
    instrument_id : str
        What.
    quantity : float
        Contracts, signed: buy > 0; a multiple of the contract's quantity step where that is known.
    is_step_known : bool
        Whether it is.
    delta_usd : float
        Signed USD delta of the trade.
    fee_usd, half_spread_usd : float or None
        Costs ≥ 0: taker fee; half of ask − bid.
    funding_usd : float or None
        Payments due within the horizon at present rates, USD, received > 0, as the difference that the trade makes.
    cost_usd : float or None
        ``fee + half spread − funding``.
    mark_price : float or None
        Quote currency.
    stop_price : float or None
        Mark of the contract where the account reaches its limit, after the hedge, in the direction in which this trade
        loses: the natural stop level.
    """

    account_id: AccountId
    instrument_id: str
    quantity: float
    is_step_known: bool
    delta_usd: float
    fee_usd: float | None
    half_spread_usd: float | None
    funding_usd: float | None
    cost_usd: float | None
    mark_price: float | None
    stop_price: float | None


class OpenExposure(msgspec.Struct, frozen=True, kw_only=True):
    """What a hedge leaves open of a coin: signed USD delta, wallets included, before and after."""

    coin: Asset
    before_usd: float
    after_usd: float


class HedgeEffect(msgspec.Struct, frozen=True, kw_only=True):
    """An account before and after a hedge.

    Parameters
    ----------
    account_id : AccountId
        Which.
    is_estimated : bool
        The venue has not published the account's margin formula in full.
    before, after : AccountPicture
        By the margin model; costs of the trades are paid in ``after``.
    """

    account_id: AccountId
    is_estimated: bool
    before: AccountPicture
    after: AccountPicture


class Hedge(Row, frozen=True, kw_only=True):
    """One way to hedge.

    Parameters
    ----------
    kind : {'beta', 'minimum_variance', 'largest_contributor'}
        Beta-weighted delta to a target; least variance with some perpetuals; less of the position that adds most risk.
    status : {'possible', 'nothing_to_do', 'missing'}
        ``missing``: what it takes is not known, as ``reasons["trades"]`` says.
    trades : tuple of HedgeTrade
        What would be traded.
    cost_usd, fee_usd, half_spread_usd, funding_usd : float or None
        Sums over the trades; null if one of them is.
    beta_delta_before_usd, beta_delta_after_usd : float or None
        Beta-weighted delta of the scope, USD of Bitcoin.
    sigma_before_usd, sigma_after_usd : float or None
        Standard deviation of the gain over the covariance's interval (a day), USD; null without covariances.
    open_exposures : tuple of OpenExposure
        Largest after the hedge first.
    accounts : tuple of HedgeEffect
        Every account of the scope.
    is_delta_neutral : bool or None
        The beta-weighted delta that is left is below 1 % of what it was, or below 1 USD; null without trades.
    is_margin_neutral : bool or None
        False if an account needs more margin or comes nearer to its limit; null without trades and if it is not known.
    warnings : tuple of str
        Why not, account by account, and what is assumed.
    summary : str
        In one sentence.
    """

    kind: Literal["beta", "minimum_variance", "largest_contributor"]
    status: Literal["possible", "nothing_to_do", "missing"]
    trades: tuple[HedgeTrade, ...]
    cost_usd: float | None
    fee_usd: float | None
    half_spread_usd: float | None
    funding_usd: float | None
    beta_delta_before_usd: float | None
    beta_delta_after_usd: float | None
    sigma_before_usd: float | None
    sigma_after_usd: float | None
    open_exposures: tuple[OpenExposure, ...]
    accounts: tuple[HedgeEffect, ...]
    is_delta_neutral: bool | None
    is_margin_neutral: bool | None
    warnings: tuple[str, ...]
    summary: str


class HedgeAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """Three ways to hedge some accounts together.

    Parameters
    ----------
    hedges : tuple of Hedge
        ``beta``, ``minimum_variance``, ``largest_contributor``.
    left_out : tuple of LeftOut
        Accounts of the scope that are not part of it.
    """

    hedges: tuple[Hedge, ...]
    left_out: tuple[LeftOut, ...]
