"""The dead man's switch: an address asked for while all works, so that somebody else notices when it stops."""

from collections.abc import Callable

import aiohttp
import structlog

from marginwatch.clock import Clock
from marginwatch.model.secret import Secret

log = structlog.get_logger(__name__)

TIMEOUT_S = 10.0

LOOK_AGAIN_S = 1.0
"""While something of ours keeps the heart from beating, it is looked again so soon: all is well a moment after the start."""

START_S = 30.0
"""So long after the start it is no news that the heart does not beat yet."""


class Heartbeat:
    """Asks for an address at an interval, but only while the caller says that everything works.

    Parameters
    ----------
    url : Secret
        The address; it appears in no log and no error.
    every_s : float
        Seconds between two beats.
    why_not : callable
        Returns why it must not beat now, ``""`` if nothing is wrong: frames are fresh, the dispatcher works, the
        database can be written.
    http : aiohttp.ClientSession
        Connections.
    clock : Clock
        Time.
    """

    def __init__(
        self,
        url: Secret,
        every_s: float,
        why_not: Callable[[], str],
        http: aiohttp.ClientSession,
        clock: Clock,
    ) -> None:
        self._url = url
        self._every_s = every_s
        self._why_not = why_not
        self._http = http
        self._clock = clock
        self._problem = ""
        self.n_beats = 0

    async def run(self) -> None:
        """Beat until cancelled; what keeps it from beating is logged when it changes, but not that it has not begun yet."""
        started_s = self._clock.monotonic_s()
        while True:
            own = self._why_not()
            problem = own or await self._beat()
            is_starting = not self.n_beats and self._clock.monotonic_s() - started_s < START_S
            if problem != self._problem and not (own and is_starting):
                if problem:
                    log.warning("no heartbeat", reason=problem)
                else:
                    log.info("the heart beats again")
                self._problem = problem
            await self._clock.sleep(min(LOOK_AGAIN_S, self._every_s) if own else self._every_s)

    async def _beat(self) -> str:
        """Ask for the address once; return what went wrong, without the address."""
        try:
            async with self._http.get(
                self._url.reveal(), timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), allow_redirects=False
            ) as answer:
                if answer.status >= 400:
                    return f"the address answered with status {answer.status}"
        except TimeoutError:
            return f"no answer within {TIMEOUT_S:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Its text may hold the address.
            return f"the address cannot be reached ({type(error).__name__})"
        self.n_beats += 1
        return ""
