"""What something that waits takes of the processor itself."""

import time
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


class OwnTime(Generator[Any, Any, T]):
    """Awaits something, and adds up its own steps: what others do on the loop while it waits is not its cost.

    Parameters
    ----------
    of : coroutine
        What is awaited.

    Attributes
    ----------
    took_s : float
        Processor time of its steps so far, seconds.
    """

    def __init__(self, of: Coroutine[Any, Any, T]) -> None:
        self._of = of
        self.took_s = 0.0

    def __await__(self) -> Generator[Any, Any, T]:
        """Return the steps, which are these."""
        return self

    def send(self, value: Any, /) -> Any:
        """Take the next step."""
        began_s = time.thread_time()
        try:
            return self._of.send(value)
        finally:
            self.took_s += time.thread_time() - began_s

    def throw(self, error: Any, /, *rest: Any) -> Any:
        """Take the next step with an exception, a cancellation among them."""
        began_s = time.thread_time()
        try:
            return self._of.throw(error, *rest)
        finally:
            self.took_s += time.thread_time() - began_s
