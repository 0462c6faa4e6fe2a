"""Who is still awaited, on one line of stderr that a person watches and that is gone afterwards."""

import shutil
import sys
from collections.abc import Sequence
from types import TracebackType

from marginwatch.model.connectivity import Connectivity
from marginwatch.terminal.texts import printable

NAMED_MAX = 3
CLEAR_LINE = "\r\x1b[2K"


class WaitingLine:
    """Shows what it is called with while its block lasts; without a terminal it says nothing.

    Raises nothing of its own: a stderr that is gone is no reason to read no accounts.
    """

    def __init__(self) -> None:
        self._is_watched = sys.stderr.isatty()
        self._is_shown = False

    def __enter__(self) -> "WaitingLine":
        return self

    def __call__(self, awaited: Sequence[Connectivity]) -> None:
        """Show the accounts that have not answered yet."""
        if self._is_watched:
            self._is_shown = True
            width = shutil.get_terminal_size().columns
            self._write(CLEAR_LINE + cut(printable(awaited_words(awaited)), width - 1))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_shown:
            self._write(CLEAR_LINE)

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            self._is_watched = self._is_shown = False


def awaited_words(awaited: Sequence[Connectivity]) -> str:
    """Return who is awaited, and the first reason known."""
    names = ", ".join(one.account_id for one in awaited[:NAMED_MAX])
    more = f" and {len(awaited) - NAMED_MAX} more" if len(awaited) > NAMED_MAX else ""
    reason = next((one.reason for one in awaited if one.reason), None)
    return f"waiting for {names}{more}" + (f": {' '.join(reason.split())}" if reason else "")


def cut(text: str, width: int) -> str:
    """Return as much of ``text`` as fits into ``width`` cells, each character counted as one."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
