"""The process that reckons heavy measures: started with the numbers of its sockets, ends when their other ends are closed."""

import ctypes
import os
import signal
import socket
import sys
import threading
from dataclasses import replace

from marginwatch.engine.heavy_measures import DISTANCE, measures_of
from marginwatch.engine.heavy_supervision import Attempt, attempt, sendable
from marginwatch.engine.heavy_wire import known_of, packed_result, receive_request, send
from marginwatch.risk.heavy.chances import ChanceFigures
from marginwatch.risk.heavy.inputs import HeavyInputs
from marginwatch.risk.workspace import Workspace

NICE = 5
"""Whoever waits for an alert goes first, where there are not enough processors for both."""

THREAD_TURN_S = 0.0005
"""Distances, which may not be late, wait for no slow measure beside them longer than this."""


class Lane:
    """Answers one request after the other, from the inputs that came last.

    Parameters
    ----------
    with_whom : socket
        Asks and is answered.
    """

    def __init__(self, with_whom: socket.socket) -> None:
        self._socket = with_whom
        self._work = Workspace()
        self._inputs: HeavyInputs | None = None
        self._known: list[object] = []
        self._chances: ChanceFigures | None = None

    def serve(self) -> None:
        """Answer until nobody asks any more; then the process is over, whatever else it does."""
        try:
            while True:
                self.answer()
        except (EOFError, OSError):
            os._exit(0)

    def answer(self) -> None:
        """Wait for one request and answer it.

        Raises
        ------
        EOFError, OSError
            If nobody asks any more.
        """
        request = receive_request(self._socket)
        if request.inputs is not None:
            past = self._inputs.past if request.is_past_kept and self._inputs else request.inputs.past
            self._inputs = replace(request.inputs, past=past)
            self._known = known_of(self._inputs)
        if self._inputs is None:
            raise EOFError("asked before there is anything to reckon from")
        found: Attempt[object] = attempt(
            measures_of(self._inputs, self._work, lambda: self._chances)[request.name]
        )
        if request.name == "chances":
            self._chances = found.value if isinstance(found.value, ChanceFigures) else None
        message = attempt(lambda: packed_result(sendable(found), self._known))
        if message.value is None:
            send(self._socket, packed_result(sendable(Attempt(None, message.error)), self._known))
        else:
            send(self._socket, message.value)
        if request.name != DISTANCE:
            del found, message
            _give_back()


def _give_back() -> None:
    """Return to the system what a measure has left over; where the C library does not offer that, it is kept."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def main(numbers: list[str]) -> None:
    """Serve a lane for each socket until they are closed."""
    # Told to end, the service says so by closing them; who tells all of its processes means the service.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICE)
    sys.setswitchinterval(THREAD_TURN_S)
    lanes = [Lane(socket.socket(fileno=int(number))) for number in numbers]
    threads = [threading.Thread(target=lane.serve) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1:])
