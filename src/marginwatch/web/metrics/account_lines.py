"""Samples of single accounts as lines of text: a hundred thousand of them, without an object for each.

The client library makes two objects a sample, and collecting them holds up the loop for a tenth of a second at ten thousand
accounts, whichever thread made them. Texts are not collected.
"""

from collections.abc import Iterable, Sequence

from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.web.metrics.catalog import BY_NAME
from marginwatch.web.metrics.moment import AccountColumns

PREFIX = "marginwatch_account_"

LINES_AT_ONCE = 500
"""Other threads get their turn in between."""


def account_lines(accounts: AccountColumns) -> bytes:
    """Return the families of accounts in Prometheus' text format; a family without a sample is left out.

    References
    ----------
    Prometheus documentation, Exposition formats, text format 0.0.4: in label values backslash, quote and line feed are
    escaped; ``+Inf`` is a value.
    """
    labels = [
        f'{{account="{escaped(one)}",venue="{escaped(venue)}"}} '
        for one, venue in zip(accounts.ids, accounts.venues, strict=True)
    ]
    is_included = (accounts.inclusion == Inclusion.INCLUDED).astype(float)
    parts = [_family("is_included", labels, is_included.tolist())]
    parts += [_family(name, labels, column.tolist()) for name, column in accounts.figures.items()]
    parts.append(_family("liquidation_distance_ratio", labels, map(accounts.distance, range(len(labels)))))
    return b"".join(parts)


def escaped(label: str) -> str:
    """Return a label's value as it stands between quotes."""
    return label.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _family(name: str, labels: Sequence[str], values: Iterable[float]) -> bytes:
    metric = BY_NAME[PREFIX + name]
    head = f"# HELP {metric.name} {metric.meaning}\n# TYPE {metric.name} {metric.kind}\n"
    parts: list[bytes] = []
    lines: list[str] = []
    for label, value in zip(labels, values, strict=True):
        # Not a number is not itself: there is no sample of it.
        if value == value:
            lines.append(f"{metric.name}{label}{'+Inf' if value == INFINITE else repr(value)}\n")
        if len(lines) >= LINES_AT_ONCE:
            parts.append("".join(lines).encode())
            lines.clear()
    parts.append("".join(lines).encode())
    body = b"".join(parts)
    return head.encode() + body if body else b""


INFINITE = float("inf")
