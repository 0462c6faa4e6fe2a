"""What is kept of risk from day to day: frozen books, forecasts with what followed, and how far our margins were off."""

from typing import Literal

import msgspec

from marginwatch.model.ids import AccountId, Asset

Scope = Literal["portfolio", "desk", "account"]


class FrozenExposure(msgspec.Struct, frozen=True, kw_only=True):
    """What an account held of one coin at the end of a day.

    Parameters
    ----------
    account_id : AccountId
        Whose.
    desk : str or None
        Its desk on that day.
    coin : str
        Canonical name.
    exposure_usd : float
        USD gained for a rise of the coin by 100 %, options left out.
    is_exempt : bool
        Whether it is cash, which stands still where nothing is known of its price.
    curve : bytes or None
        What options on the coin gain: pairs of (price ÷ price then, USD gained), float64 each, little-endian.
    """

    account_id: AccountId
    desk: str | None
    coin: Asset
    exposure_usd: float
    is_exempt: bool = False
    curve: bytes | None = None


class ForecastSubject(msgspec.Struct, frozen=True):
    """What a forecast is of: everything, a desk or an account (``name`` is empty for everything), and how it was made."""

    scope: Scope
    name: str
    method: str
    confidence: float
    horizon_s: int


class Forecast(msgspec.Struct, frozen=True):
    """Value at risk and expected shortfall at the end of a day, and what the frozen book gained over the next.

    Parameters
    ----------
    day_s : int
        End of the day, UTC seconds.
    var_usd, shortfall_usd : float
        Losses positive.
    gain_usd : float or None
        Hypothetical gain; None while it is not known.
    """

    day_s: int
    var_usd: float
    shortfall_usd: float
    gain_usd: float | None = None


class ModelErrorSample(msgspec.Struct, frozen=True):
    """How far our figure of an account was from the venue's.

    Parameters
    ----------
    account_id : AccountId
        Whose.
    figure : str
        ``maintenance_margin`` or ``adjusted_equity``.
    at_ns : int
        When the two were compared, UTC nanoseconds.
    error : float
        (ours − theirs) ÷ theirs, fraction.
    gap_s : float
        How old the venue's figure was then, seconds.
    """

    account_id: AccountId
    figure: str
    at_ns: int
    error: float
    gap_s: float
