"""A heavy measure that fails is missing with its reason and is logged once; nothing else here catches everything."""

import pickle
import traceback
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


def sendable(found: Attempt[T]) -> Attempt[T]:
    """Return what came of a measure for another process: an error takes its traceback along as a note."""
    error = found.error
    if error is None:
        return found
    place = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # written in the same line
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(place)
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
