"""Position rows, from REST pages and from pushes. This is the hottest code of the venue."""

from typing import Final

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.instrument import Instrument
from marginwatch.model.position import Greeks, MarginMode, Position, PositionSide
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page
from marginwatch.venues.bybit.parse.text import (
    INT64_MAX,
    NO_PRICE,
    NONE_OR_ZERO,
    TS_MS_MAX,
    count_or_none,
    number_or_none,
    prove_numbers,
    sequence_or_none,
    time_ns_or_none,
)
from marginwatch.venues.bybit.schemas.position import WirePosition

ENDPOINT = "/v5/position/list"

_LEGS: Final[dict[int | str, PositionSide]] = {
    0: "net",
    1: "long",
    2: "short",
    "0": "net",
    "1": "long",
    "2": "short",
}
"""``positionIdx`` (docs: v5/enum): one-way, hedge-mode buy leg, hedge-mode sell leg."""

_SIGNS: Final[dict[tuple[str | None, PositionSide], str]] = {
    ("Buy", "net"): "",
    ("Buy", "long"): "",
    ("Sell", "net"): "-",
    ("Sell", "short"): "-",
}
"""Sign by side and leg; a pair that is not here contradicts itself, and a wrong sign would be a lie."""

_STATUSES: Final[dict[str | None, str]] = {
    "Normal": "normal",
    "Liq": "liquidating",
    "Adl": "adl",
    "": "normal",
    None: "normal",
}

_MODES: Final[dict[int | str | None, MarginMode]] = {1: "isolated", "1": "isolated"}
"""``tradeMode`` (deprecated): 1 is isolated; 0 says nothing in a unified account, whose mode is the account's."""

_RANKS: Final = frozenset({None, 0, 1, 2, 3, 4, 5})

_SWITCHES: Final[dict[int | str | None, bool | None]] = {None: None, "": None, 0: False, "0": False}
"""``autoAddMargin``; any other value is on."""

_AMOUNT_FIELDS = (
    ("size", "size"),
    ("avgPrice", "avg_price"),
    ("entryPrice", "entry_price"),
    ("markPrice", "mark_price"),
    ("liqPrice", "liq_price"),
    ("leverage", "leverage"),
    ("positionIM", "position_im"),
    ("positionMM", "position_mm"),
    ("unrealisedPnl", "unrealised_pnl"),
    ("curRealisedPnl", "cur_realised_pnl"),
    ("sessionAvgPrice", "session_avg_price"),
    ("riskLimitValue", "risk_limit_value"),
    ("takeProfit", "take_profit"),
    ("stopLoss", "stop_loss"),
    ("trailingStop", "trailing_stop"),
    ("delta", "delta"),
    ("gamma", "gamma"),
    ("vega", "vega"),
    ("theta", "theta"),
)

_rows = msgspec.json.Decoder(WirePosition)


def parse_positions(result: msgspec.Raw, category: str | None, catalog: InstrumentCatalog) -> Page[Position]:
    """Return one page of ``/v5/position/list``.

    Parameters
    ----------
    result : msgspec.Raw
        ``result`` of the reply.
    category : str or None
        As asked for; None takes it from the rows, the result, or the symbols.
    catalog : InstrumentCatalog
        Contracts.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page, named by its symbol.
    """
    page = open_page(result, ENDPOINT)
    said = category or page.category
    return read_page(page, _rows, lambda row: position_of(row, said, catalog), ENDPOINT)


def position_of(row: WirePosition, category: str | None, catalog: InstrumentCatalog) -> Position:
    """Return one row as a position.

    Parameters
    ----------
    row : WirePosition
        Decoded row.
    category : str or None
        Used where the row itself does not say (REST rows do not).
    catalog : InstrumentCatalog
        Contracts.

    Raises
    ------
    ProtocolError
        Naming symbol and field, if a number is none, or side, size and ``positionIdx`` contradict each other.
    """
    instrument = catalog.resolve(row.category or category, row.symbol)
    try:
        return _build(row, instrument)
    except (ValueError, KeyError, ProtocolError) as error:
        raise _explained(row, error) from None


def _build(row: WirePosition, instrument: Instrument) -> Position:
    # One pass over the row; what is wrong is found out afterwards, by _explained, so that good rows pay nothing.
    size = row.size
    leg = _LEGS[row.position_idx]
    entry = row.avg_price or row.entry_price
    rank = row.adl_rank_indicator
    liquidation, limit = row.liq_price, row.risk_limit_value
    take_profit, stop_loss, trailing_stop = row.take_profit, row.stop_loss, row.trailing_stop
    session_average = row.session_avg_price
    mark, leverage, initial, maintenance = row.mark_price, row.leverage, row.position_im, row.position_mm
    unrealized, realized = row.unrealised_pnl, row.cur_realised_pnl
    if not size:
        raise ValueError("size")
    prices = (entry, liquidation, take_profit, stop_loss, trailing_stop, session_average, mark, leverage)
    magnitude = prove_numbers((size, limit, *prices, initial, maintenance, unrealized, realized))[0]
    if magnitude > 0.0:
        quantity = _SIGNS[row.side, leg] + size
        entry = None if entry in NONE_OR_ZERO else entry
        liquidation = None if liquidation in NO_PRICE else liquidation
    else:
        if magnitude < 0.0:
            raise ValueError("size is negative")
        quantity, entry, liquidation = "0", None, None
        rank = None if rank in (0, "0") else rank
    limit = None if limit in NONE_OR_ZERO or row.risk_id in (0, "0") else limit
    take_profit = None if take_profit in NONE_OR_ZERO else take_profit
    stop_loss = None if stop_loss in NONE_OR_ZERO else stop_loss
    trailing_stop = None if trailing_stop in NONE_OR_ZERO else trailing_stop
    session_average = None if session_average in NONE_OR_ZERO else session_average
    updated = row.updated_time or 0
    if isinstance(updated, str):
        updated = int(updated) if updated.isdigit() and updated.isascii() else -1
    if not 0 <= updated <= TS_MS_MAX:
        raise ValueError("updatedTime")
    sequence = row.seq
    if type(sequence) is not int or not 0 <= sequence <= INT64_MAX:
        sequence = sequence_or_none(sequence)
    change = row.mmr_sys_updated_time or row.mmr_sys_update_time
    # By position, in the order of the fields: naming them costs 0.7 µs, a sixth of all the work on a message.
    return Position(
        instrument,
        leg,  # position_side
        quantity,
        entry,  # entry_price
        mark or None,  # mark_price
        unrealized or None,  # unrealized_pnl
        initial or None,  # initial_margin
        maintenance or None,  # maintenance_margin
        liquidation,  # liquidation_price
        leverage or None,  # leverage_setting
        _MODES.get(row.trade_mode),  # margin_mode
        _STATUSES.get(row.position_status) or str(row.position_status).lower(),  # status
        row.is_reduce_only,
        rank if rank in _RANKS else count_or_none(rank, "adlRankIndicator"),
        _SWITCHES.get(row.auto_add_margin, True),  # auto_add_margin
        limit,  # risk_limit
        take_profit,
        stop_loss,
        trailing_stop,
        realized or None,  # realized_pnl
        session_average,  # session_average_price
        _greeks(row) if instrument.category == "option" else None,  # greeks
        time_ns_or_none(change, "mmrSysUpdatedTime") if change else None,  # margin_change_at_ns
        time_ns_or_none(row.open_time, "openTime") if row.open_time else None,  # opened_at_ns
        sequence,
        updated * 1_000_000 or None,  # ts_venue_ns
    )


def _greeks(row: WirePosition) -> Greeks | None:
    if not (row.delta or row.gamma or row.vega or row.theta):
        return None
    prove_numbers((row.delta, row.gamma, row.vega, row.theta))
    return Greeks(
        delta=row.delta or None, gamma=row.gamma or None, vega=row.vega or None, theta=row.theta or None
    )


def _explained(row: WirePosition, error: Exception) -> ProtocolError:
    """Return the error that names the field, by going through them one at a time."""
    symbol = row.symbol[:40]
    if row.position_idx not in _LEGS:
        return ProtocolError(f"{symbol}: positionIdx {str(row.position_idx)[:40]!r} is not 0, 1 or 2")
    if not row.size:
        return ProtocolError(f"{symbol}: size is empty")
    try:
        for field, name in _AMOUNT_FIELDS:
            number_or_none(getattr(row, name), field)
        count_or_none(row.adl_rank_indicator, "adlRankIndicator")
        sequence_or_none(row.seq)
        time_ns_or_none(row.updated_time, "updatedTime")
        time_ns_or_none(row.open_time, "openTime")
        time_ns_or_none(row.mmr_sys_updated_time or row.mmr_sys_update_time, "mmrSysUpdatedTime")
    except ProtocolError as found:
        return ProtocolError(f"{symbol}: {found.message}")
    if float(row.size) < 0.0:
        return ProtocolError(f"{symbol}: size {row.size[:40]} is negative; its sign belongs in side")
    if (row.side, _LEGS[row.position_idx]) not in _SIGNS:
        return ProtocolError(
            f"{symbol}: side {str(row.side)[:40]!r} with size {row.size[:40]} and positionIdx {row.position_idx}"
            " does not tell long from short"
        )
    return ProtocolError(f"{symbol}: the row cannot be read ({type(error).__name__})")
