"""How fast slow facts may be asked for: a small part of the budget, but for the first few calls."""

from marginwatch.clock import Clock
from marginwatch.collect.ports import VenuePort

SHARE_OF_PLAN = 0.1
"""Part of the plannable budget that facts may take: each call is followed by a pause of nine times its own."""

HURRIED_CALLS = 20
"""Calls at the start that are not followed by a pause: a small desk is to have all its facts with its first picture."""


class Pace:
    """Pauses between calls for facts.

    Parameters
    ----------
    port : VenuePort
        Whose budget is used.
    clock : Clock
        Time.
    """

    def __init__(self, port: VenuePort, clock: Clock) -> None:
        self._port = port
        self._clock = clock
        self._n_calls = 0

    async def rest(self) -> None:
        """Pause after a call."""
        self._n_calls += 1
        if self._n_calls > HURRIED_CALLS:
            await self._clock.sleep(self._port.seconds_per_call() * (1.0 / SHARE_OF_PLAN - 1.0))
