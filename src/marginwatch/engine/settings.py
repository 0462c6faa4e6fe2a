"""How often the engine works."""

import msgspec


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Intervals in seconds.

    Parameters
    ----------
    lane_after_s : float, default=0.004
        A touched account is re-measured alone this long after its first event; what comes meanwhile is one batch.
    frame_every_s : float, default=0.1
        A full frame at most this often while events come.
    frame_at_least_every_s : float, default=1
        And at least this often, for a frozen feed sends no event and must make things stale.

    Raises
    ------
    ValueError
        If an interval is not positive, or frames would be due less often than they may be at most.
    """

    lane_after_s: float = 0.004
    frame_every_s: float = 0.1
    frame_at_least_every_s: float = 1.0

    def __post_init__(self) -> None:
        if self.lane_after_s <= 0.0:
            raise ValueError(f"lane_after_s must be positive, got {self.lane_after_s}")
        if not 0.0 < self.frame_every_s <= self.frame_at_least_every_s:
            raise ValueError(
                "frame_every_s must be positive and at most frame_at_least_every_s, got "
                f"{self.frame_every_s} and {self.frame_at_least_every_s}"
            )
