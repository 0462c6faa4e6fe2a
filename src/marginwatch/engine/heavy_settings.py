"""How often heavy measures are reckoned, and when it counts as danger."""

import msgspec


class HeavySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Intervals in seconds from start to start.

    Parameters
    ----------
    distance_every_s : float, default=0.5
        Distances to liquidation while anything is in danger. With what reckoning takes, no age exceeds 1 s.
    distance_calm_every_s : float, default=5
        The same while nothing is.
    slow_every_s : float, default=15
        Chances, stress, cascades, value at risk and advice; each after the other.
    danger_usage : float, default=0.5
        Maintenance margin usage of any account from which there is danger, fraction.
    danger_distance : float, default=0.15
        Distance to liquidation of any account below which there is danger, fraction of Bitcoin's price.

    Raises
    ------
    ValueError
        If an interval is not positive, or calm would be busier than danger.
    """

    distance_every_s: float = 0.5
    distance_calm_every_s: float = 5.0
    slow_every_s: float = 15.0
    danger_usage: float = 0.5
    danger_distance: float = 0.15

    def __post_init__(self) -> None:
        if self.slow_every_s <= 0.0:
            raise ValueError(f"slow_every_s must be positive, got {self.slow_every_s}")
        if not 0.0 < self.distance_every_s <= self.distance_calm_every_s:
            raise ValueError(
                "distance_every_s must be positive and at most distance_calm_every_s, got "
                f"{self.distance_every_s} and {self.distance_calm_every_s}"
            )
