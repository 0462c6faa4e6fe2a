"""Processor time of one process between two messages."""

import asyncio
import gc
import itertools
import os
import time


class Meter:
    """Counts messages, and reads the processor clock at the first and after the last of the measured window.

    The count is kept by an iterator of the interpreter, so that it is exact where several threads deliver messages; it
    costs every client the same 0.05 µs.

    Parameters
    ----------
    warm, measured : int
        Messages before the window, and in it.
    """

    def __init__(self, warm: int, measured: int) -> None:
        self._measured = measured
        self._first = warm
        self._last = warm + measured
        self._numbers = itertools.count(1)
        self._started: tuple[float, float, float, float] | None = None
        self._stopped: tuple[float, float, float, float] | None = None
        self.count = 0

    def message(self) -> None:
        """Count one position message, at the end of what the client does with it synchronously."""
        number = next(self._numbers)
        self.count = number
        if number == self._first:
            self._started = self._read()
        elif number == self._last:
            self._stopped = self._read()

    @property
    def is_done(self) -> bool:
        """Whether the last message of the window has come."""
        return self._stopped is not None

    async def finished(self) -> None:
        """Return soon after the last message; looks twenty times a second, for threads may be the ones to deliver."""
        while not self.is_done:  # noqa: ASYNC110  # an event would have to be set from the threads of a client
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)

    @staticmethod
    def _read() -> tuple[float, float, float, float]:
        times = os.times()
        return time.process_time(), time.perf_counter(), times.user, times.system

    def result(self) -> dict[str, object]:
        """Return the figures of the window.

        Returns
        -------
        dict
            ``messages`` (all that came), ``cpu_us``, ``user_share`` of the processor time (fraction, None
            where it was too short to tell), ``wall_s`` and ``core_share`` (processor time ÷ wall time).

        Raises
        ------
        RuntimeError
            If the window was not completed: messages are missing.
        """
        if self._started is None or self._stopped is None:
            raise RuntimeError(f"the window needs {self._last} messages, only {self.count} came")
        cpu, wall, user, system = (
            after - before for before, after in zip(self._started, self._stopped, strict=True)
        )
        return {
            "messages": self.count,
            "cpu_us": cpu / self._measured * 1e6,
            "user_share": user / (user + system) if user + system > 0 else None,
            "wall_s": wall,
            "core_share": cpu / wall,
        }


def settle() -> None:
    """Collect the garbage of the set-up, so that it is not collected within the window."""
    gc.collect()
