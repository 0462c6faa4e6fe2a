"""A position as the venue last described it, with its exact decimal strings."""

from typing import Literal

import msgspec

from marginwatch.model.ids import DecimalText, InstrumentId
from marginwatch.model.instrument import Instrument

PositionSide = Literal["net", "long", "short"]
MarginMode = Literal["cross", "isolated", "portfolio", "unknown"]
"""``unknown``: the venue names one that we do not know. None, where it is used, means that nothing was said."""


class Greeks(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Option sensitivities as the venue states them; the unit is the venue's and stays with its numbers."""

    delta: DecimalText | None = None
    gamma: DecimalText | None = None
    vega: DecimalText | None = None
    theta: DecimalText | None = None


class Position(msgspec.Struct, frozen=True, gc=False):
    """One row of an account: a contract and, in hedge mode, one of its two legs.

    Every number is the venue's own text, or None where the venue sent none (``""``, ``"0"`` where that means
    none, sentinels). A flat row has quantity ``"0"``. Parsers fill the fields by position: add new ones at the end.

    Parameters
    ----------
    instrument : Instrument
        The contract; inferred from the symbol if it is not known yet.
    position_side : {'net', 'long', 'short'}
        ``net`` in one-way mode; the leg in hedge mode.
    quantity : str
        Contracts, signed: long positive, short negative.
    entry_price, mark_price, liquidation_price, session_average_price : str or None
        Quote currency. The mark is the venue's at the moment of the message.
    unrealized_pnl, realized_pnl, initial_margin, maintenance_margin : str or None
        Settlement currency; profit is positive.
    leverage_setting : str or None
        What is configured at the venue, ×.
    margin_mode : {'cross', 'isolated', 'portfolio'} or None
        None where the venue decides it per account and does not repeat it in the row.
    status : str
        ``normal``, ``liquidating``, ``adl``, or the venue's own unknown word in lower case.
    is_reduce_only, auto_add_margin : bool or None
        The system allows reduction only; isolated margin is topped up by itself.
    adl_rank : int or None
        Place in the auto-deleveraging queue as the venue counts it.
    risk_limit, take_profit, stop_loss, trailing_stop : str or None
        As set at the venue.
    greeks : Greeks or None
        Options only.
    margin_change_at_ns : int or None
        When an announced change of margin requirements takes effect, UTC nanoseconds.
    opened_at_ns : int or None
        When this position (not the first one ever) was opened, UTC nanoseconds.
    sequence : int or None
        The venue's order of changes within one contract.
    ts_venue_ns : int or None
        When the venue last changed the row, UTC nanoseconds.
    """

    instrument: Instrument
    position_side: PositionSide
    quantity: DecimalText
    entry_price: DecimalText | None = None
    mark_price: DecimalText | None = None
    unrealized_pnl: DecimalText | None = None
    initial_margin: DecimalText | None = None
    maintenance_margin: DecimalText | None = None
    liquidation_price: DecimalText | None = None
    leverage_setting: DecimalText | None = None
    margin_mode: MarginMode | None = None
    status: str = "normal"
    is_reduce_only: bool | None = None
    adl_rank: int | None = None
    auto_add_margin: bool | None = None
    risk_limit: DecimalText | None = None
    take_profit: DecimalText | None = None
    stop_loss: DecimalText | None = None
    trailing_stop: DecimalText | None = None
    realized_pnl: DecimalText | None = None
    session_average_price: DecimalText | None = None
    greeks: Greeks | None = None
    margin_change_at_ns: int | None = None
    opened_at_ns: int | None = None
    sequence: int | None = None
    ts_venue_ns: int | None = None

    @property
    def key(self) -> tuple[InstrumentId, PositionSide]:
        """The identity of the row within its account."""
        return (self.instrument.instrument_id, self.position_side)
