"""Measures that no frame holds: their names, units and meanings, under which whoever knows them puts them into the facts."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

from marginwatch.book.table import FloatArray
from marginwatch.model.alert import Scope, Unit
from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.rules.column import Column, Measure, Moment, ReadColumn
from marginwatch.rules.facts import FactColumn, Facts, Reading
from marginwatch.rules.measures.columns import Made, Reason, account_column, frame_of, group_column
from marginwatch.rules.members import GroupScope, names_of

SERVICE = "marginwatch"
"""Name of the one subject of scope ``service``."""

INFINITE = float("inf")
NOT_KNOWN = "it is not known yet"

_Made: TypeAlias = tuple[FloatArray, AnswerArray, dict[int, str]]


class Fact(NamedTuple):
    """One measure from the facts.

    Parameters
    ----------
    name : str
        Of the measure and its key in :class:`marginwatch.rules.facts.Facts`: ``by_row`` for columns of accounts, ``by_name``
        by the names of subjects. A measure that is in neither is not known to the service and is not judged.
    scope, unit, lowest, highest, description
        As :class:`marginwatch.rules.column.Measure` has them.
    otherwise : float or Answer
        What a subject has that the facts do not name.
    is_of_book : bool
        It is made of what accounts hold: doubtful while they are not heard.
    """

    name: str
    scope: Scope
    unit: Unit
    lowest: float
    highest: float
    description: str
    otherwise: float | Answer
    is_of_book: bool = False


def _history(scope: Scope) -> tuple[Fact, ...]:
    return (
        Fact(
            f"{scope}.daily_loss_share",
            scope,
            "fraction",
            -INFINITE,
            INFINITE,
            "Loss since the day began in the desk's zone (on its first day: since it was first seen), deposits and transfers "
            "removed ÷ equity then and what was put in since; a profit is below 0.",
            Answer.MISSING,
            is_of_book=True,
        ),
        Fact(
            f"{scope}.daily_pnl_usd",
            scope,
            "usd",
            -INFINITE,
            INFINITE,
            "Gain since the day began in the desk's zone (on its first day: since it was first seen), deposits and transfers "
            "removed.",
            Answer.MISSING,
            is_of_book=True,
        ),
        Fact(
            f"{scope}.drawdown",
            scope,
            "fraction",
            0.0,
            INFINITE,
            "(Peak of equity − equity) ÷ peak, deposits and transfers removed.",
            Answer.MISSING,
            is_of_book=True,
        ),
    )


def _happened(name: str, what: str) -> Fact:
    return Fact(f"account.{name}", "account", "count", 0.0, INFINITE, f"{what} within the last hour.", 0.0)


FACTS: tuple[Fact, ...] = (
    *_history("portfolio"),
    *_history("desk"),
    *_history("account"),
    Fact(
        "account.key_expires_in",
        "account",
        "seconds",
        -INFINITE,
        INFINITE,
        "Until its API key expires; below 0 it has. Not applicable to keys that do not expire.",
        Answer.NOT_APPLICABLE,
    ),
    Fact(
        "account.key_is_unsafe",
        "account",
        "count",
        0.0,
        1.0,
        "1 if its API key may do more than read and is used all the same.",
        0.0,
    ),
    _happened("liquidation_fills", "Executions by which the venue liquidated,"),
    _happened("adl_fills", "Executions by which the venue deleveraged automatically,"),
    _happened("margin_mode_changes", "Changes of the margin mode"),
    _happened("type_changes", "Changes of the account type"),
    _happened(
        "reconciliation_breaks", "Differences found between the venue's snapshot and what its stream told"
    ),
    Fact(
        "venue.clock_skew",
        "venue",
        "seconds",
        -INFINITE,
        INFINITE,
        "Our clock − the venue's; requests of a clock that is seconds off are refused.",
        Answer.NOT_APPLICABLE,
    ),
    Fact(
        "venue.rate_budget_used",
        "venue",
        "fraction",
        0.0,
        INFINITE,
        "Calls of the last minute ÷ those that our share of the venue's limits allows.",
        Answer.NOT_APPLICABLE,
    ),
    Fact(
        "venue.maintenance_announced",
        "venue",
        "count",
        0.0,
        INFINITE,
        "Maintenances that the venue has announced or is at.",
        0.0,
    ),
    Fact(
        "service.memory_share",
        "service",
        "fraction",
        0.0,
        INFINITE,
        "Memory that this process and the one that reckons for it hold ÷ what they may hold.",
        Answer.MISSING,
    ),
    Fact(
        "service.disk_free_share",
        "service",
        "fraction",
        0.0,
        1.0,
        "What is free of the disk with the data folder.",
        Answer.MISSING,
    ),
    Fact(
        "service.loop_lag",
        "service",
        "seconds",
        0.0,
        INFINITE,
        "How late the loop came to a task at worst, lately.",
        Answer.MISSING,
    ),
    Fact(
        "service.frame_age",
        "service",
        "seconds",
        0.0,
        INFINITE,
        "Since the last full frame.",
        Answer.MISSING,
    ),
    Fact(
        "channel.is_failing",
        "channel",
        "count",
        0.0,
        1.0,
        "1 while messages do not get through it.",
        0.0,
    ),
)
"""All of them."""

FACT_NAMES = frozenset(one.name for one in FACTS)


def has_fact(facts: Facts, name: str) -> bool:
    """Return whether the facts know a measure at all."""
    return name in facts.by_name or name in facts.by_row


def channels(facts: Facts) -> list[str]:
    """Return the names of the channels that the facts speak of."""
    return list(
        dict.fromkeys(
            name for one in FACTS if one.scope == "channel" for name in facts.by_name.get(one.name, {})
        )
    )


def _rest(fact: Fact, size: int) -> _Made:
    """Return new columns that say of everybody what is said of those not named, and no reasons."""
    if isinstance(fact.otherwise, Answer):
        return np.full(size, np.nan), np.full(size, np.uint8(fact.otherwise)), {}
    return np.full(size, fact.otherwise), np.zeros(size, np.uint8), {}


def _of_column(fact: Fact, told: FactColumn, size: int) -> _Made:
    values, answers, reasons = _rest(fact, size)
    n = min(size, told.values.shape[0])
    values[:n], answers[:n] = told.values[:n], told.answers[:n]
    return values, answers, reasons


def _of_names(
    fact: Fact, named: Mapping[str, Reading], places: Iterable[tuple[str, int]], size: int
) -> _Made:
    values, answers, reasons = _rest(fact, size)
    for name, row in places:
        if (one := named.get(name)) is None:
            continue
        is_number = one.answer == Answer.NUMBER
        values[row], answers[row] = one.value if is_number else np.nan, one.answer
        # A number's reason is what it leaves out.
        if one.reason is not None and not is_number:
            reasons[row] = one.reason
    return values, answers, reasons


def _why(reasons: Mapping[int, str], otherwise: str) -> Reason:
    return lambda row: reasons.get(row, otherwise)


NOBODY: Mapping[str, Reading] = {}


def _accounts(fact: Fact, moment: Moment) -> Column:
    frame, members = frame_of(moment), moment.members
    size: int = frame.inclusion.shape[0]
    told, named = moment.facts.by_row.get(fact.name), moment.facts.by_name.get(fact.name, NOBODY)

    def make() -> _Made:
        if told is not None:
            return _of_column(fact, told, size)
        # Few accounts are named: those to which something happened.
        rows = members.account_rows
        places = [(name, row) for name in named if (row := rows.get(AccountId(name))) is not None]
        return _of_names(fact, named, places, size)

    # Whoever knows the figures puts new ones in their place and does not write into the old.
    key = (told, named, frame.book.groups_version, size)
    values, answers, reasons = members.once(fact.name, key, make)
    reason = _why(reasons, NOT_KNOWN if told is None else told.reason)
    if not fact.is_of_book:
        return Column(values, answers, reason, moment.at_ns)
    return account_column(moment, Made(values, answers), reason)


def _groups(fact: Fact, scope: GroupScope, moment: Moment) -> Column:
    names = names_of(scope, frame_of(moment))
    named = moment.facts.by_name.get(fact.name, NOBODY)
    places = [(name, row) for row, name in enumerate(names) if name is not None]
    values, answers, reasons = _of_names(fact, named, places, len(names))
    column = group_column(moment, scope, Made(values, answers), _why(reasons, NOT_KNOWN))
    return column if fact.is_of_book else column._replace(is_doubtful=None, doubt=None)


def _single(fact: Fact, moment: Moment) -> Column:
    """Return a column of the service alone, or of the channels in the order in which they were first heard of."""
    named = moment.facts.by_name.get(fact.name, NOBODY)
    names = [SERVICE] if fact.scope == "service" else moment.members.names("channel", channels(moment.facts))
    places = [(name, row) for row, name in enumerate(names)]
    values, answers, reasons = _of_names(fact, named, places, len(names))
    return Column(values, answers, _why(reasons, NOT_KNOWN), moment.at_ns)


def _reader(fact: Fact) -> ReadColumn:
    def read(moment: Moment) -> Column:
        if fact.scope == "account":
            return _accounts(fact, moment)
        if fact.scope in ("portfolio", "venue", "desk", "tag"):
            return _groups(fact, fact.scope, moment)
        return _single(fact, moment)

    return read


MEASURES = tuple(
    Measure(one.name, one.scope, one.unit, one.lowest, one.highest, one.description, _reader(one))
    for one in FACTS
)
