"""Coins as subjects of rules."""

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.model.alert import Subject
from marginwatch.risk.frame import Frame
from marginwatch.rules.measures.assets import prices_of
from marginwatch.rules.subjects.figures import number, percent, present, usd


class AssetSubjects:
    """The coins of a frame, by the codes of their names.

    Parameters
    ----------
    frame : Frame
        The latest.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    @property
    def identities(self) -> CodeArray:
        """Shape (n_coins,), int64: codes of names are never given again."""
        n: int = self._frame.assets.long_usd.shape[0]
        codes: CodeArray = np.arange(n)
        return codes

    def _name(self, row: int) -> str:
        return str(self._frame.book.coins[row])

    def subject(self, row: int) -> Subject:
        """Return the coin of a row."""
        return Subject(scope="asset", name=self._name(row))

    def labels(self, row: int) -> dict[str, str]:
        """Return its name."""
        return {"asset": self._name(row)}

    def context(self, row: int) -> dict[str, str]:
        """Return its price and what is held of it."""
        of = self._frame.assets
        long_usd, short_usd = float(of.long_usd[row]), float(of.short_usd[row])
        price = number(float(prices_of(self._frame)[row]))
        return present(
            price=None if price is None else f"{price} USD",
            gross=usd(long_usd + short_usd),
            net=usd(long_usd - short_usd),
            long=usd(long_usd),
            short=usd(short_usd),
            hedge_ratio=percent(float(of.hedge_ratio[row])),
        )

    def data_age_s(self, row: int) -> float | None:  # noqa: ARG002  # prices too old are missing
        """Return nothing: what is told of a coin rests on marks, of which none is older than half a minute."""
        return None
