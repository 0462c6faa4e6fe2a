"""An event loop whose time jumps to the next event, and connections that are pairs of sockets within the process.

Nothing here waits: when nobody can go on, time moves to the next timer. What one end writes is readable at the other at
once, so the order of everything follows from the program alone, and a run is repeated by its seed.
"""

import asyncio
import errno
import selectors
import socket
from asyncio import selector_events
from collections.abc import Callable
from typing import Any

EPOCH_NS = 1_763_712_000_000_000_000
"""2025-11-21 08:00 UTC; a run starts about here unless told otherwise."""

Tap = Callable[["Line", bytes], None]


class _JumpingSelector(selectors.DefaultSelector):
    """Reports what is ready now; if nothing is, time jumps by as much as the loop would have waited."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing is left that could ever happen")
        if not ready and timeout:
            self._jump(timeout)
        return ready


class Line(selector_events._SelectorSocketTransport):  # noqa: SLF001  # the loop's own transport, of which there is no public one
    """One end of a connection; what is written to it is shown to the tap."""

    def __init__(
        self,
        loop: "VirtualLoop",
        end: socket.socket,
        protocol: asyncio.BaseProtocol,
        names: tuple[tuple[str, int], tuple[str, int]],
        waiter: asyncio.Future[None] | None = None,
    ) -> None:
        self.number = 0
        self.is_server = waiter is None
        self._tap = loop.tap
        super().__init__(loop, end, protocol, waiter, {"sockname": names[0], "peername": names[1]})
        self._extra["socket"] = _SocketOfLine(end)

    @property
    def now_s(self) -> float:
        """The loop's time, seconds."""
        return self._loop.time()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send, and show what is sent."""
        if data and self._tap is not None and not self._conn_lost and not self._eof:
            self._tap(self, bytes(data))
        super().write(data)

    def writelines(self, list_of_data: Any) -> None:
        """Send all at once."""
        self.write(b"".join(list_of_data))


class _SocketOfLine:
    """What libraries want of a TCP socket, and a pair within the process has not."""

    family = socket.AF_UNIX

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        return self._end.fileno()

    def setsockopt(self, *_: object) -> None:
        return

    def getsockopt(self, *_: object) -> int:
        return 0


class _Listener:
    """What a server looks like to the library that serves on it."""

    def __init__(self, loop: "VirtualLoop", address: tuple[str, int]) -> None:
        self._loop = loop
        self._address = address
        self.sockets = (self,)

    def getsockname(self) -> tuple[str, int]:
        return self._address

    def close(self) -> None:
        self._loop.unlisten(self._address[1])

    async def wait_closed(self) -> None:
        return

    def is_serving(self) -> bool:
        return True


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits.

    Parameters
    ----------
    start_s : float
        Its time at the start, seconds.
    """

    def __init__(self, start_s: float = 1000.0) -> None:
        self._virtual_s = start_s
        self.tap: Tap | None = None
        self._servers: dict[int, Callable[[], asyncio.BaseProtocol]] = {}
        self._dialed: dict[int, int] = {}
        self._n_lines = 0
        super().__init__(_JumpingSelector(self._jump))

    def time(self) -> float:
        """Return the virtual time, seconds."""
        return self._virtual_s

    def _jump(self, seconds: float) -> None:
        self._virtual_s += seconds

    def unlisten(self, port: int) -> None:
        """Refuse connections to a port from now on."""
        self._servers.pop(port, None)

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        """Serve on a port of this loop alone."""
        port = port or 20_000 + len(self._servers)
        self._servers[port] = protocol_factory
        return _Listener(self, (host, port))

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Note where a socket wants to go; :meth:`create_connection` takes it there."""
        if address[1] not in self._servers:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens there")
        self._dialed[sock.fileno()] = address[1]

    async def create_connection(
        self,
        protocol_factory: Any,
        host: Any = None,  # noqa: ARG002  # there is one host
        port: Any = None,
        *,
        sock: Any = None,
        **_: Any,
    ) -> Any:
        """Connect to a server of this loop."""
        if sock is not None:
            port = self._dialed.pop(sock.fileno())
            sock.close()
        serve = self._servers.get(port)
        if serve is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody listens there")
        ours, theirs = socket.socketpair()
        self._n_lines += 1
        here, there = ("127.0.0.1", 40_000 + self._n_lines), ("127.0.0.1", port)
        for end in (ours, theirs):
            end.setblocking(False)
        protocol, waiter = protocol_factory(), self.create_future()
        near = Line(self, ours, protocol, (here, there), waiter)
        far = Line(self, theirs, serve(), (there, here))
        near.number = far.number = self._n_lines
        await waiter
        return near, protocol


class LoopClock:
    """The time of a virtual loop, with a date.

    Parameters
    ----------
    loop : VirtualLoop
        Whose time.
    start_ns : int
        UTC nanoseconds at its start.
    """

    def __init__(self, loop: VirtualLoop, start_ns: int = EPOCH_NS) -> None:
        self._loop = loop
        self._start_ns = start_ns
        self._start_s = loop.time()

    def now_ns(self) -> int:
        """Return UTC nanoseconds."""
        return self._start_ns + round((self._loop.time() - self._start_s) * 1e9)

    def monotonic_s(self) -> float:
        """Return the loop's seconds."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of the loop."""
        await asyncio.sleep(seconds)
