"""A file with the balance rows of `decode`: wallet and equity, but no unrealized profit."""

import pytest
from tests.bookfile.conftest import small_book

from marginwatch.bookfile.building import build_book
from marginwatch.bookfile.text import parse_book
from marginwatch.clock import ManualClock
from marginwatch.engine.engine import Engine
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now


def equity_of(book):
    import json

    filed = build_book(parse_book(json.dumps(book).encode(), "x"), now_ns=1)
    engine = Engine(filed.book, ManualClock(filed.at_ns))
    engine.run_frame()
    sheet = engine.sheet()
    return float(margins(sheet, prices_now(sheet)).equity[0])


@pytest.mark.parametrize(
    "stated",
    [{}, {"unrealized_pnl": "2000"}, {"wallet_balance": None, "equity": "10000", "usd_value": "10000"}],
)
def test_profit_in_an_equity_counts_once(stated):
    book = small_book()
    # 1 BTC bought at 50,000 is worth 52,000; the ledger says 10,000.
    book["marks"][0] |= {"mark_price": "52000", "index_price": "52000"}
    book["balances"][0] |= {"equity": "12000", "usd_value": "12000"} | stated
    assert equity_of(book) == pytest.approx(12_000)
