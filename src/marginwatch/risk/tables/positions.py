"""One row for each open position, the largest first."""

from collections.abc import Collection, Iterable, Iterator

import numpy as np

from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.contracts import GREEKS
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.table_rows import PositionRow
from marginwatch.risk.tables.leg_distances import LegDistanceTable, venue_distance
from marginwatch.risk.tables.nulls import Nulls

NO_GREEKS = "the venue states none with a price young enough"
"""Why an option's greek is missing."""


def position_rows(frame: Frame, account_id: AccountId | None = None) -> list[PositionRow]:
    """Return open positions, of one account or of all, largest USD delta first, those without a price before."""
    if account_id is None:
        return list(chosen_positions(frame))
    specs = frame.book.specs
    mine = [row for row, one in enumerate(specs) if one is not None and one.account_id == account_id]
    return list(chosen_positions(frame, accounts=mine, legs=LegDistanceTable(frame, account_id)))


def chosen_positions(
    frame: Frame,
    *,
    accounts: Collection[int] | None = None,
    contracts: Collection[int] | None = None,
    legs: LegDistanceTable | None = None,
) -> Iterator[PositionRow]:
    """Yield open positions in the order of :func:`position_rows`, each made when it is asked for.

    Parameters
    ----------
    frame : Frame
        It must stay as it is until the last one is taken.
    accounts, contracts : collection of int, optional
        Only these rows of the book; all by default.
    legs : LegDistanceTable, optional
        Distances of at least these positions.
    """
    yield from positions_at(frame, position_order(frame, accounts=accounts, contracts=contracts), legs)


def position_order(
    frame: Frame, *, accounts: Collection[int] | None = None, contracts: Collection[int] | None = None
) -> list[int]:
    """Return the rows of the book that :func:`chosen_positions` are of, in its order."""
    book, delta = frame.book, frame.rows.exposure_usd
    is_wanted = book.quantity != 0.0
    is_wanted &= np.array([spec is not None for spec in book.specs], np.bool_).take(book.account)
    for column, chosen in ((book.account, accounts), (book.instrument, contracts)):
        if chosen is not None:
            is_wanted &= np.isin(column, list(chosen))
    rows = np.flatnonzero(is_wanted)
    sizes = np.abs(delta[rows])
    order: list[int] = rows[np.lexsort((-np.nan_to_num(sizes), ~np.isnan(sizes)))].tolist()
    return order


def positions_at(
    frame: Frame, order: Iterable[int], legs: LegDistanceTable | None = None
) -> Iterator[PositionRow]:
    """Yield the positions of these rows of the book, each made when it is asked for."""
    legs = legs or LegDistanceTable(frame)
    for row in order:
        yield _position_row(frame, row, legs)


def _position_row(frame: Frame, row: int, legs: LegDistanceTable) -> PositionRow:
    book = frame.book
    position, code = book.positions[row], int(book.instrument[row])
    account = int(book.account[row])
    spec = book.specs[account]
    if position is None or spec is None:
        raise AssertionError(f"row {row} of the frozen book is open and has no position or account")
    instrument = book.instruments[code] or position.instrument
    nulls = Nulls()
    mark = nulls.number("mark_price", frame.values.mark_price[code], "no price young enough")
    key = (spec.account_id, instrument.instrument_id, bool(book.quantity[row] > 0.0))
    state = book.states[account]
    delta, gamma, vega, theta = _greeks(frame, row, nulls)
    own = legs.fields(None if state is None else state.margin_mode, key, nulls)
    return PositionRow(
        account_id=spec.account_id,
        venue=spec.venue,
        instrument_id=instrument.instrument_id,
        venue_symbol=instrument.venue_symbol,
        instrument_kind=instrument.instrument_kind,
        is_inverse=instrument.is_inverse,
        underlying_asset=instrument.underlying_asset,
        settle_asset=instrument.settle_asset,
        position_side=position.position_side,
        quantity=position.quantity,
        entry_price=position.entry_price,
        liquidation_price=position.liquidation_price,
        initial_margin=position.initial_margin,
        maintenance_margin=position.maintenance_margin,
        leverage_setting=position.leverage_setting,
        margin_mode=position.margin_mode,
        status=position.status,
        is_included=bool(frame.inclusion[account] == Inclusion.INCLUDED),
        is_stale_price=bool(frame.values.is_stale[code]),
        is_inferred=instrument.is_inferred,
        mark_price=mark,
        notional_usd=nulls.number("notional_usd", frame.rows.notional_usd[row], "price"),
        exposure_usd=nulls.number("exposure_usd", frame.rows.exposure_usd[row], "price or option delta"),
        unrealized_pnl=nulls.number("unrealized_pnl", frame.rows.pnl_coin[row], "price or entry price"),
        unrealized_pnl_usd=nulls.number(
            "unrealized_pnl_usd", frame.rows.pnl_usd[row], "price or entry price"
        ),
        **own,
        venue_liquidation_distance=venue_distance(frame, account, mark, position.liquidation_price, nulls),
        ts_venue_ns=position.ts_venue_ns,
        desk=spec.desk,
        delta=delta,
        gamma=gamma,
        vega=vega,
        theta=theta,
        reasons=nulls.reasons,
    )


def _greeks(frame: Frame, row: int, nulls: Nulls) -> tuple[float | None, ...]:
    """Return the ``GREEKS`` of a position."""
    code, of_contracts = int(frame.book.instrument[row]), frame.values.greeks
    if of_contracts is None or np.isneginf(of_contracts[0, code]):
        return tuple(nulls.number(name, np.nan, "", Answer.NOT_APPLICABLE) for name in GREEKS)
    of_row: list[float] = (of_contracts[:, code] * frame.book.quantity[row]).tolist()
    return tuple(nulls.number(name, value, NO_GREEKS) for name, value in zip(GREEKS, of_row, strict=True))
