"""Results as a table for people and as JSON for programs."""

import statistics
from collections.abc import Sequence

Row = dict[str, object]


def number(value: object, digits: int = 1) -> str:
    """Return a figure with its digits, or a dash where there is none."""
    return f"{float(value):,.{digits}f}" if isinstance(value, int | float) else "–"


def ratio(value: object) -> str:
    """Return a ratio such as ``1.9×``, or a dash."""
    return f"{float(value):.2f}×" if isinstance(value, int | float) else "–"


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns line up on screen too; the first column is text, the others figures."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join(
        ("-" * (width + 2)) if place == 0 else ("-" * (width + 1) + ":") for place, width in enumerate(widths)
    )
    return "\n".join([line(head), rule + "|", *(line(row) for row in rows)])


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, least and largest of some runs; at least one is needed."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def verdict(is_kept: bool | None) -> str:
    """Return the word for a budget: kept, MISSED, or not measured."""
    return "not measured" if is_kept is None else "kept" if is_kept else "MISSED"
