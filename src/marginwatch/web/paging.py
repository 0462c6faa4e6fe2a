"""Some of many rows: which of them a caller asks for, and how many there are in all."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple, TypeVar

from litestar.params import Parameter

ROWS_MAX = 200_000

Limit = Annotated[
    int | None,
    Parameter(
        ge=1,
        le=ROWS_MAX,
        description="At most so many rows; all if left out. n_rows says how many there are.",
    ),
]
Offset = Annotated[
    int,
    Parameter(
        ge=0,
        le=10_000_000,
        description="So many rows are passed over first. Each answer is of its own frame: sort by a name to page in one order.",
    ),
]

Row = TypeVar("Row")


class Page(NamedTuple):
    """Which rows of an order are asked for.

    Parameters
    ----------
    limit : int or None
        At most so many; None for all.
    offset : int
        Passed over first.
    """

    limit: int | None = None
    offset: int = 0

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows asked for."""
        return rows[self.offset : None if self.limit is None else self.offset + self.limit]

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.limit is None and not self.offset


ALL = Page()
