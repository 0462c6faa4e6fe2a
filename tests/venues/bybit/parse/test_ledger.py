from decimal import Decimal

from marginwatch.venues.bybit.parse.ledger import parse_closed_pnl, parse_ledger


def test_every_line_adds_up(result_of) -> None:
    for name in ("rest_transaction_log_docs.json", "rest_transaction_log_settlement_ltc.json"):
        for entry in parse_ledger(result_of(name)).rows:
            # The documentation: change = cashFlow + funding − fee.
            parts = [Decimal(text or 0) for text in (entry.cash_flow, entry.funding_payment, entry.fee)]
            assert Decimal(entry.change or 0) == parts[0] + parts[1] - parts[2]


def test_lines_with_one_id_are_told_apart_by_trade_and_kind(result_of) -> None:
    rows = parse_ledger(result_of("rest_transaction_log_docs.json")).rows
    assert rows[0].entry_id == rows[1].entry_id
    assert len({(row.entry_id, row.trade_id, row.kind) for row in rows}) == len(rows)
    assert rows[1].funding_payment is None


def test_a_transfer_names_no_contract_and_new_types_are_kept(raw) -> None:
    row = {"id": "1", "currency": "USDT", "type": "TRANSFER_IN", "symbol": "", "change": "5", "side": "None"}
    page = parse_ledger(raw({"list": [row, row | {"type": "SOMETHING_NEW"}, row | {"change": "x"}]}))
    assert [(entry.kind, entry.venue_symbol) for entry in page.rows] == [
        ("transfer_in", None),
        ("something_new", None),
    ]
    assert "change" in page.failures[0].message


def test_closed_pnl_names_the_closing_side(result_of) -> None:
    page = parse_closed_pnl(result_of("rest_closed_pnl_docs.json"))
    (closed,) = page.rows
    assert (closed.closing_side, closed.closed_by, closed.realized_pnl) == ("sell", "trade", "-47.4065323")
    assert page.next_cursor is not None
    assert "%3A" in page.next_cursor
