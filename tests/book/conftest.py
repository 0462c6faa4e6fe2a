"""Small builders shared by the tests of the book."""

from types import SimpleNamespace

import pytest

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.events import BalancesUpdate, PositionsUpdate
from marginwatch.model.instrument import Instrument, InstrumentKind
from marginwatch.model.position import Position
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot

S = 1_000_000_000
T0 = 1_700_000_000 * S


def spec(account_id="a", **more):
    return AccountSpec(
        account_id=account_id,
        exchange="bybit",
        venue="bybit",
        endpoints=Endpoints(rest="", private="", public={}),
        api_key=Secret("k"),
        api_secret=Secret("s"),
        **more,
    )


def contract(symbol="BTCUSDT", **more):
    base = symbol.removesuffix("USDT").removesuffix("USD")
    is_inverse = not symbol.endswith("USDT")
    fields = {
        "instrument_id": f"bybit:{'inverse' if is_inverse else 'linear'}:{symbol}",
        "venue": "bybit",
        "category": "inverse" if is_inverse else "linear",
        "venue_symbol": symbol,
        "instrument_kind": InstrumentKind.PERPETUAL,
        "is_inverse": is_inverse,
        "base_asset": base,
        "quote_asset": "USD" if is_inverse else "USDT",
        "settle_asset": base if is_inverse else "USDT",
        "underlying_asset": base,
    }
    return Instrument(**(fields | more))


def position(quantity="1", sequence=1, at_s=0.0, symbol="BTCUSDT", side="net", entry="100", **more):
    return Position(
        instrument=more.pop("instrument", None) or contract(symbol),
        position_side=side,
        quantity=quantity,
        entry_price=None if float(quantity) == 0 else entry,
        sequence=sequence,
        ts_venue_ns=T0 + int(at_s * S),
        **more,
    )


def push(*rows, at_s, account_id="a"):
    at_ns = T0 + int(at_s * S)
    return PositionsUpdate(account_id, rows, at_ns, at_ns)


def wallet(asset, text, at_s, account=None):
    at_ns = T0 + int(at_s * S)
    return BalancesUpdate("a", account, (Balance(asset=asset, wallet_balance=text),), at_ns, at_ns)


def snapshot(*rows, at_s, coins=(), account=None, failures=(), account_id="a"):
    at_ns = T0 + int(at_s * S)
    return AccountSnapshot(
        account_id=account_id,
        positions=rows,
        balances=tuple(Balance(asset=asset, wallet_balance=text) for asset, text in coins),
        account=account or AccountState(),
        as_of_ns=at_ns,
        ts_received_ns=at_ns + S // 2,
        failures=failures,
    )


@pytest.fixture(scope="session")
def make():
    return SimpleNamespace(
        spec=spec,
        contract=contract,
        position=position,
        push=push,
        wallet=wallet,
        snapshot=snapshot,
        S=S,
        T0=T0,
    )


@pytest.fixture
def book():
    book = PositionBook(ManualClock(T0))
    book.register(spec())
    return book


@pytest.fixture
def quantities():
    def read(book, account_id="a"):
        entry = book.entry(account_id)
        table = book.columns.positions
        return {
            (key[0].rsplit(":", 1)[1], key[1]): table.positions[row].quantity
            for key, row in entry.rows.items()
        }

    return read


@pytest.fixture
def coins():
    def read(book, account_id="a"):
        entry, table = book.entry(account_id), book.columns.holdings
        held = {asset: table.balances[row] for asset, row in entry.coins.items()}
        return {asset: balance.wallet_balance for asset, balance in held.items() if balance is not None}

    return read
