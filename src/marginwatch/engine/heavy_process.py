"""Heavy measures in a process of their own, so that they do not compete with the loop for the interpreter."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from typing import IO

import structlog

from marginwatch.clock import Clock
from marginwatch.engine.heavy_measures import DISTANCE, LOOKS_AT
from marginwatch.engine.heavy_supervision import Attempt, attempt
from marginwatch.engine.heavy_wire import Request, known_of, packed_request, receive_result, send
from marginwatch.risk.heavy.inputs import HeavyInputs
from marginwatch.risk.heavy.moves import PastReturns

AGAIN_FIRST_S = 1.0
AGAIN_MAX_S = 60.0
STEADY_S = 300.0
"""A process that ran as long as this counts as recovered."""

ANSWER_MAX_S = {True: 20.0, False: 900.0}
"""Who has not answered by then, asked for distances or for anything else, is given up."""

ENDS_WITHIN_S = 0.5

SAID_MAX = 500
"""Bytes of what it wrote last that are looked at for why it ended."""

PASSED_ON = ("PYTHON", "LD_", "DYLD_", "OPENBLAS_", "OMP_", "MKL_", "LANG", "LC_", "TZ")
"""What the process gets of the environment, by how it begins: keys of accounts may be in the rest."""

log = structlog.get_logger(__name__)


class _Lane:
    """One socket to the process, what was sent over it last, and who may use it."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.socket: socket.socket | None = None
        self.inputs: HeavyInputs | None = None
        self.known: list[object] = []
        self.answered: set[str] = set()


class HeavyProcess:
    """The process, started when it is first asked after :meth:`open`, and again, after a growing wait, when it is gone.

    :meth:`reckon` blocks: it is for threads, one for distances and one for all else.

    Parameters
    ----------
    clock : Clock
        Time.
    module : str
        What the process runs.

    Attributes
    ----------
    n_started : int
        Starts so far.
    """

    def __init__(self, clock: Clock, module: str = "marginwatch.engine.heavy_worker") -> None:
        self.n_started = 0
        self._clock = clock
        self._module = module
        self._lanes = {True: _Lane(), False: _Lane()}
        self._changing = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._started_s = 0.0
        self._again_s = float("-inf")
        self._wait_s = AGAIN_FIRST_S
        self._is_failing = False
        self._is_stopped = True

    @property
    def pid(self) -> int | None:
        """The number of the process; None while there is none."""
        child = self._child
        return None if child is None else child.pid

    def open(self) -> None:
        """Let it be started from now on."""
        self._is_stopped = False

    def reckon(self, name: str, inputs: HeavyInputs) -> Attempt[object] | None:
        """Return what came of one measure; None if there is no process to reckon it, so that somebody else does."""
        is_distance = name == DISTANCE
        lane = self._lanes[is_distance]
        with lane.turn:
            child = self._running()
            to = lane.socket
            # Levels look at chances: where a process before it had those, this one does not know them.
            if child is None or to is None or not lane.answered.issuperset(LOOKS_AT.get(name, ())):
                return None
            ended = attempt(lambda: _exchanged(lane, to, name, inputs, ANSWER_MAX_S[is_distance]))
            if ended.value is None:
                self._gone(child, ended.error)
                to.close()
                return None
            self._note_answer()
            lane.answered.add(name)
            return ended.value

    def stop(self) -> None:
        """End the process; nothing is started any more until :meth:`open`."""
        with self._changing:
            self._is_stopped = True
            _ = self._end()

    def _running(self) -> "subprocess.Popen[bytes] | None":
        with self._changing:
            if self._child is None and not self._is_stopped and self._clock.monotonic_s() >= self._again_s:
                self._start()
            return self._child

    def _start(self) -> None:
        with contextlib.ExitStack() as kept, contextlib.ExitStack() as theirs:
            try:
                pairs = [socket.socketpair() for _ in self._lanes]
                for ours, other in pairs:
                    kept.callback(ours.close)
                    theirs.callback(other.close)
                numbers = [other.fileno() for _, other in pairs]
                said = _place_for_words()
                if said is not None:
                    kept.callback(said.close)
                child = subprocess.Popen(  # noqa: S603  # this interpreter, and a module of ours
                    [sys.executable, "-P", "-m", self._module, *map(str, numbers)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    # Warnings of libraries have no place among the service's own lines; why it ended is read from there.
                    stderr=subprocess.DEVNULL if said is None else said,
                    pass_fds=numbers,
                    env=_environment(),
                    # A key pressed in the service's terminal is for the service, even before the process has begun.
                    process_group=0,
                )
            except OSError as error:
                self._fail(str(error))
                return
            _ = kept.pop_all()
        self._child, self._said = child, said
        for lane, (ours, _) in zip(self._lanes.values(), pairs, strict=True):
            lane.inputs, lane.known, lane.socket, lane.answered = None, [], ours, set()
        self.n_started += 1
        self._started_s = self._clock.monotonic_s()

    def _gone(self, child: "subprocess.Popen[bytes]", error: Exception | None) -> None:
        with self._changing:
            if self._child is child and not self._is_stopped:
                if self._clock.monotonic_s() - self._started_s >= STEADY_S:
                    self._wait_s = AGAIN_FIRST_S
                last = self._end()
                self._fail(
                    f"{type(error).__name__}: {error}; exit code {child.returncode}; {last}".strip("; ")
                )

    def _fail(self, why: str) -> None:
        self._again_s = self._clock.monotonic_s() + self._wait_s
        self._wait_s = min(2 * self._wait_s, AGAIN_MAX_S)
        if not self._is_failing:
            log.warning(
                "the process that reckons heavy measures is gone; threads of the service do it until it is back",
                reason=why,
            )
        self._is_failing = True

    def _note_answer(self) -> None:
        if self._is_failing:
            self._is_failing = False
            log.info("heavy measures are reckoned in a process of their own again")

    def _end(self) -> str:
        """End what runs and return the last line that it wrote."""
        for lane in self._lanes.values():
            to, lane.socket, lane.inputs, lane.known = lane.socket, None, None, []
            if to is not None:
                _shut(to)
                # Whoever uses it is woken by that and closes it; nobody else may take its number meanwhile.
                if lane.turn.acquire(blocking=False):
                    to.close()
                    lane.turn.release()
        child, self._child = self._child, None
        if child is not None:
            # It ends by itself when its sockets are closed, and holds nothing that anybody misses.
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(ENDS_WITHIN_S)
            child.kill()
            child.wait()
        said, self._said = self._said, None
        if said is None:
            return ""
        with said:
            said.seek(max(0, said.seek(0, os.SEEK_END) - SAID_MAX))
            lines = said.read().decode(errors="replace").splitlines()
        return lines[-1] if lines else ""


def _exchanged(
    lane: _Lane, to: socket.socket, name: str, inputs: HeavyInputs, at_most_s: float
) -> Attempt[object]:
    """Return what the process answers; a moment that it has already is not sent again."""
    to.settimeout(at_most_s)
    before = lane.inputs
    if before is inputs:
        send(to, packed_request(Request(name, None)))
    else:
        is_past_kept = before is not None and before.past is inputs.past
        sent = replace(inputs, past=PastReturns()) if is_past_kept else inputs
        send(to, packed_request(Request(name, sent, is_past_kept)))
        lane.inputs, lane.known = inputs, known_of(inputs)
    return receive_result(to, lane.known)


def _place_for_words() -> IO[bytes] | None:
    """Return where the process may say why it ends; None where no file can be made, as in a container without room for any."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None


def _shut(one: socket.socket) -> None:
    # The other side may have been first.
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


def _environment() -> dict[str, str]:
    """Return what the process needs to find the same modules, and nothing that is a secret."""
    found = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    # One heap: each of its two threads would keep one of its own, as large as the largest measure.
    return found | {"MALLOC_ARENA_MAX": "1", "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
