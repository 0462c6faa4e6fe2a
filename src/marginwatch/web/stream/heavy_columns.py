"""What heavy measures say of accounts, as columns by row of the book; made anew only when one of the measures is another."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.chances import ChanceFigures
from marginwatch.risk.heavy.distance import NO_PAIR, DistanceFigures
from marginwatch.risk.heavy.levels import LevelFigures
from marginwatch.risk.liquidation.contribution import NO_LEG
from marginwatch.risk.liquidation.forced_actions import ForcedAction
from marginwatch.risk.liquidation.ways import nearest_answer
from marginwatch.web.stream.leg_columns import NOT_KNOWN, sheet_rows
from marginwatch.web.stream.reasons import lasting
from marginwatch.web.stream.wire import SPECIAL

Objects: TypeAlias = NDArray[np.object_]

COLUMNS = (
    "liquidation_distance",
    "liquidation_shock",
    "liquidation_btc_price",
    "liquidation_distance_sigmas",
    "liquidation_distance_down",
    "liquidation_distance_up",
    "cautious_liquidation_distance",
    "no_new_risk_distance",
    "nearest_coin_distance",
    "nearest_coin_price",
    "liquidation_probability_1h",
    "liquidation_probability_24h",
    "risk_score",
    "liquidation_distance_at_s",
)
"""Fields of ``AccountRow``, the last in UTC seconds where the row has an age."""

TEXTS = ("nearest_coin", "worst_position", "first_forced_action", "risk_level", "why_no_distance")
"""Fields of ``AccountRow`` that are texts, and what is lacking where a distance is missing."""

ACTIONS: list[str | None] = [
    None if one is ForcedAction.NONE else one.name.lower()
    for one in sorted(ForcedAction, key=lambda one: one.value)
]


def judged(values: FloatArray, answers: AnswerArray) -> FloatArray:
    """Return numbers with a special value where the answer is no number."""
    found = np.where(np.isfinite(values), values, np.nan)
    for kind, special in SPECIAL.items():
        found[answers == kind] = special
    return found


def answers_by_coin(figures: DistanceFigures) -> AnswerArray:
    """Return what kind of answer the nearest coin of each account is, by row of the sheet: of all accounts at once."""
    ways, whole = figures.distances.coins.ways, figures.common.answer
    is_missing = nearest_answer(ways.down_answer, ways.up_answer) == Answer.MISSING
    n_missing = np.concatenate(([0], np.cumsum(is_missing)))
    first: CodeArray = figures.first_pair
    has_pairs: BoolArray = first[1:] > first[:-1]
    answers = np.where(figures.nearest_coin == NO_PAIR, Answer.NONE_IN_RANGE, Answer.NUMBER).astype(np.uint8)
    # An isolated account dies leg by leg, not coin by coin.
    alone = np.where(whole == Answer.MISSING, Answer.MISSING, Answer.NOT_APPLICABLE)
    answers = np.where(has_pairs, answers, alone)
    answers[n_missing[first[1:]] > n_missing[first[:-1]]] = Answer.MISSING
    answers[whole == Answer.NOT_APPLICABLE] = Answer.NOT_APPLICABLE
    return answers.astype(np.uint8)


class HeavyColumns:
    """Columns and texts of accounts.

    Attributes
    ----------
    values : ndarray of shape (n_columns, n_accounts), float64
        With special values; NaN of accounts never heard.
    texts : ndarray of shape (n_texts, n_accounts), object
        Texts or None.
    whys : tuple of str
        What is lacking where a chance, and where a level, is missing.
    """

    def __init__(self) -> None:
        self.values: FloatArray = np.zeros((len(COLUMNS), 0))
        self.texts: Objects = np.full((len(TEXTS), 0), None, object)
        self.whys = ("", "")
        self._seen: tuple[Any, ...] = ()

    def has_news(self, frame: Frame) -> bool:
        """Return whether a measure is another than when it was last looked at."""
        heavy, at_ns = frame.heavy, frame.at_ns
        held = (heavy.distance.held_at(at_ns), heavy.chances.held_at(at_ns), heavy.levels.held_at(at_ns))
        return not self._seen or any(
            one.value is not seen for one, seen in zip(held, self._seen[0], strict=True)
        )

    def look(self, frame: Frame, is_heard: BoolArray, heard_version: int) -> bool:
        """Bring the columns up to date; return whether they were made anew.

        Parameters
        ----------
        frame : Frame
            The latest.
        is_heard : ndarray of shape (n_accounts,), bool
            Which accounts were ever heard.
        heard_version : int
            Changes with it.
        """
        heavy, at_ns = frame.heavy, frame.at_ns
        distance, chances = heavy.distance.held_at(at_ns), heavy.chances.held_at(at_ns)
        levels = heavy.levels.held_at(at_ns)
        parts = (distance.value, chances.value, levels.value)
        reasons = tuple(lasting(held.reason) for held in (distance, chances, levels))
        facts = (*reasons, heavy.distance.at_ns, heard_version)
        facts += (frame.book.groups_version, is_heard.shape[0])
        if self._seen and facts == self._seen[1] and all(map(_is, parts, self._seen[0])):
            return False
        self._seen = (parts, facts)
        n = is_heard.shape[0]
        self.values = np.full((len(COLUMNS), n), np.nan)
        self.texts = np.full((len(TEXTS), n), None, object)
        self.texts[-1] = reasons[0] or "not reckoned yet"
        self.whys = (
            reasons[1] or "too little history, or a figure of the account",
            reasons[2] or "not enough is known of the account",
        )
        if distance.value is not None:
            self._fill_distances(distance.value, sheet_rows(frame, distance.value))
        if chances.value is not None:
            self._fill_chances(frame, chances.value)
        if levels.value is not None:
            self._fill_levels(frame, levels.value)
        self.values[:, ~is_heard] = np.nan
        self.values[COLUMNS.index("liquidation_distance_at_s")] = (
            heavy.distance.at_ns / 1e9 if heavy.distance.at_ns else np.nan
        )
        return True

    def _put(self, name: str, codes: CodeArray, values: FloatArray) -> None:
        self.values[COLUMNS.index(name), codes] = values

    def _tell(self, name: str, codes: CodeArray, texts: Sequence[str | None]) -> None:
        mine = np.empty(len(texts), object)
        mine[:] = texts
        self.texts[TEXTS.index(name), codes] = mine

    def _fill_distances(self, figures: DistanceFigures, rows: CodeArray) -> None:
        codes = np.flatnonzero(rows != NOT_KNOWN)
        row = rows[codes]
        of, sheet, nearest = figures.distances, figures.distances.sheet, figures.common
        whole, shock = nearest.answer[row], nearest.shock[row]
        price = figures.btc_usd * (1.0 + shock)
        for name, values, answers in (
            ("liquidation_distance", np.abs(shock), whole),
            ("liquidation_shock", shock, whole),
            ("liquidation_btc_price", price, whole),
            ("liquidation_distance_sigmas", figures.sigmas[row], whole),
            ("liquidation_distance_down", np.abs(of.common.down[row]), of.common.down_answer[row]),
            ("liquidation_distance_up", of.common.up[row], of.common.up_answer[row]),
            (
                "cautious_liquidation_distance",
                np.abs(figures.cautious.shock[row]),
                figures.cautious.answer[row],
            ),
            ("no_new_risk_distance", np.abs(figures.no_new_risk.shock[row]), figures.no_new_risk.answer[row]),
        ):
            self._put(name, codes, judged(values, answers))
        places: list[int] = row.tolist()
        why = [sheet.missing_reasons[one] or "it could not be reckoned" for one in places]
        self._tell("why_no_distance", codes, why)
        legs: list[int] = np.where(whole == Answer.NUMBER, nearest.leg[row], NO_LEG).tolist()
        names = sheet.contract_names
        worst = [None if leg == NO_LEG else names[int(sheet.leg_contract[leg])] for leg in legs]
        self._tell("worst_position", codes, worst)
        actions: list[int] = figures.first_action[row].tolist()
        self._tell("first_forced_action", codes, [ACTIONS[one] for one in actions])
        self._fill_coins(figures, codes, row)

    def _fill_coins(self, figures: DistanceFigures, codes: CodeArray, row: CodeArray) -> None:
        coins, sheet = figures.distances.coins, figures.distances.sheet
        answers = answers_by_coin(figures)[row]
        nothing: FloatArray = np.full(row.shape, np.nan)
        self._put("nearest_coin_distance", codes, judged(nothing, answers))
        known = np.flatnonzero(answers == Answer.NUMBER)
        pairs = figures.nearest_coin[row[known]]
        shock, coin = figures.coin_shock[pairs], coins.coin[pairs]
        price = sheet.coin_usd[coin] * (1.0 + shock)
        self._put("nearest_coin_distance", codes[known], np.where(np.isfinite(shock), np.abs(shock), np.nan))
        self._put("nearest_coin_price", codes[known], np.where(np.isfinite(price), price, np.nan))
        names: list[int] = coin.tolist()
        self._tell("nearest_coin", codes[known], [sheet.coin_names[one] for one in names])

    def _fill_chances(self, frame: Frame, figures: ChanceFigures) -> None:
        rows = _rows_by_name(frame, figures.rows)
        codes = np.flatnonzero(rows != NOT_KNOWN)
        row = rows[codes]
        for hours, name in ((1, "liquidation_probability_1h"), (24, "liquidation_probability_24h")):
            chances = judged(figures.passage.within[hours][row], figures.passage.answer[row])
            self._put(name, codes, chances)

    def _fill_levels(self, frame: Frame, figures: LevelFigures) -> None:
        scores, levels = self.values[COLUMNS.index("risk_score")], self.texts[TEXTS.index("risk_level")]
        for code, spec in enumerate(frame.book.specs):
            one = None if spec is None else figures.by_account.get(spec.account_id)
            if one is None:
                continue
            if one.score is not None:
                scores[code], levels[code] = one.score, one.level
            elif "not_applicable" in one.reasons.values():
                scores[code] = -np.inf


def _is(one: object, other: object) -> bool:
    return one is other


def _rows_by_name(frame: Frame, rows: dict[Any, int]) -> CodeArray:
    """Return the row of each of the book's accounts in some figures; −1 where it has none."""
    specs = frame.book.specs
    return np.array(
        [NOT_KNOWN if spec is None else rows.get(spec.account_id, NOT_KNOWN) for spec in specs], np.int64
    )
