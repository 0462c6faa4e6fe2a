"""How far positions of isolated accounts are from their liquidation, for many at once; those of others do not die alone."""

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.distance import DistanceFigures
from marginwatch.web.stream.reasons import lasting
from marginwatch.web.stream.wire import SPECIAL

TOGETHER = (MARGIN_MODES["cross"], MARGIN_MODES["portfolio"])
ISOLATED = MARGIN_MODES["isolated"]
MODE_UNKNOWN = "the account's margin mode is not known"
NOT_KNOWN = -1


class LegColumns:
    """Distances of the positions of one topic, looked up again only where they or the figures changed.

    They are looked up by account, contract and side, as :class:`marginwatch.risk.tables.leg_distances.LegDistanceTable`
    does, for the figures may be seconds older than the frame.

    Attributes
    ----------
    shock : ndarray of shape (size,), float64
        Signed move of the contract's own price; special values as on the wire.
    at_s : ndarray of shape (size,), float64
        When it was reckoned, UTC seconds; NaN where it is not ours to say.
    """

    def __init__(self) -> None:
        self.shock: FloatArray = np.zeros(0)
        self.at_s: FloatArray = np.zeros(0)
        self._places: CodeArray = np.zeros(0, np.int64)
        self._figures: DistanceFigures | None = None
        self._why = ""
        self._seen: tuple[CodeArray, ...] = ()

    def has_news(self, frame: Frame) -> bool:
        """Return whether the figures are others than those last looked up."""
        return frame.heavy.distance.held_at(frame.at_ns).value is not self._figures

    def look(self, frame: Frame, account: CodeArray, instrument: CodeArray, is_long: BoolArray) -> bool:
        """Bring the columns up to date; return whether the figures behind them are others."""
        held = frame.heavy.distance.held_at(frame.at_ns)
        mode = frame.book.margin_mode.take(account)
        seen: tuple[CodeArray, ...] = (account, instrument, is_long.astype(np.int64), mode)
        why = lasting(held.reason) or "not reckoned yet"
        has_news = held.value is not self._figures or why != self._why
        if not has_news and all(map(np.array_equal, seen, self._seen)) and self._seen:
            return False
        self._figures, self._why, self._seen = held.value, why, seen
        self._fill(frame, seen, held.value)
        return has_news

    def _fill(self, frame: Frame, seen: tuple[CodeArray, ...], figures: DistanceFigures | None) -> None:
        account, mode = seen[0], seen[3]
        n: int = account.shape[0]
        answer = np.full(n, np.uint8(Answer.MISSING))
        shock = np.full(n, np.nan)
        self._places = np.full(n, NOT_KNOWN)
        answer[np.isin(mode, TOGETHER)] = Answer.NOT_APPLICABLE
        alone = np.flatnonzero(mode == ISOLATED)
        if figures is not None and alone.shape[0]:
            legs = figures.distances.legs
            places = _find(frame, figures, seen[0][alone], seen[1][alone], seen[2][alone])
            found = np.flatnonzero(places != NOT_KNOWN)
            at, mine = places[found], alone[found]
            self._places[mine] = at
            shock[mine], answer[mine] = legs.ways.shock[at], legs.ways.answer[at]
        answer[(answer == Answer.NUMBER) & ~np.isfinite(shock)] = Answer.MISSING
        for kind, value in SPECIAL.items():
            shock[answer == kind] = value
        self.shock = shock
        is_ours = (answer == Answer.NUMBER) | (answer == Answer.NONE_IN_RANGE)
        self.at_s = np.where(is_ours, frame.heavy.distance.at_ns / 1e9, np.nan)

    def why(self, slot: int) -> str:
        """Return what is lacking of a distance that is missing."""
        place = int(self._places[slot])
        if int(self._seen[3][slot]) != ISOLATED:
            return MODE_UNKNOWN
        if place == NOT_KNOWN or self._figures is None:
            return self._why
        of = self._figures.distances
        account = int(of.sheet.leg_account[of.legs.leg[place]])
        return of.sheet.missing_reasons[account] or "it could not be reckoned"


def _find(
    frame: Frame, figures: DistanceFigures, account: CodeArray, instrument: CodeArray, side: CodeArray
) -> CodeArray:
    """Return the place of each position among the legs of the figures; −1 for none."""
    of, sheet = figures.distances.legs, figures.distances.sheet
    n_contracts: int = max(sheet.mark_price.shape[0], int(instrument.max(initial=0)) + 1)
    rows = sheet_rows(frame, figures)
    mine = rows.take(account)
    wanted = (mine * n_contracts + instrument) * 2 + side
    owner, contract = sheet.leg_account[of.leg], sheet.leg_contract[of.leg]
    keys: CodeArray = (owner * n_contracts + contract) * 2 + (sheet.leg_quantity[of.leg] > 0.0)
    if not keys.shape[0]:
        nowhere: CodeArray = np.full(account.shape, NOT_KNOWN)
        return nowhere
    order = np.argsort(keys)
    after = np.minimum(np.searchsorted(keys[order], wanted), keys.shape[0] - 1)
    places = order[after]
    return np.where((keys[places] == wanted) & (mine >= 0), places, NOT_KNOWN)


def sheet_rows(frame: Frame, figures: DistanceFigures) -> CodeArray:
    """Return the row of each of the book's accounts in a sheet, by name; −1 where it has none.

    Most have the row that they had then; only those that moved are looked up.
    """
    sheet, specs = figures.distances.sheet, frame.book.specs
    rows: CodeArray = np.full(len(specs), NOT_KNOWN)
    codes: list[int] = sheet.account_row.tolist()
    for row, (account_id, code) in enumerate(zip(sheet.account_ids, codes, strict=True)):
        spec = specs[code] if code < len(specs) else None
        if spec is not None and spec.account_id == account_id:
            rows[code] = row
    lost: list[int] = np.flatnonzero(rows == NOT_KNOWN).tolist()
    for code in lost:
        if (spec := specs[code]) is not None:
            rows[code] = figures.rows.get(spec.account_id, NOT_KNOWN)
    return rows
