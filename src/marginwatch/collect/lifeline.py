"""One socket kept alive: opened through the queue, pinged, replaced when half open, opened again after a wait.

What is said on it is its user's business; private sockets and shared ticker sockets differ in nothing else.
"""

import asyncio
from typing import Protocol

from marginwatch.collect.backoff import backoff_s
from marginwatch.collect.connection_queue import ConnectionQueue
from marginwatch.collect.ports import Control, StreamDialect
from marginwatch.collect.services import Services
from marginwatch.collect.socket import Socket
from marginwatch.collect.supervisor import guarded
from marginwatch.errors import ConnectivityError, MarginwatchError
from marginwatch.model.ids import AccountId

STEADY_S = 60.0
"""A socket that lived as long ends a row of failures."""


class LifelineUser(Protocol):
    """Who speaks on a socket."""

    async def greet(self) -> None:
        """Say what must be said first; a MarginwatchError ends this socket."""
        ...

    def on_payload(self, payload: bytes, now_ns: int) -> None:
        """Take one message."""
        ...

    def on_up(self) -> None:
        """Learn that the greeting was answered."""
        ...

    def on_down(self, error: MarginwatchError) -> None:
        """Learn that a socket that was up is gone."""
        ...

    async def on_refused(self, error: MarginwatchError) -> float:
        """Learn that an attempt failed; return the least wait before the next one, seconds."""
        ...

    def on_crash(self, error: Exception) -> None:
        """Learn that taking a message crashed; the socket is replaced."""
        ...


class Lifeline:
    """Keeps one socket.

    Parameters
    ----------
    url : str
        Where to.
    account_id : AccountId or None
        Whose; None for public prices.
    queue : ConnectionQueue
        Rations new sockets.
    services, dialect
        Shared collaborators; frames.
    user : LifelineUser
        Speaks and listens.
    """

    __slots__ = (
        "_account_id",
        "_answer",
        "_answer_kind",
        "_closed",
        "_dialect",
        "_end",
        "_hear",
        "_n_failures",
        "_now_ns",
        "_pinged_s",
        "_queue",
        "_seen_ns",
        "_services",
        "_socket",
        "_url",
        "_user",
        "is_up",
        "is_waiting",
        "n_connects",
        "replied_at_ns",
        "replied_s",
    )

    def __init__(
        self,
        url: str,
        account_id: AccountId | None,
        queue: ConnectionQueue,
        services: Services,
        dialect: StreamDialect,
        user: LifelineUser,
    ) -> None:
        self._url = url
        self._account_id = account_id
        self._queue = queue
        self._services = services
        self._dialect = dialect
        self._user = user
        self._now_ns = services.clock.now_ns
        self._hear = guarded("socket message", user.on_payload, self._on_crash)
        self._socket: Socket | None = None
        self._closed: asyncio.Future[str] | None = None
        self._answer: asyncio.Future[Control] | None = None
        self._answer_kind = ""
        self._end: MarginwatchError | None = None
        self._n_failures = 0
        self._pinged_s = 0.0
        self._seen_ns: int | None = None
        self.is_up = False
        self.is_waiting = False
        self.n_connects = 0
        self.replied_at_ns: int | None = None
        self.replied_s = 0.0

    async def run(self) -> None:
        """Keep a socket open, forever."""
        try:
            while True:
                await self._one_life()
        finally:
            self._drop()
            self.is_up = self.is_waiting = False

    async def _one_life(self) -> None:
        clock = self._services.clock
        self.is_waiting = True
        if self._account_id is None:
            wait_s = await self._live()
        else:
            async with self._services.places.place():
                wait_s = await self._live()
        await clock.sleep(wait_s)

    async def _live(self) -> float:
        """Open a socket and keep it until it ends; return the seconds until the next one may be tried."""
        clock = self._services.clock
        try:
            await self._queue.admit(self._account_id)
        finally:
            self.is_waiting = False
        least_s, opened_s = 0.0, clock.monotonic_s()
        try:
            closed = await self._open_and_greet()
        except MarginwatchError as error:
            self._drop()
            self._services.places.on_failed(error)
            least_s = await self._user.on_refused(error)
        else:
            self.is_up = True
            self._user.on_up()
            reason = await closed
            self.is_up = False
            self._drop()
            self._user.on_down(self._end or ConnectivityError(f"stream lost: {reason}"))
        if clock.monotonic_s() - opened_s >= STEADY_S:
            self._n_failures = 0
        self._n_failures += 1
        settings = self._services.settings
        wait_s = backoff_s(
            self._n_failures, settings.backoff_first_s, settings.backoff_max_s, self._services.chance
        )
        return max(wait_s, least_s)

    async def _open_and_greet(self) -> asyncio.Future[str]:
        try:
            closed = await self._open()
            await self._user.greet()
        finally:
            self._queue.attempt_over()
        return closed

    async def _open(self) -> asyncio.Future[str]:
        services = self._services
        closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._closed, self._end = closed, None
        self.n_connects += 1
        self._socket = await services.connect(self._url, self, services.settings.connect_timeout_s)
        self._heard(services.clock.now_ns())
        self._pinged_s = self.replied_s
        return closed

    def _drop(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close()

    # ---- speaking -------------------------------------------------------------------------------------------

    def send(self, payload: bytes) -> None:
        """Send one message; without a socket nothing happens."""
        if self._socket is not None:
            self._socket.send(payload)

    async def ask(self, payload: bytes, kind: str) -> Control:
        """Send a request and return its answer of that kind; answers come in the order of the requests.

        Raises
        ------
        ConnectivityError
            If there is none in time, or the socket ends first.
        """
        answer: asyncio.Future[Control] = asyncio.get_running_loop().create_future()
        self._answer, self._answer_kind = answer, kind
        if self._closed is None or self._closed.done():
            raise ConnectivityError("the socket ended during the log-in", endpoint=self._url)
        self.send(payload)
        seconds = self._services.settings.connect_timeout_s
        control = await self._services.timers.bounded(answer, seconds)
        self._answer = None
        if control is None:
            raise ConnectivityError(f"no answer to {kind} within {seconds:g} s", endpoint=self._url)
        return control

    def answer(self, control: Control) -> bool:
        """Hand in an answer that was read; return whether somebody had asked for it."""
        waiting = self._answer
        if waiting is None or waiting.done() or control.kind not in (self._answer_kind, "error"):
            return False
        waiting.set_result(control)
        return True

    def replace(self, error: MarginwatchError) -> None:
        """End this socket for a reason of ours; the next one is opened after the usual wait."""
        self._end = error
        if self._socket is not None:
            self._socket.close()
        # A half-open socket may never report its own end.
        self.on_closed(str(error))

    def beat(self, now_s: float) -> None:
        """Ping if it is time, and find out a half-open socket; called about every second."""
        if self._socket is None:
            return
        settings = self._services.settings
        if self.replied_at_ns != self._seen_ns:
            self._seen_ns = self.replied_at_ns
            self.replied_s = now_s
        if now_s - self.replied_s > settings.socket_alive_for_s:
            silent_s = round(now_s - self.replied_s)
            self.replace(ConnectivityError(f"no reply on the socket for {silent_s} s", reason="half_open"))
        elif now_s - self._pinged_s >= settings.ping_s:
            self._pinged_s = now_s
            self.send(self._dialect.ping())

    # ---- listening ------------------------------------------------------------------------------------------

    def on_message(self, payload: bytes) -> None:
        """Take one message of the socket."""
        # The hottest lines of the collector: the monotonic clock is read by the next beat, not by every message.
        self.replied_at_ns = now_ns = self._now_ns()
        self._hear(payload, now_ns)

    def on_alive(self) -> None:
        """Count a frame without a message as a reply."""
        self._heard(self._services.clock.now_ns())

    def on_closed(self, reason: str) -> None:
        """Learn that the socket is gone."""
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(reason)
        if self._answer is not None and not self._answer.done():
            self._answer.cancel()

    def _heard(self, now_ns: int) -> None:
        self.replied_at_ns = now_ns
        self.replied_s = self._services.clock.monotonic_s()

    def _on_crash(self, error: Exception) -> None:
        self._user.on_crash(error)
        self.replace(ConnectivityError(f"taking a message crashed: {type(error).__name__}", reason="crash"))
