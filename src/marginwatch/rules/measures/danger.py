"""Measures of accounts that are too heavy for a frame: distance to liquidation, chances, level, value at risk, funding."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from marginwatch.book.table import CodeArray
from marginwatch.model.alert import Unit
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.distance import DistanceFigures, Nearest
from marginwatch.risk.heavy.levels import CalendarFigures, LevelFigures
from marginwatch.risk.heavy.parts import NOT_YET, Part
from marginwatch.risk.liquidation.ways import nearest_answer
from marginwatch.rules.column import Column, Measure, Moment, ReadColumn
from marginwatch.rules.measures.columns import Made, Reason, account_column, frame_of, multiple, said

T = TypeVar("T")

INFINITE = float("inf")


def kept(moment: Moment, name: str, part: Part[T], make: Callable[[T], Made]) -> Column | None:
    """Return a column of accounts made once for each new value of a heavy part, or None with nothing to make it of.

    Parameters
    ----------
    moment : Moment
        Now.
    name : str
        Of what is made.
    part : Part
        It is missing once it is too old.
    make : callable
        Returns values and answers of all accounts by row of the book.
    """
    frame = frame_of(moment)
    held = part.held_at(frame.at_ns)
    value = held.value
    if value is None:
        return None
    size = frame.inclusion.shape[0]
    made = moment.members.once(name, (value, frame.book.groups_version, size), lambda: make(value))
    return account_column(moment, made, said("it could not be reckoned"), part.at_ns)


def absent(moment: Moment, part: Part[Any]) -> Column:
    """Return a column of accounts that is missing everywhere, for the reason that a part has."""
    frame = frame_of(moment)
    reason = part.held_at(frame.at_ns).reason or NOT_YET
    blank = moment.members.blank(frame.inclusion.shape[0], Answer.MISSING)
    return account_column(moment, Made(*blank), said(reason))


def _places(moment: Moment, figures: DistanceFigures) -> tuple[CodeArray, CodeArray]:
    """Return rows of the book and of the figures' sheet of the accounts that are in both."""

    def found() -> tuple[CodeArray, CodeArray]:
        rows = moment.members.account_rows
        pairs = [(rows[name], place) for name, place in figures.rows.items() if name in rows]
        table = np.array(pairs, np.int64).reshape(-1, 2)
        return table[:, 0].copy(), table[:, 1].copy()

    version = frame_of(moment).book.groups_version
    return moment.members.once("places of distances", (figures, version), found)


def _distance(name: str, pick: Callable[[DistanceFigures], Nearest]) -> ReadColumn:
    def read(moment: Moment) -> Column:
        frame = frame_of(moment)
        part = frame.heavy.distance

        def make(figures: DistanceFigures) -> Made:
            nearest, (rows, places) = pick(figures), _places(moment, figures)
            values, answers, _ = _nothing(frame)
            values[rows], answers[rows] = np.abs(nearest.shock[places]), nearest.answer[places]
            return Made(values, answers)

        column = kept(moment, name, part, make)
        return absent(moment, part) if column is None else column._replace(reason=_lack(frame))

    return read


def _nothing(frame: Frame) -> Made:
    size: int = frame.inclusion.shape[0]
    return Made(np.full(size, np.nan), np.full(size, np.uint8(Answer.MISSING)))


def _lack(frame: Frame) -> Reason:
    """Return what tells why an account has no distance."""

    def reason(row: int) -> str:
        figures, spec = frame.heavy.distance.value, frame.book.specs[row]
        place = None if figures is None or spec is None else figures.rows.get(spec.account_id)
        if figures is None or place is None:
            return NOT_YET
        return figures.distances.sheet.missing_reasons[place] or "it could not be reckoned"

    return reason


def _nearest_coin(moment: Moment) -> Column:
    frame = frame_of(moment)
    part = frame.heavy.distance

    def make(figures: DistanceFigures) -> Made:
        rows, places = _places(moment, figures)
        coins, n = figures.distances.coins, figures.distances.sheet.n_accounts
        kinds = nearest_answer(coins.ways.down_answer, coins.ways.up_answer)
        by_account = np.full(n, np.nan)
        answer = np.where(
            np.bincount(coins.account, minlength=n) > 0, Answer.NONE_IN_RANGE, Answer.NOT_APPLICABLE
        )
        pair = figures.nearest_coin
        has_pair = pair >= 0
        by_account[has_pair] = np.abs(figures.coin_shock[pair[has_pair]])
        answer[has_pair] = Answer.NUMBER
        answer[coins.account[kinds == Answer.MISSING]] = Answer.MISSING
        whole = figures.common.answer
        answer = np.where(whole == Answer.MISSING, whole, answer)
        answer = np.where(whole == Answer.NOT_APPLICABLE, whole, answer)
        values, answers, _ = _nothing(frame)
        values[rows] = np.where(answer[places] == Answer.NUMBER, by_account[places], np.nan)
        answers[rows] = answer[places]
        return Made(values, answers)

    column = kept(moment, "nearest coin", part, make)
    return absent(moment, part) if column is None else column._replace(reason=_lack(frame))


def _chance(hours: int) -> ReadColumn:
    def read(moment: Moment) -> Column:
        frame = frame_of(moment)
        part = frame.heavy.chances
        rows = moment.members.account_rows

        def make(figures: Any) -> Made:
            values, answers, _ = _nothing(frame)
            pairs = [(rows[name], place) for name, place in figures.rows.items() if name in rows]
            table = np.array(pairs, np.int64).reshape(-1, 2)
            values[table[:, 0]] = figures.passage.within[hours][table[:, 1]]
            answers[table[:, 0]] = figures.passage.answer[table[:, 1]]
            return Made(np.where(answers == Answer.NUMBER, values, np.nan), answers)

        column = kept(moment, f"chance {hours}", part, make)
        return absent(moment, part) if column is None else column

    return read


def _score(moment: Moment) -> Column:
    frame = frame_of(moment)
    part, rows = frame.heavy.levels, moment.members.account_rows

    def make(figures: LevelFigures) -> Made:
        values, answers, _ = _nothing(frame)
        for name, level in figures.by_account.items():
            row = rows.get(name)
            if row is not None and level.score is not None:
                values[row], answers[row] = level.score, Answer.NUMBER
            elif row is not None and "not_applicable" in level.reasons.values():
                answers[row] = Answer.NOT_APPLICABLE
        return Made(values, answers)

    column = kept(moment, "score", part, make)
    return absent(moment, part) if column is None else column


def _funding_usd(moment: Moment) -> Column:
    frame = frame_of(moment)
    part, rows = frame.heavy.calendars, moment.members.account_rows

    def make(figures: CalendarFigures) -> Made:
        size: int = frame.inclusion.shape[0]
        values, answers = np.full(size, np.nan), np.full(size, np.uint8(Answer.NOT_APPLICABLE))
        for one in figures.funding.accounts:
            row = rows.get(one.account_id)
            if row is not None:
                known = one.horizon_usd
                values[row] = np.nan if known is None else -known
                answers[row] = Answer.MISSING if known is None else Answer.NUMBER
        return Made(values, answers)

    column = kept(moment, "funding", part, make)
    if column is None:
        return absent(moment, part)
    return column._replace(reason=said("the funding rate, its time or the price of a contract is not known"))


def _funding_to_equity(moment: Moment) -> Column:
    cost = _funding_usd(moment)
    values, answers, _ = multiple(cost.values, frame_of(moment).accounts.equity_usd)
    # An account without perpetuals pays no funding, whatever else is known of it.
    return cost._replace(
        values=values, answers=np.where(cost.answers == Answer.NUMBER, answers, cost.answers)
    )


def _measure(
    name: str, unit: Unit, lowest: float, highest: float, description: str, read: ReadColumn
) -> Measure:
    return Measure(f"account.{name}", "account", unit, lowest, highest, description, read)


MEASURES = (
    _measure(
        "liquidation_distance",
        "fraction",
        0.0,
        5.0,
        "The smallest move of Bitcoin, all coins following with their betas, at which the venue takes over; low is bad.",
        _distance("common", lambda of: of.common),
    ),
    _measure(
        "cautious_liquidation_distance",
        "fraction",
        0.0,
        5.0,
        "The same with each coin at the worse end of its beta's band; low is bad.",
        _distance("cautious", lambda of: of.cautious),
    ),
    _measure(
        "no_new_risk_distance",
        "fraction",
        0.0,
        5.0,
        "The smallest move of Bitcoin at which the venue refuses new risk; low is bad.",
        _distance("no new risk", lambda of: of.no_new_risk),
    ),
    _measure(
        "nearest_coin_distance",
        "fraction",
        0.0,
        5.0,
        "The smallest move of one coin alone at which the venue takes over; low is bad.",
        _nearest_coin,
    ),
    _measure(
        "liquidation_probability_1h",
        "fraction",
        0.0,
        1.0,
        "Chance of liquidation within an hour, an estimate; high is bad.",
        _chance(1),
    ),
    _measure(
        "liquidation_probability_24h",
        "fraction",
        0.0,
        1.0,
        "Chance of liquidation within a day, an estimate; high is bad.",
        _chance(24),
    ),
    _measure("risk_score", "rank", 1.0, 10.0, "Score of risk, 1 calm to 10 at the limit.", _score),
    _measure(
        "funding_cost_usd",
        "usd",
        -INFINITE,
        INFINITE,
        "Funding to be paid over the next 24 h at present rates; received is below 0, high is bad.",
        _funding_usd,
    ),
    _measure(
        "funding_cost_to_equity",
        "fraction",
        -1_000.0,
        1_000.0,
        "The same ÷ equity.",
        _funding_to_equity,
    ),
)
