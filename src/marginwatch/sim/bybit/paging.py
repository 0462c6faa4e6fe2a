"""Pages of long lists: ``limit``, and cursors that go out percent-encoded and come back as they went."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote

from marginwatch.sim.bybit.envelope import bad_parameter
from marginwatch.sim.bybit.wire_numbers import whole

Row = TypeVar("Row")


def read_limit(text: str, *, default: int, largest: int) -> int:
    """Return the page length asked for; Bybit cuts a longer one to the largest.

    Raises
    ------
    RefusalError
        10001 if it is not a number greater than 0.
    """
    if not text:
        return default
    wanted = whole(text)
    if not wanted:
        raise bad_parameter("params error: limit invalid")
    return min(wanted, largest)


def page(
    rows: Sequence[Row],
    cursor: str,
    limit: int,
    name: Callable[[Row], str],
    *,
    cursor_on_last: bool = False,
    is_short: bool = False,
) -> tuple[Sequence[Row], str]:
    """Return one page and the cursor of the next.

    Parameters
    ----------
    rows : sequence
        All rows, in a stable order.
    cursor : str
        As the client sent it, percent-decoded once; empty for the first page. One encoded twice is refused.
    limit : int
        Rows per page.
    name : callable
        Gives a row the text that stands in the cursor, as Bybit's own cursors do.
    cursor_on_last : bool, default=False
        Some of Bybit's lists hand out a cursor with the last page too; the page behind it is empty.
    is_short : bool, default=False
        Give about half of the rows, never none; the cursor goes on behind them.

    Raises
    ------
    RefusalError
        10001 for a cursor that was never handed out.
    """
    start = 0
    if cursor:
        place = whole(cursor.rpartition(",")[2])
        if place is None:
            raise bad_parameter("params error: cursor invalid")
        start = place
    chosen = rows[start : start + limit]
    if is_short:
        chosen = chosen[: (len(chosen) + 1) // 2]
    end = start + len(chosen)
    is_last = end >= len(rows)
    if not chosen or (is_last and not cursor_on_last):
        return chosen, ""
    return chosen, quote(f"{name(chosen[-1])},{end}", safe="")
