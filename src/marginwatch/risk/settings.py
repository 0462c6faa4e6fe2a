"""Limits of age: from when a number is stale, and from when it is no number any more."""

import msgspec


class RiskSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Ages in seconds.

    Parameters
    ----------
    price_stale_after_s : float, default=10
        An older price still counts, and everything made from it is marked stale.
    price_unknown_after_s : float, default=30
        An older price is missing.
    implied_unknown_after_s : float, default=300
        As above for a coin's price implied by the wallet, which comes with the wallet's messages only.

    Raises
    ------
    ValueError
        If an age is not positive or a price would be unknown before it is stale.
    """

    price_stale_after_s: float = 10.0
    price_unknown_after_s: float = 30.0
    implied_unknown_after_s: float = 300.0

    def __post_init__(self) -> None:
        if not 0.0 < self.price_stale_after_s <= self.price_unknown_after_s:
            raise ValueError(
                "price_stale_after_s must be positive and at most price_unknown_after_s, got "
                f"{self.price_stale_after_s} and {self.price_unknown_after_s}"
            )
        if self.implied_unknown_after_s <= 0.0:
            raise ValueError(f"implied_unknown_after_s must be positive, got {self.implied_unknown_after_s}")
