"""How much of the loop's time may go into documents, however many are subscribed to."""

SHARE = 0.25
BURST_S = 0.1


class Allowance:
    """Time that comes back at a quarter of a second for each second, and of which a tenth of a second may be saved up.

    What a page shows first fits into that. Whoever subscribes to hundreds of costly documents gets them slowly, and frames
    and alerts do not wait for them longer than for one.
    """

    def __init__(self) -> None:
        self._left_s = BURST_S
        self._at_s: float | None = None

    def refill(self, now_s: float) -> None:
        """Add what has come back by now, monotonic seconds."""
        if self._at_s is not None:
            self._left_s = min(BURST_S, self._left_s + SHARE * (now_s - self._at_s))
        self._at_s = now_s

    def is_left(self) -> bool:
        """Return whether anything may begin."""
        return self._left_s > 0.0

    def spend(self, seconds: float) -> None:
        """Take away what something takes or took; negative gives back."""
        self._left_s = min(BURST_S, self._left_s - seconds)
