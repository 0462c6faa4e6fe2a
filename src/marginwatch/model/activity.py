"""What happened in an account: fills, orders, ledger lines."""

from typing import Literal

import msgspec

from marginwatch.model.ids import Asset, DecimalText
from marginwatch.model.instrument import Instrument

FillKind = Literal["trade", "liquidation", "adl", "funding", "delivery", "other"]


class Fill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution. Amounts are exact texts.

    Parameters
    ----------
    fill_id, order_id : str or None
        The venue's own; a fill is told apart by ``fill_id``.
    instrument : Instrument
        The contract.
    side : {'buy', 'sell'} or None
        Of the execution.
    quantity, price : str or None
        Contracts, unsigned; quote currency.
    fee : str or None
        Settlement currency, as the venue signs it (Bybit: positive is paid, for funding too).
    kind : {'trade', 'liquidation', 'adl', 'funding', 'delivery', 'other'}
        What caused it.
    sequence : int or None
        The venue's order within the contract.
    ts_venue_ns : int or None
        UTC nanoseconds.
    """

    fill_id: str | None
    instrument: Instrument
    side: Literal["buy", "sell"] | None
    quantity: DecimalText | None
    price: DecimalText | None
    fee: DecimalText | None
    kind: FillKind
    order_id: str | None = None
    sequence: int | None = None
    ts_venue_ns: int | None = None


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One order, for the margin it ties up and for how it ended; nothing here can change it.

    Parameters
    ----------
    order_id : str
        The venue's own.
    instrument, side, quantity, remaining_quantity, price
        Contract; buy or sell; contracts, unsigned; quote currency.
    is_open : bool
        Still ties up margin.
    status, cancel_kind : str or None
        The venue's words; ``cancel_kind`` is ``liquidation`` or ``adl`` where the venue cancelled it for that.
    is_reduce_only : bool or None
        Cannot add risk.
    ts_venue_ns : int or None
        Last change, UTC nanoseconds.
    created_at_ns : int or None
        When it was placed, UTC nanoseconds.
    is_conditional : bool
        Waits for a trigger and ties up nothing until then.
    """

    order_id: str
    instrument: Instrument
    side: Literal["buy", "sell"] | None
    quantity: DecimalText | None
    remaining_quantity: DecimalText | None
    price: DecimalText | None
    is_open: bool
    status: str | None = None
    cancel_kind: Literal["liquidation", "adl"] | str | None = None
    is_reduce_only: bool | None = None
    ts_venue_ns: int | None = None
    created_at_ns: int | None = None
    is_conditional: bool = False


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the venue's account ledger; signed so that what the account receives is positive.

    Parameters
    ----------
    entry_id : str
        The venue's own; not unique on its own at Bybit.
    asset, venue_symbol, kind
        Coin; contract if any; the venue's type in lower case (``settlement``, ``transfer_in``, …).
    change : str or None
        Change of the cash balance, signed.
    funding_payment, fee : str or None
        Funding received > 0; fee as the venue signs it.
    cash_balance : str or None
        After the change.
    ts_venue_ns : int or None
        UTC nanoseconds.
    """

    entry_id: str
    asset: Asset
    kind: str
    venue_symbol: str | None = None
    change: DecimalText | None = None
    cash_flow: DecimalText | None = None
    funding_payment: DecimalText | None = None
    fee: DecimalText | None = None
    cash_balance: DecimalText | None = None
    trade_id: str | None = None
    ts_venue_ns: int | None = None
