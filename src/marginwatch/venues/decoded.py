"""The public shape of a decoded payload: nouns of the model as plain objects, the same for every venue.

The keys are a contract with programs that read ``marginwatch decode``: they are added to, never renamed. Numbers are
the venue's own decimal texts, ``null`` where it sent none; times are whole UTC nanoseconds.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from marginwatch.errors import MarginwatchError
from marginwatch.model.activity import Fill, LedgerEntry
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.failure import Failure
from marginwatch.model.instrument import Instrument, MarginTier
from marginwatch.model.position import Position
from marginwatch.model.price import Mark

View = dict[str, Any]
"""One plain object; its values are texts, whole numbers, booleans, None, and objects of these."""


class Decoded(msgspec.Struct, kw_only=True):
    """All that one payload held, in nouns of the model.

    Parameters
    ----------
    positions, balances, marks, instruments, tiers, fills, ledger : list
        In the venue's order; empty where the payload holds none.
    account : AccountState or None
        Totals or settings of an account.
    other : list of dict
        What the model has no place for, each with the ``kind`` it came in.
    error : MarginwatchError or None
        If the payload is a refusal.
    failures : list of Failure
        Rows that could not be read.
    """

    positions: list[Position] = []
    balances: list[Balance] = []
    account: AccountState | None = None
    marks: list[Mark] = []
    instruments: list[Instrument] = []
    tiers: list[MarginTier] = []
    fills: list[Fill] = []
    ledger: list[LedgerEntry] = []
    other: list[View] = []
    error: MarginwatchError | None = None
    failures: list[Failure] = []


_POSITION_TEXTS = (
    "entry_price",
    "mark_price",
    "unrealized_pnl",
    "settle_asset",
    "initial_margin",
    "maintenance_margin",
    "liquidation_price",
    "leverage_setting",
    "margin_mode",
    "status",
    "is_reduce_only",
    "adl_rank",
    "auto_add_margin",
    "risk_limit",
    "take_profit",
    "stop_loss",
    "trailing_stop",
    "realized_pnl",
    "session_average_price",
    "greeks",
    "margin_change_at_ns",
    "sequence",
    "ts_venue_ns",
)
_BALANCE_KEYS = (
    "asset",
    "wallet_balance",
    "equity",
    "usd_value",
    "borrowed",
    "initial_margin",
    "maintenance_margin",
)
_ACCOUNT_KEYS = (
    "wallet_balance",
    "equity",
    "adjusted_equity",
    "available_balance",
    "initial_margin",
    "maintenance_margin",
    "maintenance_margin_usage",
    "margin_mode",
    "as_of_ns",
)
_MARK_KEYS = (
    "mark_price",
    "index_price",
    "last_price",
    "bid_price",
    "ask_price",
    "funding_rate",
    "next_funding_at_ns",
    "open_interest",
    "is_snapshot",
    "ts_venue_ns",
)
_INSTRUMENT_KEYS = (
    "venue_symbol",
    "instrument_kind",
    "is_inverse",
    "base_asset",
    "quote_asset",
    "settle_asset",
    "multiplier",
    "expiry_ns",
    "strike_price",
    "option_kind",
    "status",
)
_TIER_KEYS = (
    "venue_symbol",
    "tier",
    "limit",
    "initial_margin_rate",
    "maintenance_margin_rate",
    "maintenance_deduction",
    "max_leverage",
)
_LEDGER_KEYS = LedgerEntry.__struct_fields__


def view_of(decoded: Decoded) -> View:
    """Return the object that ``marginwatch decode`` prints."""
    return {
        "positions": [_position_view(position) for position in decoded.positions],
        "balances": [_picked(balance, _BALANCE_KEYS) for balance in decoded.balances],
        "account": None if decoded.account is None else _picked(decoded.account, _ACCOUNT_KEYS),
        "marks": [
            {"venue_symbol": mark.instrument.venue_symbol, **_picked(mark, _MARK_KEYS)}
            for mark in decoded.marks
        ],
        "instruments": [_picked(instrument, _INSTRUMENT_KEYS) for instrument in decoded.instruments],
        "tiers": [_picked(tier, _TIER_KEYS) for tier in decoded.tiers],
        "fills": [_fill_view(fill) for fill in decoded.fills],
        "ledger": [_picked(entry, _LEDGER_KEYS) for entry in decoded.ledger],
        "other": decoded.other,
        "error": None if decoded.error is None else _error_view(decoded.error),
        "failures": [msgspec.structs.asdict(failure) for failure in decoded.failures],
    }


def other_view(kind: str, noun: msgspec.Struct, **more: object) -> View:
    """Return a noun without a place of its own; ``kind`` says in which payload it came, whatever else it holds."""
    fields = {name: _plain(value) for name, value in msgspec.structs.asdict(noun).items()}
    return {**fields, **more, "kind": kind}


def _position_view(position: Position) -> View:
    instrument = position.instrument
    view: View = {
        "venue": str(instrument.venue),
        "venue_symbol": instrument.venue_symbol,
        "instrument_kind": instrument.instrument_kind.value,
        "is_inverse": instrument.is_inverse,
        "position_side": position.position_side,
        "quantity": position.quantity,
    }
    for name in _POSITION_TEXTS:
        owner = instrument if name == "settle_asset" else position
        view[name] = _plain(getattr(owner, name))
    return view


def _fill_view(fill: Fill) -> View:
    return {
        "venue_symbol": fill.instrument.venue_symbol,
        **_picked(fill, ("side", "quantity", "price", "fee", "kind", "ts_venue_ns")),
    }


def _error_view(error: MarginwatchError) -> View:
    return {
        "class": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "retryable": error.retryable,
        "retry_after_s": error.retry_after_s,
    }


def _picked(noun: msgspec.Struct, names: Iterable[str]) -> View:
    return {name: _plain(getattr(noun, name)) for name in names}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: nouns as objects, enumerations as their text, an unknown asset as null."""
    if value == "":
        return None
    if isinstance(value, Instrument):
        return value.venue_symbol
    return msgspec.to_builtins(value)
