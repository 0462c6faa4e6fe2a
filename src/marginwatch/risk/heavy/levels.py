"""Levels of accounts, desks and everything; and what comes when: funding, places in the deleveraging queue, expiries."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from marginwatch.book.paid_funding import HeardFunding
from marginwatch.book.table import CodeArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.calendar_rows import AccountPastFunding, AdlRow, ExpiryCalendar, FundingCalendar
from marginwatch.risk.calendars import adl_rows, expiry_calendar, funding_calendar
from marginwatch.risk.heavy.advice import daily_covariance
from marginwatch.risk.heavy.chances import ChanceFigures
from marginwatch.risk.heavy.moves import Moves, PastReturns
from marginwatch.risk.level_rows import Levels, RiskLevel
from marginwatch.risk.level_scores import LevelInputs
from marginwatch.risk.levels import risk_levels
from marginwatch.risk.liquidation.distance import distances
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.past_funding import past_funding_of_accounts
from marginwatch.risk.workspace import Workspace

DAY_HOURS = 24


@dataclass(slots=True, frozen=True, eq=False)
class LevelFigures:
    """All levels, and those of accounts by name."""

    levels: Levels
    by_account: dict[AccountId, RiskLevel]


@dataclass(slots=True, frozen=True, eq=False)
class CalendarFigures:
    """What comes when, and what funding has been paid."""

    funding: FundingCalendar
    past_funding: tuple[AccountPastFunding, ...]
    deleveraging: tuple[AdlRow, ...]
    expiries: ExpiryCalendar


def measure_levels(
    sheet: MarginSheet,
    moves: Moves,
    past: PastReturns,
    chances: ChanceFigures | None,
    left_out: Mapping[AccountId, str],
    work: Workspace | None = None,
) -> LevelFigures:
    """Return the levels of everything.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    moves, past : Moves, PastReturns
        Betas; returns for contributions.
    chances : ChanceFigures or None
        The latest chances, whatever sheet they are of; None: they are no part of any score.
    left_out : mapping of AccountId to str
        Accounts that count in no total, and why.
    work : Workspace, optional
        Buffers to be used again.
    """
    work = work or Workspace()
    found = distances(sheet, moves.betas, work)
    inputs = LevelInputs(
        sheet=sheet,
        margins=margins(sheet, prices_now(sheet)),
        distances=found,
        betas=moves.betas,
        covariance=daily_covariance(sheet, past),
        probability_24h=None if chances is None else chances.of(sheet, DAY_HOURS),
    )
    rows = {row: left_out[name] for row, name in enumerate(sheet.account_ids) if name in left_out}
    levels = risk_levels(inputs, left_out=rows)
    by_account = {sheet.account_ids[row]: one for row, one in enumerate(levels.accounts)}
    return LevelFigures(levels, by_account)


def measure_calendars(
    sheet: MarginSheet,
    adl_rank: CodeArray,
    heard: Mapping[AccountId, HeardFunding],
    left_out: Mapping[AccountId, str] = MappingProxyType({}),
) -> CalendarFigures:
    """Return what comes when, and what funding has been paid.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    adl_rank : ndarray of int64
        By row of the book's position table.
    heard : mapping of AccountId to HeardFunding
        What accounts paid and received.
    left_out : mapping of AccountId to str
        Accounts that count in no sum, and why.
    """
    return CalendarFigures(
        funding_calendar(sheet, DAY_HOURS, left_out),
        past_funding_of_accounts(sheet, heard),
        adl_rows(sheet, adl_rank),
        expiry_calendar(sheet, left_out),
    )
