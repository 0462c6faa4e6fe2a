"""What the routes of heavy measures answer: the frozen parts of one frame, each with its age or the reason for none."""

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.risk.advice.rows import HedgeAdvice, TransferAdvice
from marginwatch.risk.calendar_rows import (
    AccountPastFunding,
    AdlRow,
    ExpiryCalendar,
    ExpiryRow,
    FundingCalendar,
    FundingRow,
)
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.value_at_risk import VarFigures
from marginwatch.risk.heavy_rows import (
    BacktestRow,
    CascadeRow,
    CorrelationRow,
    DistanceBasis,
    LadderRow,
    PartBasis,
    StressRow,
    VarRow,
    WorstRow,
)
from marginwatch.risk.level_rows import Levels, RiskLevel
from marginwatch.risk.table_rows import AccountRow, NotIncluded
from marginwatch.risk.tables import (
    backtest_rows,
    cascade_basis,
    cascade_rows,
    correlation_row,
    distance_basis,
    ladder_rows,
    not_included,
    part_rows,
    stress_basis,
    stress_rows,
    var_basis,
    whole_rows,
    worst_rows,
)
from marginwatch.risk.var.measure import VarMeasures
from marginwatch.web.most import Most, most_hedges, most_transfers
from marginwatch.web.names import require_known
from marginwatch.web.paging import ALL, Page
from marginwatch.web.replies import Reply, accounts_of, n_included
from marginwatch.web.selection import select

CALENDAR_ROWS = 1_000
"""Of each list of what comes when: of forty thousand positions nobody reads more."""


class MarginReply(Reply, frozen=True, kw_only=True):
    """Margins and distances by account, the ladders of the desk, and what distances rest on.

    ``n_rows``: accounts that fit the filters, of which ``limit`` and ``offset`` choose; None from an older service.
    """

    n_included: int | None = None
    n_rows: int | None = None
    rows: tuple[AccountRow, ...]
    ladder: tuple[LadderRow, ...]
    basis: DistanceBasis
    not_included: tuple[NotIncluded, ...]


def margin_reply(
    frame: Frame, *, account: str | None = None, desk: str | None = None, venue: str | None = None
) -> MarginReply:
    """Return margins, distances and ladders of a frame, of all accounts or those of the given names.

    Raises
    ------
    ConfigError
        If a name occurs nowhere.
    """
    require_known(frame, account=account, desk=desk, venue=venue)
    rows = accounts_of(frame, account=account, desk=desk, venue=venue)
    shown = {row.account_id for row in rows}
    return MarginReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        n_included=n_included(frame),
        n_rows=len(rows),
        rows=tuple(rows),
        ladder=tuple(row for row in ladder_rows(frame) if row.account_id in shown),
        basis=distance_basis(frame),
        not_included=tuple(not_included(frame)),
    )


def of_shown(reply: MarginReply) -> MarginReply:
    """Return the reply with the ladders of those accounts alone that are among its rows."""
    if reply.n_rows is None or len(reply.rows) == reply.n_rows:
        return reply
    shown = {row.account_id for row in reply.rows}
    return msgspec.structs.replace(
        reply, ladder=tuple(row for row in reply.ladder if row.account_id in shown)
    )


SCOPES = ("portfolio", "desk", "account", "asset")
HORIZONS = {"h": 3_600, "d": 86_400}
"""Unit of a horizon → seconds."""


class StressReply(Reply, frozen=True, kw_only=True):
    """Scenarios, the worst that each coin could do, and deaths that cause deaths; ``cascade_basis`` is of these alone.

    ``n_rows``: scenarios of the scope, shown or not.
    """

    n_rows: int | None = None
    rows: tuple[StressRow, ...]
    worst: tuple[WorstRow, ...]
    cascades: tuple[CascadeRow, ...]
    basis: PartBasis
    cascade_basis: PartBasis = PartBasis()
    not_included: tuple[NotIncluded, ...]


class VarReply(Reply, frozen=True, kw_only=True):
    """One value at risk taken apart, all of them for everything, and whether to believe them.

    ``rows`` are the parts asked for, of the method, confidence and horizon asked for; ``whole`` are the figures of
    everything by all of them. ``n_rows``: parts, shown or not.
    """

    n_rows: int | None = None
    rows: tuple[VarRow, ...]
    whole: tuple[VarRow, ...]
    backtests: tuple[BacktestRow, ...]
    correlations: CorrelationRow | None
    basis: PartBasis
    not_included: tuple[NotIncluded, ...]


class AdviceReply(Reply, frozen=True, kw_only=True):
    """Transfers and hedges that would help; null where they could not be reckoned, as ``basis`` says.

    ``not_shown`` has for each list that was cut how many of its rows are missing.
    """

    transfers: TransferAdvice | None
    hedges: HedgeAdvice | None
    not_shown: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    basis: PartBasis
    not_included: tuple[NotIncluded, ...]


def _scope(by: str | None, default: str) -> str:
    if by is None:
        return default
    if by not in SCOPES:
        raise ConfigError(f"by {by!r} is unknown; there is: {', '.join(SCOPES)}")
    return by


def stress_reply(
    frame: Frame, *, by: str | None = None, scenario: str | None = None, account: str | None = None
) -> StressReply:
    """Return the scenarios of a frame.

    Parameters
    ----------
    frame : Frame
        Whose latest results.
    by : str or None
        portfolio, desk, account or asset.
    scenario, account : str or None
        Only this one.

    Raises
    ------
    ConfigError
        If there is no such scope, scenario or account.
    """
    scope = _scope(by, "portfolio" if account is None else "account")
    require_known(frame, account=account)
    figures = frame.heavy.stress.held_at(frame.at_ns).value
    if scenario is not None and figures is not None:
        names = [one.name for one in figures.result.scenarios]
        if scenario not in names:
            raise ConfigError(f"there is no scenario {scenario!r}; there are: {', '.join(names)}")
    rows = stress_rows(frame, scope, scenario)
    return StressReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        rows=tuple(select(rows, name=account)),
        worst=tuple(select(worst_rows(frame), account_id=account)),
        cascades=tuple(cascade_rows(frame)),
        basis=stress_basis(frame),
        cascade_basis=cascade_basis(frame),
        not_included=tuple(not_included(frame)),
    )


def horizon_seconds(text: str | None, default_s: int) -> int:
    """Return the seconds of a horizon such as ``1h``, ``1d`` or ``10d``.

    Raises
    ------
    ConfigError
        If it is none.
    """
    if text is None:
        return default_s
    count, unit = text[:-1], text[-1:]
    if unit not in HORIZONS or not count.isdigit() or not 0 < int(count) <= 366:
        raise ConfigError(f"horizon {text!r} is none; write 1h, 1d or 10d")
    return int(count) * HORIZONS[unit]


def var_reply(
    frame: Frame,
    *,
    by: str | None = None,
    method: str | None = None,
    confidence: float | None = None,
    horizon: str | None = None,
    name: str | None = None,
) -> VarReply:
    """Return value at risk of a frame.

    Parameters
    ----------
    frame : Frame
        Whose latest results.
    by : str or None
        portfolio, desk, account or asset (if left out).
    method, confidence, horizon : optional
        Of the rows; by default what is shown first.
    name : str or None
        Only this desk, account or asset.

    Raises
    ------
    ConfigError
        If there is no such scope or horizon, or they were not reckoned.
    """
    scope = _scope(by, "asset")
    figures = frame.heavy.value_at_risk.held_at(frame.at_ns).value
    measures = None if figures is None else _measures(figures, method, confidence, horizon)
    rows = () if figures is None or measures is None else part_rows(figures, measures, scope)
    return VarReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        rows=tuple(select(rows, name=name)),
        whole=() if figures is None else tuple(whole_rows(figures)),
        backtests=() if figures is None else tuple(backtest_rows(figures)),
        correlations=None if figures is None else correlation_row(figures),
        basis=var_basis(frame, measures),
        not_included=tuple(not_included(frame)),
    )


def _measures(
    figures: VarFigures, method: str | None, confidence: float | None, horizon: str | None
) -> VarMeasures | None:
    if not figures.measures:
        return None
    own = figures.settings
    asked = (method or own.method, confidence or own.confidence, horizon_seconds(horizon, own.horizon_s))
    if (found := figures.find(*asked)) is not None:
        return found
    there = sorted({(one.horizon_s // 3_600, one.confidence) for one in figures.measures})
    known = ", ".join(f"{confidence:g} over {hours} h" for hours, confidence in there)
    methods = ", ".join(dict.fromkeys(one.method for one in figures.measures))
    raise ConfigError(
        f"value at risk by {asked[0]} at {asked[1]:g} over {asked[2] // 3_600} h was not reckoned;"
        f" there is: {methods}; {known}; a reading of accounts or a book file reckons others"
    )


def advice_reply(frame: Frame, limit: int | None = None) -> AdviceReply:
    """Return the advice of a frame; of each list at most ``limit`` rows, those that weigh most."""
    held = frame.heavy.advice.held_at(frame.at_ns)
    most = Most(limit)
    return AdviceReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        transfers=None if held.value is None else most_transfers(held.value.transfers, most),
        hedges=None if held.value is None else most_hedges(held.value.hedges, most),
        not_shown=most.not_shown,
        basis=PartBasis(age_s=held.age_s, reason=held.reason),
        not_included=tuple(not_included(frame)),
    )


class LevelsReply(Reply, frozen=True, kw_only=True):
    """Levels of accounts, desks and everything with margin sums; null where they could not be reckoned.

    ``n_rows``: accounts that have a level, shown or not; None where there are no levels.
    """

    n_rows: int | None = None
    levels: Levels | None
    basis: PartBasis
    not_included: tuple[NotIncluded, ...]


class CalendarsReply(Reply, frozen=True, kw_only=True):
    """Funding due within 24 h and paid so far, the deleveraging queue, expiries; null where they could not be reckoned.

    Of each list the rows that weigh most are shown, in its order; ``not_shown`` has for each list that is longer how many
    of its rows are missing. Sums are of all.
    """

    funding: FundingCalendar | None
    past_funding: tuple[AccountPastFunding, ...]
    deleveraging: tuple[AdlRow, ...]
    expiries: ExpiryCalendar | None
    not_shown: dict[str, int]
    basis: PartBasis
    not_included: tuple[NotIncluded, ...]


def levels_reply(frame: Frame, page: Page = ALL) -> LevelsReply:
    """Return the levels of a frame; of accounts a page, the riskiest first, if not all are asked for."""
    held = frame.heavy.levels.held_at(frame.at_ns)
    levels = None if held.value is None else held.value.levels
    n_rows = None if levels is None else len(levels.accounts)
    if levels is not None and not page.is_all:
        levels = msgspec.structs.replace(
            levels, accounts=tuple(page.of(sorted(levels.accounts, key=_safety)))
        )
    return LevelsReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        n_rows=n_rows,
        levels=levels,
        basis=PartBasis(age_s=held.age_s, reason=held.reason),
        not_included=tuple(not_included(frame)),
    )


def _safety(one: RiskLevel) -> int:
    """Return the place of an account: those without a score, unknown before empty, come after the safest."""
    if one.score is None:
        return 0 if one.reasons["score"].startswith("missing") else 1
    return -one.score


def calendars_reply(frame: Frame, n_rows: int = CALENDAR_ROWS) -> CalendarsReply:
    """Return what comes when, of a frame, with at most so many rows in each list."""
    held = frame.heavy.calendars.held_at(frame.at_ns)
    of, most = held.value, Most(n_rows)
    return CalendarsReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        funding=None if of is None else _of_funding(of.funding, most),
        past_funding=() if of is None else most("past_funding", of.past_funding, _paid),
        deleveraging=() if of is None else most("deleveraging", of.deleveraging, _in_danger),
        expiries=None
        if of is None
        else msgspec.structs.replace(
            of.expiries, positions=most("expiries.positions", of.expiries.positions, _soon)
        ),
        not_shown=most.not_shown,
        basis=PartBasis(age_s=held.age_s, reason=held.reason),
        not_included=tuple(not_included(frame)),
    )


def _of_funding(of: FundingCalendar, most: Most) -> FundingCalendar:
    return msgspec.structs.replace(
        of,
        accounts=most("funding.accounts", of.accounts, _due),
        positions=most("funding.positions", of.positions, _due),
        left_out=most("funding.left_out", of.left_out, lambda _: (0.0,)),
    )


def _due(row: FundingRow) -> tuple[float, ...]:
    return (abs(row.horizon_usd or 0.0),)


def _paid(row: AccountPastFunding) -> tuple[float, ...]:
    return (abs((row.total and row.total.net_usd) or 0.0),)


def _in_danger(row: AdlRow) -> tuple[float, ...]:
    return (row.rank or 0, row.notional_usd or 0.0)


def _soon(row: ExpiryRow) -> tuple[float, ...]:
    return (-row.expiry_ns,)
