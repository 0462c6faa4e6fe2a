"""What people see of heavy measures: one struct a row. A number that is not there is null."""

from typing import Literal

import msgspec

from marginwatch.model.ids import AccountId, Asset
from marginwatch.risk.table_rows import Row


class LadderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account on a ladder: who is liquidated first as Bitcoin falls (``down``) or rises (``up``), who next.

    Parameters
    ----------
    direction : {'down', 'up'}
        Of the market.
    rank : int
        From 1, the first to die.
    account_id, desk : str
        Who.
    shock : float
        Move of Bitcoin at which it happens, signed fraction; 0: the account is at its limit already.
    btc_price : float or None
        Where Bitcoin then is, USD.
    equity_usd : float or None
        What the account has now.
    worst_position : str or None
        The contract that takes most of its headroom on the way.
    """

    direction: Literal["down", "up"]
    rank: int
    account_id: AccountId
    desk: str | None
    shock: float
    btc_price: float | None
    equity_usd: float | None
    worst_position: str | None


class DistanceBasis(msgspec.Struct, frozen=True, kw_only=True):
    """What distances to liquidation rest on.

    Parameters
    ----------
    age_s : float or None
        Seconds since the moment they are of; None if they never were reckoned.
    reason : str or None
        Why there are none.
    btc_price, btc_daily_volatility : float or None
        USD; standard deviation of a day's log return.
    volatility_source, betas_source : str or None
        Where they are known from.
    n_down, n_up : int or None
        Accounts that a falling and that a rising market liquidates; the ladders show the first 500 of each.
    n_missing : int or None
        Accounts whose distance is not known.
    """

    age_s: float | None = None
    reason: str | None = None
    btc_price: float | None = None
    btc_daily_volatility: float | None = None
    volatility_source: str | None = None
    betas_source: str | None = None
    n_down: int | None = None
    n_up: int | None = None
    n_missing: int | None = None


Scope = Literal["portfolio", "desk", "account", "asset"]


class PartBasis(msgspec.Struct, frozen=True, kw_only=True):
    """When a heavy measure was reckoned and what it rests on.

    Parameters
    ----------
    age_s : float or None
        Seconds since the moment that it is of; None if it never was reckoned.
    reason : str or None
        Why there is none.
    sources : tuple of str
        What it rests on, in sentences.
    left_out : tuple of str
        Accounts that it does not contain, each with the reason.
    """

    age_s: float | None = None
    reason: str | None = None
    sources: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class StressRow(Row, frozen=True, kw_only=True):
    """A scenario for everything, a desk, an account or an asset; USD, gains positive.

    Parameters
    ----------
    scenario, kind : str
        Its name; grid, coin, depeg, funding, day or own.
    scope, name : str
        Of what; ``name`` is null for everything.
    pnl_usd, equity_left_usd : float or None
        Equity then − now; equity then, before haircuts. Of an asset ``pnl_usd`` alone.
    pnl_share : float or None
        ``pnl_usd`` ÷ equity now.
    maintenance_margin_usage : float or None
        Then; of desks and everything the largest of any account.
    is_liquidated : bool or None
        Of an account.
    n_liquidated, n_liquidated_positions, n_left_out : int or None
        Accounts; positions; accounts that are missing.
    btc_move : float or None
        Bitcoin's move, fraction; None where it is not what moves the others.
    beta_factor, volatility_shift : float or None
        Factor on the betas of all others; added to implied volatilities. None of assets, like ``btc_move``.
    """

    scenario: str
    kind: str
    scope: Scope
    name: str | None
    pnl_usd: float | None
    equity_left_usd: float | None = None
    pnl_share: float | None = None
    maintenance_margin_usage: float | None = None
    is_liquidated: bool | None = None
    n_liquidated: int | None = None
    n_liquidated_positions: int | None = None
    n_left_out: int | None = None
    btc_move: float | None = None
    beta_factor: float | None = None
    volatility_shift: float | None = None


class WorstRow(Row, frozen=True, kw_only=True):
    """The worst that one coin could do to everything, or to one account; USD, gains positive, ``loss_usd`` ≥ 0.

    ``to_zero_usd`` and ``doubled_usd`` are the profit if its price falls to nothing or doubles; ``share_of_equity`` is the
    larger loss ÷ equity.
    """

    asset: Asset
    account_id: AccountId | None
    to_zero_usd: float | None
    doubled_usd: float | None
    loss_usd: float | None
    share_of_equity: float | None


class CascadeRow(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts that die at once as the market goes on; ``is_caused`` if it was earlier deaths that did it.

    ``shock`` is Bitcoin's move from outside, ``loss_usd`` what they had, ``left_usd`` the signed delta of what is left alive
    in each coin that they held, ``sold_usd`` that of the positions that hit the market: longs sold > 0.
    """

    direction: Literal["down", "up"]
    round: int
    shock: float
    is_caused: bool
    accounts: tuple[AccountId, ...]
    loss_usd: float
    left_usd: dict[str, float]
    sold_usd: dict[str, float] = {}


class VarRow(Row, frozen=True, kw_only=True):
    """Value at risk and expected shortfall of something; USD, losses positive.

    Parameters
    ----------
    method : str
        historical, filtered, normal or cornish-fisher.
    confidence : float
        Of both figures.
    horizon_s : int
        Seconds.
    scope, name : str
        Of what; an asset has contributions only.
    var_usd, expected_shortfall_usd : float or None
        Loss quantile; mean loss beyond it.
    component_var_usd, component_expected_shortfall_usd : float or None
        What it contributes to those of everything: parts of one kind add up. Negative: it takes risk away.
    marginal_var : float or None
        Change of the value at risk of everything for 1 USD more of it.
    """

    method: str
    confidence: float
    horizon_s: int
    scope: Scope
    name: str | None
    var_usd: float | None = None
    expected_shortfall_usd: float | None = None
    component_var_usd: float | None = None
    component_expected_shortfall_usd: float | None = None
    marginal_var: float | None = None


class BacktestRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of past one-day forecasts of everything: the light is grey until 250 days are known."""

    method: str
    confidence: float
    light: str
    progress: str | None
    certain: str | None
    n_days: int
    n_exceptions: int
    n_expected: float
    kupiec_p: float | None
    christoffersen_p: float | None


class CorrelationRow(msgspec.Struct, frozen=True, kw_only=True):
    """Whether correlations of daily returns still are what they were; ``is_broken`` null where it cannot be told.

    ``pairs`` are those that moved most: two coins, recent and long-run correlation. ``recent`` and ``long_run`` are those of
    all pairs of ``names``, shape (n, n), and empty where nothing can be told.
    """

    is_broken: bool | None
    distance: float | None
    threshold: float | None
    mean_recent: float | None
    mean_long_run: float | None
    pairs: tuple[tuple[str, str, float, float], ...]
    names: tuple[str, ...] = ()
    recent: tuple[tuple[float, ...], ...] = ()
    long_run: tuple[tuple[float, ...], ...] = ()
