"""Accounts as subjects of rules."""

import math
from collections.abc import Sequence

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.model.account import AccountSpec
from marginwatch.model.alert import Subject
from marginwatch.risk.account_measures import AccountMeasures
from marginwatch.risk.frame import Frame, LaneResult
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.tables.left_out import why_left_out
from marginwatch.rules.subjects.figures import answered, percent, present, tag_list, times, usd


def account_labels(spec: AccountSpec) -> dict[str, str]:
    """Return the labels of an account, which its positions share."""
    return present(
        account=spec.account_id,
        venue=spec.venue,
        desk=spec.desk,
        owner=spec.owner,
        tags=tag_list(spec.tags) or None,
    )


def account_figures(of: AccountMeasures, place: int) -> dict[str, str]:
    """Return the figures of an account by its place in measures."""
    usage, initial = of.maintenance_margin_usage[place], of.initial_margin_usage[place]
    return present(
        usage=answered(percent(float(usage)), int(of.maintenance_margin_usage_answer[place])),
        initial_usage=answered(percent(float(initial)), int(of.initial_margin_usage_answer[place])),
        equity=usd(float(of.equity_usd[place])),
        free=usd(float(of.free_usd[place])),
        gross=usd(float(of.gross_usd[place])),
        net=usd(float(of.net_usd[place])),
        pnl=usd(float(of.pnl_usd[place])),
        leverage=answered(
            times(float(of.effective_leverage[place])), int(of.effective_leverage_answer[place])
        ),
    )


def distance_figures(frame: Frame | None, spec: AccountSpec) -> dict[str, str]:
    """Return how far an account is from its liquidation, and which position takes most on the way."""
    held = None if frame is None else frame.heavy.distance.held_at(frame.at_ns)
    figures = None if held is None else held.value
    row = None if figures is None else figures.rows.get(spec.account_id)
    if figures is None or row is None:
        return {}
    shock, answer = float(figures.common.shock[row]), int(figures.common.answer[row])
    sheet, leg = figures.distances.sheet, int(figures.common.leg[row])
    is_reached = math.isfinite(shock)
    worst = sheet.contract_names[int(sheet.leg_contract[leg])] if is_reached and leg >= 0 else None
    return present(
        distance=answered(percent(abs(shock)), answer),
        direction=("falls" if shock < 0.0 else "rises") if is_reached and shock != 0.0 else None,
        btc_price=usd(figures.btc_usd * (1.0 + shock)) if is_reached else None,
        worst=None if worst is None else str(worst).rpartition(":")[2],
    )


class AccountSubjects:
    """The accounts of the latest frame, and those of the lane that is looked at.

    Parameters
    ----------
    identities : ndarray of int64
        By row of the book.
    specs : sequence of AccountSpec or None
        Likewise.
    frame : Frame or None
        The latest.
    lane : LaneResult or None
        The lane that is judged, whose figures are newer.
    """

    def __init__(
        self,
        identities: CodeArray,
        specs: Sequence[AccountSpec | None],
        frame: Frame | None,
        lane: LaneResult | None,
    ) -> None:
        self._identities = identities
        self._specs = specs
        self._frame = frame
        self._lane = lane

    @property
    def identities(self) -> CodeArray:
        """Shape (n_rows,), int64: a number of each account's id, 0 for rows without one."""
        return self._identities

    def _spec(self, row: int) -> AccountSpec:
        spec = self._specs[row]
        if spec is None:
            raise ValueError(f"row {row} is no account's")
        return spec

    def subject(self, row: int) -> Subject:
        """Return the account of a row."""
        account_id = self._spec(row).account_id
        return Subject(scope="account", name=account_id, account_id=account_id)

    def labels(self, row: int) -> dict[str, str]:
        """Return its labels."""
        return account_labels(self._spec(row))

    def context(self, row: int) -> dict[str, str]:
        """Return its figures."""
        found: dict[str, str] = {}
        place = self._lane_place(row)
        if self._lane is not None and place is not None:
            found |= account_figures(self._lane.accounts, place)
        elif self._frame is not None and row < self._frame.inclusion.shape[0]:
            found |= account_figures(self._frame.accounts, row)
        found |= distance_figures(self._frame, self._spec(row))
        return found | self._state(row)

    def _state(self, row: int) -> dict[str, str]:
        frame = self._frame
        if frame is None or row >= frame.inclusion.shape[0] or frame.inclusion[row] == Inclusion.INCLUDED:
            return {}
        return {
            "state": Inclusion(int(frame.inclusion[row])).name.lower(),
            "reason": why_left_out(frame, row),
        }

    def _lane_place(self, row: int) -> int | None:
        if self._lane is None:
            return None
        return next((place for place, one in enumerate(self._lane.entries) if one.row == row), None)

    def data_age_s(self, row: int) -> float | None:
        """Return the age of its last message or snapshot; in a lane, which a message has just caused, 0."""
        frame = self._frame
        if self._lane_place(row) is not None:
            return 0.0
        if frame is None or row >= frame.data_age_s.shape[0]:
            return None
        age_s = float(frame.data_age_s[row])
        return age_s if math.isfinite(age_s) else None


def oldest(frame: Frame, rows: CodeArray) -> float | None:
    """Return the age of the oldest data of some accounts, seconds; None if none of them was ever heard."""
    ages = frame.data_age_s[rows]
    known = ages[np.isfinite(ages)]
    return float(known.max()) if known.shape[0] else None
