"""What the first page reads beside the frame."""

from typing import Protocol

from marginwatch.rules.facts import Performed


class Performance(Protocol):
    """Profit and drawdown without deposits and withdrawals; the service's keeper of equity is one."""

    def portfolio_figures(self) -> Performed:
        """Return the figures of all accounts together at a moment not long ago."""
        ...
