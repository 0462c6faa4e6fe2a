"""Positions as subjects of rules."""

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.model.account import AccountSpec
from marginwatch.model.alert import Subject
from marginwatch.model.position import Position
from marginwatch.risk.frame import Frame
from marginwatch.rules.subjects.accounts import account_figures, account_labels, oldest
from marginwatch.rules.subjects.figures import answered, number, percent, present, usd


class PositionSubjects:
    """The positions of a frame, by row of the book.

    Parameters
    ----------
    frame : Frame
        The latest.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    @property
    def identities(self) -> CodeArray:
        """Shape (n_rows,), int64: the number of the opening, so that a position closed and opened again is another."""
        return self._frame.book.opened

    def _held(self, row: int) -> tuple[AccountSpec, Position]:
        book = self._frame.book
        spec, position = book.specs[int(book.account[row])], book.positions[row]
        if spec is None or position is None:
            raise ValueError(f"row {row} is no position's")
        return spec, position

    def subject(self, row: int) -> Subject:
        """Return the position of a row: ``account/venue symbol/side``."""
        spec, position = self._held(row)
        name = f"{spec.account_id}/{position.instrument.venue_symbol}/{position.position_side}"
        return Subject(scope="position", name=name, account_id=spec.account_id)

    def labels(self, row: int) -> dict[str, str]:
        """Return those of its account, its coin and contract."""
        spec, position = self._held(row)
        terms = position.instrument
        return account_labels(spec) | {"asset": terms.underlying_asset, "symbol": terms.venue_symbol}

    def context(self, row: int) -> dict[str, str]:
        """Return its figures, and those of its account that a decision needs."""
        frame = self._frame
        _, position = self._held(row)
        of = frame.rows
        known = account_figures(frame.accounts, int(frame.book.account[row]))
        own = present(
            quantity=position.quantity,
            entry_price=position.entry_price,
            mark_price=number(float(of.mark_price[row])),
            notional=usd(float(of.notional_usd[row])),
            pnl=usd(float(of.pnl_usd[row])),
            venue_liquidation_price=position.liquidation_price,
            distance=self._distance(row),
            status=None if position.status == "normal" else position.status,
            adl_rank=None if position.adl_rank is None else str(position.adl_rank),
        )
        return {name: known[name] for name in ("usage", "equity", "free") if name in known} | own

    def _distance(self, row: int) -> str | None:
        frame = self._frame
        held = frame.heavy.distance.held_at(frame.at_ns).value
        if held is None or row >= held.positions.shock.shape[0]:
            return None
        if frame.book.opened[row] > held.positions.n_opened:
            return None
        shock = abs(float(held.positions.shock[row]))
        return answered(percent(shock), int(held.positions.answer[row]))

    def data_age_s(self, row: int) -> float | None:
        """Return the age of its account's data."""
        return oldest(self._frame, np.array([self._frame.book.account[row]]))
