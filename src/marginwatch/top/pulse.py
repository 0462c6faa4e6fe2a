"""Whether the service lives: asked on its own, so that a slow answer elsewhere hides nothing."""

from collections.abc import Callable

from marginwatch.clock import Clock
from marginwatch.errors import MarginwatchError
from marginwatch.top.client import Client

EVERY_S = 0.8
"""Two beats and the patience of one are less than the 2 s in which a loss must show."""


class Pulse:
    """The service's pulse.

    Parameters
    ----------
    client : Client
        Who is asked.
    clock : Clock
        For the pace.
    on_change : callable
        Called without arguments when it is lost, and when it is back.

    Attributes
    ----------
    is_live : bool
        Whether the last beat was felt.
    reason : str
        Why not.
    """

    def __init__(self, client: Client, clock: Clock, on_change: Callable[[], None]) -> None:
        self._client = client
        self._clock = clock
        self._on_change = on_change
        self._lost_at_s = 0.0
        self.is_live = True
        self.reason = ""

    @property
    def lost_for_s(self) -> float:
        """Seconds since it was lost; 0 while it is there."""
        return 0.0 if self.is_live else self._clock.monotonic_s() - self._lost_at_s

    async def run(self) -> None:
        """Feel it until canceled."""
        while True:
            await self._beat()
            await self._clock.sleep(EVERY_S)

    async def _beat(self) -> None:
        was_live = self.is_live
        try:
            await self._client.feel_pulse()
        except MarginwatchError as error:
            self.is_live, self.reason = False, str(error)
            if was_live:
                self._lost_at_s = self._clock.monotonic_s()
        else:
            self.is_live, self.reason = True, ""
        if was_live is not self.is_live:
            self._on_change()
