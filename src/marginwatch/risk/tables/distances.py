"""How far an account is from its liquidation, how likely that is and how risky it is, in the fields of its row."""

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer
from marginwatch.risk.heavy.distance import NO_PAIR, DistanceFigures
from marginwatch.risk.heavy.parts import Held
from marginwatch.risk.liquidation.contribution import NO_LEG
from marginwatch.risk.liquidation.forced_actions import ForcedAction
from marginwatch.risk.liquidation.ways import nearest_answer

if TYPE_CHECKING:
    from marginwatch.risk.heavy.chances import ChanceFigures
    from marginwatch.risk.heavy.levels import LevelFigures

NEAREST = "liquidation_distance"
OF_NEAREST = ("liquidation_shock", "liquidation_btc_price", "liquidation_distance_sigmas")
FIELDS = (
    NEAREST,
    *OF_NEAREST,
    "liquidation_distance_down",
    "liquidation_distance_up",
    "cautious_liquidation_distance",
    "no_new_risk_distance",
    "nearest_coin_distance",
)


class Judge(Protocol):
    """Turns numbers that are none into None, and remembers why."""

    def judged(self, field: str, value: float, why: str, answer: int | None = None) -> float | None:
        """Return a finite value, else None with its reason."""
        ...


def distance_fields(held: Held[DistanceFigures], account_id: AccountId, nulls: Judge) -> dict[str, Any]:
    """Return the fields of an account's row that are about its distance to liquidation.

    Parameters
    ----------
    held : Held of DistanceFigures
        What is known, or why nothing is.
    account_id : AccountId
        Whose.
    nulls : Judge
        Hears of what is missing.
    """
    figures = held.value
    row = None if figures is None else figures.rows.get(account_id)
    found: dict[str, Any] = {"liquidation_distance_age_s": held.age_s}
    if figures is None or row is None:
        why = held.reason or "not reckoned yet"
        return found | {name: nulls.judged(name, math.nan, why) for name in FIELDS}
    return found | _known(figures, row, nulls)


def _known(figures: DistanceFigures, row: int, nulls: Judge) -> dict[str, Any]:
    of, sheet = figures.distances, figures.distances.sheet
    why = sheet.missing_reasons[row] or "it could not be reckoned"
    common, nearest = of.common, figures.common
    answer, shock = int(nearest.answer[row]), float(nearest.shock[row])
    found: dict[str, Any] = {
        "liquidation_distance_down": nulls.judged(
            "liquidation_distance_down", abs(float(common.down[row])), why, int(common.down_answer[row])
        ),
        "liquidation_distance_up": nulls.judged(
            "liquidation_distance_up", float(common.up[row]), why, int(common.up_answer[row])
        ),
        NEAREST: nulls.judged(NEAREST, abs(shock), why, answer),
    }
    price = figures.btc_usd * (1.0 + shock)
    for name, value in zip(OF_NEAREST, (shock, price, float(figures.sigmas[row])), strict=True):
        lack = why if math.isnan(shock) else "the price of BTC"
        found[name] = nulls.judged(name, value, lack, answer or None)
    for name, ways in (
        ("cautious_liquidation_distance", figures.cautious),
        ("no_new_risk_distance", figures.no_new_risk),
    ):
        found[name] = nulls.judged(name, abs(float(ways.shock[row])), why, int(ways.answer[row]))
    found["worst_position"] = worst_position(figures, row)
    action = ForcedAction(int(figures.first_action[row]))
    found["first_forced_action"] = None if action is ForcedAction.NONE else action.name.lower()
    return found | _by_coin(figures, row, nulls, why)


def worst_position(figures: DistanceFigures, row: int) -> str | None:
    """Return the contract that takes most of an account's headroom on its nearest way; None for none."""
    sheet, leg = figures.distances.sheet, int(figures.common.leg[row])
    if leg == NO_LEG or figures.common.answer[row] != Answer.NUMBER:
        return None
    return sheet.contract_names[int(sheet.leg_contract[leg])]


def _by_coin(figures: DistanceFigures, row: int, nulls: Judge, why: str) -> dict[str, Any]:
    coins, pair = figures.distances.coins, int(figures.nearest_coin[row])
    name = "nearest_coin_distance"
    answer = _answer_by_coin(figures, row)
    if answer != Answer.NUMBER:
        return {name: nulls.judged(name, math.nan, why, int(answer))}
    coin, shock = int(coins.coin[pair]), float(figures.coin_shock[pair])
    sheet = figures.distances.sheet
    price = float(sheet.coin_usd[coin]) * (1.0 + shock)
    return {
        name: nulls.judged(name, abs(shock), why),
        "nearest_coin": sheet.coin_names[coin],
        "nearest_coin_price": price if math.isfinite(price) else None,
    }


def chance_fields(held: "Held[ChanceFigures]", account_id: AccountId, nulls: Judge) -> dict[str, Any]:
    """Return the fields of an account's row that say how likely it is liquidated."""
    figures = held.value
    row = None if figures is None else figures.rows.get(account_id)
    found: dict[str, Any] = {}
    for hours, name in ((1, "liquidation_probability_1h"), (24, "liquidation_probability_24h")):
        chance, answer = math.nan, None
        if figures is not None and row is not None:
            chance, answer = float(figures.passage.within[hours][row]), int(figures.passage.answer[row])
        why = held.reason or "too little history, or a figure of the account"
        found[name] = nulls.judged(name, chance, why, answer)
    return found


def level_fields(held: "Held[LevelFigures]", account_id: AccountId, nulls: Judge) -> dict[str, Any]:
    """Return the fields of an account's row that say how risky it is."""
    level = None if held.value is None else held.value.by_account.get(account_id)
    if level is None or level.score is None:
        is_idle = level is not None and "not_applicable" in level.reasons.values()
        answer = Answer.NOT_APPLICABLE if is_idle else None
        nulls.judged("risk_score", math.nan, held.reason or "not enough is known of the account", answer)
        return {"risk_level": None, "risk_score": None}
    return {"risk_level": level.level, "risk_score": level.score}


def _answer_by_coin(figures: DistanceFigures, row: int) -> Answer:
    """Return what kind of answer the nearest of an account's coins is: not the nearest known if one is not known."""
    ways, whole = figures.distances.coins.ways, Answer(int(figures.common.answer[row]))
    # Only the account's own rows: thousands of accounts are shown at once.
    mine = slice(int(figures.first_pair[row]), int(figures.first_pair[row + 1]))
    answers = nearest_answer(ways.down_answer[mine], ways.up_answer[mine])
    if whole == Answer.NOT_APPLICABLE:
        return whole
    if np.any(answers == Answer.MISSING):
        return Answer.MISSING
    if answers.size:
        return Answer.NONE_IN_RANGE if figures.nearest_coin[row] == NO_PAIR else Answer.NUMBER
    # An isolated account dies leg by leg, not coin by coin.
    return Answer.MISSING if whole == Answer.MISSING else Answer.NOT_APPLICABLE
