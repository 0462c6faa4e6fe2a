"""One measured run: how many sockets, how fast, how many messages."""

import msgspec

HOST = "127.0.0.1"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is fed in one run.

    Parameters
    ----------
    sockets : int
        Private connections, one an account. Frame ``i`` goes to socket ``i % sockets``.
    rate : int
        Position messages a second over all sockets.
    warm, measured : int
        Messages before the measured window, and in it.
    epoch_ms : int
        Stamp of the first frame, UTC milliseconds; the only thing that differs between two streams.
    tick_ms : float
        Frames due are written every so many milliseconds, as a burst.
    breach_every : int
        Within the window, every frame whose number this divides is about a position so large that its account is in
        danger of liquidation, until the next frame of that position. 0: none.
    fall_every : int
        Within the window, the price of another contract halves every so many frames. 0: none does.
    is_heavy : bool
        Whether a service reckons heavy measures in threads meanwhile.
    """

    sockets: int
    rate: int
    warm: int
    measured: int
    epoch_ms: int
    tick_ms: float = 1.0
    breach_every: int = 0
    fall_every: int = 0
    is_heavy: bool = True

    @property
    def total(self) -> int:
        """All messages of the run."""
        return self.warm + self.measured


def plan_of(text: str) -> Plan:
    """Return the plan written as JSON by the parent process."""
    return msgspec.json.decode(text, type=Plan)


def text_of(plan: Plan) -> str:
    """Return the plan as JSON, for the command line of a child process."""
    return msgspec.json.encode(plan).decode()
