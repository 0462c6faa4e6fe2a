"""What people see of heavy measures: one struct a row. A number that is not there is null."""

from typing import Literal

import msgspec

from marginwatch.model.ids import AccountId


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
