"""How far a position is from its liquidation: by our own figures where it stands alone, and by the venue's price."""

import math
from typing import Any

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.model.ids import AccountId, InstrumentId
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.tables.accounts import no_distance
from marginwatch.risk.tables.nulls import Nulls

LegKey = tuple[AccountId, InstrumentId | None, bool]
"""Account, contract, and whether it is long: rows of one contract and side are one leg, and die together."""

Known = tuple[float, int, str]
"""Shock (signed, of the contract's own price), answer, and what is lacking if it is missing."""

FIELDS = ("liquidation_distance", "liquidation_shock")


class LegDistanceTable:
    """Distances of isolated positions in one frame, found by what they are.

    They are looked up by name and not by row: the figures may be seconds older than the frame, and a row of the book may
    hold another position by then.

    Parameters
    ----------
    frame : Frame
        Whose latest distances.
    account_id : AccountId, optional
        Of this account alone.
    """

    def __init__(self, frame: Frame, account_id: AccountId | None = None) -> None:
        held = frame.heavy.distance.held_at(frame.at_ns)
        self.age_s = held.age_s
        self._why = held.reason or "not reckoned yet"
        self._known: dict[LegKey, Known] = {}
        if held.value is None:
            return
        legs, sheet = held.value.distances.legs, held.value.distances.sheet
        owner: CodeArray = sheet.leg_account[legs.leg]
        wanted = owner if account_id is None else held.value.rows.get(account_id, -1)
        known = np.flatnonzero(owner == wanted)
        shocks, answers = legs.ways.shock[known].tolist(), legs.ways.answer[known].tolist()
        for leg, shock, answer in zip(legs.leg[known].tolist(), shocks, answers, strict=True):
            account = int(sheet.leg_account[leg])
            contract = sheet.contract_names[int(sheet.leg_contract[leg])]
            key = (sheet.account_ids[account], contract, bool(sheet.leg_quantity[leg] > 0.0))
            why = sheet.missing_reasons[account] or "it could not be reckoned"
            self._known[key] = (shock, answer, why)

    def fields(self, margin_mode: str | None, key: LegKey, nulls: Nulls) -> dict[str, Any]:
        """Return the fields of a position's row that are about its own distance.

        Parameters
        ----------
        margin_mode : str or None
            Of its account. In cross and portfolio margin no position dies alone: not applicable.
        key : tuple
            Account, contract, whether it is long.
        nulls : Nulls
            Hears of what is missing.
        """
        shock, answer, why = math.nan, int(Answer.MISSING), "the account's margin mode is not known"
        if margin_mode in ("cross", "portfolio"):
            answer = int(Answer.NOT_APPLICABLE)
        elif margin_mode == "isolated":
            shock, answer, why = self._known.get(key, (math.nan, int(Answer.MISSING), self._why))
        found: dict[str, Any] = {
            name: nulls.number(name, value, why, answer)
            for name, value in zip(FIELDS, (abs(shock), shock), strict=True)
        }
        is_ours = answer in (Answer.NUMBER, Answer.NONE_IN_RANGE)
        return found | {"liquidation_distance_age_s": self.age_s if is_ours else None}


def venue_distance(
    frame: Frame, account: int, mark: float | None, price: str | None, nulls: Nulls
) -> float | None:
    """Return how far a position's mark is from the venue's liquidation price, fraction ≥ 0; None with its reason.

    Parameters
    ----------
    frame : Frame
        Of the position.
    account : int
        Row of its account.
    mark : float or None
        Of its contract.
    price : str or None
        The venue's, exact; without one nothing liquidates, unless the venue names none in this margin mode.
    nulls : Nulls
        Hears of what is missing.
    """
    name, state = "venue_liquidation_distance", frame.book.states[account]
    if price is None and state is not None and state.margin_mode in ("portfolio", "unknown"):
        nulls.reasons[name] = f"missing: {no_distance(frame, account)}"
    elif price is None:
        nulls.reasons[name] = "none_in_range"
    elif mark is None:
        nulls.reasons[name] = "missing: mark price"
    else:
        return abs(mark - float(price)) / mark
    return None
