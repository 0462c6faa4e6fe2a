"""What advice aims at, and what it assumes where nobody said."""

import msgspec


class TransferTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What every account should be brought to; with both, each account should meet both.

    Parameters
    ----------
    usage : float or None, default=0.5
        Largest maintenance margin ÷ adjusted equity, fraction in (0, 1].
    distance : float or None, default=None
        Smallest move of Bitcoin, in either direction, that all coins follow with their betas and that the account
        survives: fraction in (0, 0.95].

    Raises
    ------
    ValueError
        If neither is given or one is out of range.
    """

    usage: float | None = 0.5
    distance: float | None = None

    def __post_init__(self) -> None:
        if self.usage is None and self.distance is None:
            raise ValueError("a target needs usage or distance; both are None")
        if self.usage is not None and not 0.0 < self.usage <= 1.0:
            raise ValueError(f"usage must lie in (0, 1], got {self.usage!r}")
        if self.distance is not None and not 0.0 < self.distance <= 0.95:
            raise ValueError(f"distance must lie in (0, 0.95], got {self.distance!r}")


class HedgeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What hedges aim at and with what.

    Parameters
    ----------
    target_usd : float, default=0
        Beta-weighted delta that should be left, USD of Bitcoin, signed.
    coins : tuple of str, default=("BTC", "ETH")
        Coins whose perpetuals the hedge of minimum variance may use; the beta-weighted one uses the first.
    leverage : float, default=10
        Leverage setting assumed for a contract that the account does not hold, ×; what the venue starts with.
    hours : float, default=24
        Horizon of funding in costs.

    Raises
    ------
    ValueError
        If a value is out of range or no coin is named.
    """

    target_usd: float = 0.0
    coins: tuple[str, ...] = ("BTC", "ETH")
    leverage: float = 10.0
    hours: float = 24.0

    def __post_init__(self) -> None:
        if not abs(self.target_usd) < float("inf"):
            raise ValueError(f"target_usd must be finite, got {self.target_usd!r}")
        if not self.coins or len(set(self.coins)) != len(self.coins):
            raise ValueError(f"coins must name at least one coin and none twice, got {self.coins!r}")
        if not self.leverage >= 1.0:
            raise ValueError(f"leverage must be at least 1, got {self.leverage!r}")
        if not 0.0 <= self.hours <= 24.0 * 366:
            raise ValueError(f"hours must lie in [0, 8784], got {self.hours!r}")
