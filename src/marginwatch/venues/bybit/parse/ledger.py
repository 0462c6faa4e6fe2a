"""Ledger lines and closed profits."""

import msgspec

from marginwatch.model.activity import LedgerEntry
from marginwatch.model.venue_facts import ClosedPnl
from marginwatch.venues.bybit.parse.fills import side_of
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page
from marginwatch.venues.bybit.parse.text import number_or_none, time_ns_or_none
from marginwatch.venues.bybit.schemas.activity import WireClosedPnl, WireLedgerEntry

LEDGER_ENDPOINT = "/v5/account/transaction-log"
CLOSED_PNL_ENDPOINT = "/v5/position/closed-pnl"

_entries = msgspec.json.Decoder(WireLedgerEntry)
_closed = msgspec.json.Decoder(WireClosedPnl)


def parse_ledger(result: msgspec.Raw) -> Page[LedgerEntry]:
    """Return one page of ``/v5/account/transaction-log``, newest first as the venue sends it.

    Funding received is positive, a fee paid is positive: ``change = cash_flow + funding_payment − fee``.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    return read_page(open_page(result, LEDGER_ENDPOINT), _entries, _entry_of, LEDGER_ENDPOINT)


def parse_closed_pnl(result: msgspec.Raw) -> Page[ClosedPnl]:
    """Return one page of ``/v5/position/closed-pnl``.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    return read_page(open_page(result, CLOSED_PNL_ENDPOINT), _closed, _closed_of, CLOSED_PNL_ENDPOINT)


def _entry_of(row: WireLedgerEntry) -> LedgerEntry:
    return LedgerEntry(
        entry_id=row.id,
        asset=row.currency,
        kind=row.type.lower(),
        venue_symbol=row.symbol or None,
        change=number_or_none(row.change, "change"),
        cash_flow=number_or_none(row.cash_flow, "cashFlow"),
        funding_payment=number_or_none(row.funding, "funding"),
        fee=number_or_none(row.fee, "fee"),
        cash_balance=number_or_none(row.cash_balance, "cashBalance"),
        trade_id=row.trade_id or None,
        ts_venue_ns=time_ns_or_none(row.transaction_time, "transactionTime"),
    )


def _closed_of(row: WireClosedPnl) -> ClosedPnl:
    return ClosedPnl(
        venue_symbol=row.symbol,
        closing_side=side_of(row.side, row.symbol),
        quantity=number_or_none(row.closed_size or row.qty, "closedSize"),
        entry_price=number_or_none(row.avg_entry_price, "avgEntryPrice"),
        exit_price=number_or_none(row.avg_exit_price, "avgExitPrice"),
        realized_pnl=number_or_none(row.closed_pnl, "closedPnl"),
        order_id=row.order_id or None,
        closed_by=row.exec_type.lower() if row.exec_type else None,
        open_fee=number_or_none(row.open_fee, "openFee"),
        close_fee=number_or_none(row.close_fee, "closeFee"),
        leverage_setting=number_or_none(row.leverage, "leverage"),
        ts_venue_ns=time_ns_or_none(row.updated_time or row.created_time, "updatedTime"),
    )
