"""A heavy measure that fails is missing with its reason and is logged once; nothing else here catches everything."""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import structlog

from marginwatch.risk.heavy.parts import NotKnownYetError

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Attempt(NamedTuple, Generic[T]):
    """What came of one measure: its value, or the error that it ended with."""

    value: T | None
    error: Exception | None


def attempt(measure: Callable[[], T]) -> Attempt[T]:
    """Return the value of a measure, or what it failed with; never raises."""
    try:
        return Attempt(measure(), None)
    except Exception as error:
        return Attempt(None, error)


class Failing:
    """Which measures fail at the moment: each is logged when it begins to fail and when it is back."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def note(self, name: str, error: Exception | None) -> None:
        """Learn how a measure ended."""
        if error is None:
            if name in self._names:
                self._names.discard(name)
                log.info("a measure is back", measure=name)
        elif name not in self._names and not isinstance(error, NotKnownYetError):
            self._names.add(name)
            log.error("a measure fails; it is missing until it is back", measure=name, exc_info=error)
