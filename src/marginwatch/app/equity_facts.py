"""Figures of performance as rules read them: columns of accounts, readings of desks and of all together."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from marginwatch.book.history.accounts import Figures, WhyArray
from marginwatch.book.history.groups import LeftOut
from marginwatch.book.history.why import SENTENCES, Why
from marginwatch.book.table import FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.rules.facts import FactColumn, Performed, Reading

NOT_LOADED = "the history of equity is being read from the store"

_ANSWERS: AnswerArray = np.full(len(Why), Answer.MISSING, np.uint8)
_ANSWERS[Why.NUMBER] = Answer.NUMBER
_ANSWERS[[Why.NO_CAPITAL, Why.NO_ACCOUNT]] = Answer.NOT_APPLICABLE


class EquityFacts(NamedTuple):
    """What goes into :class:`marginwatch.rules.facts.Facts`, each by the name of its measure."""

    by_row: dict[str, FactColumn]
    by_name: dict[str, dict[str, Reading]]


def columns_of(values: FloatArray, why: WhyArray, began: str) -> FactColumn:
    """Return one figure of all accounts; its reason is the one that most of those without a number have."""
    missing = why[_ANSWERS[why] == Answer.MISSING]
    commonest = Why(int(np.bincount(missing).argmax())) if missing.shape[0] else Why.NO_EQUITY
    return FactColumn(values, _ANSWERS[why], sentence(commonest, began))


def sentence(why: Why, began: str) -> str:
    """Return the reason in words."""
    text = SENTENCES[why]
    return f"{text}; the history begins {began}" if why == Why.NO_DAY_START else text


def account_facts(figures: Figures, began: str) -> dict[str, FactColumn]:
    """Return the columns of accounts, by measure."""
    return {
        "account.daily_pnl_usd": columns_of(figures.pnl_usd, figures.pnl_why, began),
        "account.daily_loss_share": columns_of(figures.loss_share, figures.loss_share_why, began),
        "account.drawdown": columns_of(figures.drawdown, figures.drawdown_why, began),
    }


def group_facts(
    scope: str, names: Sequence[str], figures: Figures, left_out: LeftOut, began: str
) -> dict[str, dict[str, Reading]]:
    """Return the readings of groups, by measure; of nameless ones none. One without some accounts says how many."""
    columns = {
        "daily_pnl_usd": (figures.pnl_usd, figures.pnl_why, left_out.of_day),
        "daily_loss_share": (figures.loss_share, figures.loss_share_why, left_out.of_day),
        "drawdown": (figures.drawdown, figures.drawdown_why, left_out.ever),
    }
    return {
        f"{scope}.{figure}": {
            name: _reading(value, Why(code), began, without)
            for name, value, code, without in zip(
                names, values.tolist(), why.tolist(), n_without.tolist(), strict=True
            )
            if name
        }
        for figure, (values, why, n_without) in columns.items()
    }


def performed(at_ns: int, by_name: Mapping[str, Mapping[str, Reading]], name: str) -> Performed:
    """Return the readings of all accounts together by figure, from those by measure and name."""
    return Performed(
        at_ns,
        {
            measure.removeprefix("portfolio."): readings[name]
            for measure, readings in by_name.items()
            if measure.startswith("portfolio.") and name in readings
        },
    )


def _reading(value: float, why: Why, began: str, n_without: int) -> Reading:
    if why == Why.NUMBER:
        partial = f"not included: {n_without} account{'s' if n_without > 1 else ''} without it"
        return Reading(value, reason=partial if n_without else None)
    return Reading(float("nan"), Answer(int(_ANSWERS[why])), sentence(why, began))


def not_loaded(n: int, desks: Sequence[str], portfolio: str) -> EquityFacts:
    """Return that nothing is known yet, of ``n`` rows of accounts."""
    nothing = np.full(n, np.nan)
    column = FactColumn(nothing, np.full(n, Answer.MISSING, np.uint8), NOT_LOADED)
    reading = Reading(float("nan"), Answer.MISSING, NOT_LOADED)
    measures = ("daily_pnl_usd", "daily_loss_share", "drawdown")
    return EquityFacts(
        {f"account.{name}": column for name in measures},
        {
            f"{scope}.{name}": dict.fromkeys(names, reading)
            for scope, names in (("desk", list(desks)), ("portfolio", [portfolio]))
            for name in measures
        },
    )
