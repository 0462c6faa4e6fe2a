"""One small desk, measured: what the API and the commands are tested against; and logs that no test leaves changed."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import settings
from tests.scheduling import RealTimeTogether

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import (
    AssetPricesUpdate,
    CollateralTiersUpdate,
    ConnectivityUpdate,
    FeeRatesUpdate,
    MarksUpdate,
    TiersUpdate,
)
from marginwatch.model.ids import AccountId, VenueId, instrument_id
from marginwatch.model.instrument import Instrument, InstrumentKind, MarginTier
from marginwatch.model.position import Position
from marginwatch.model.price import Mark
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import CollateralTier, FeeRate
from marginwatch.risk.frame import Frame, FramePress

# A slow machine is no defect; a failure says how to repeat it.
settings.register_profile("marginwatch", deadline=None, print_blob=True)
settings.load_profile("marginwatch")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> RealTimeTogether:
    """Say which tests go to which process where there are several (``-n 2``)."""
    return RealTimeTogether(config, log)


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Undo what a test made of the process's logs: a later line must not go into a file that it closed."""
    handlers, level = list(logging.root.handlers), logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


START_NS = 1_700_000_000_000_000_000
BYBIT = VenueId("bybit")


def contract(symbol: str) -> Instrument:
    return Instrument(
        instrument_id=instrument_id(BYBIT, "linear", symbol),
        venue=BYBIT,
        category="linear",
        venue_symbol=symbol,
        instrument_kind=InstrumentKind.PERPETUAL,
        is_inverse=False,
        base_asset=symbol.removesuffix("USDT"),
        quote_asset="USDT",
        settle_asset="USDT",
        underlying_asset=symbol.removesuffix("USDT"),
    )


def register(book: PositionBook, name: str, desk: str | None, tags: tuple[str, ...]) -> None:
    book.register(
        AccountSpec(
            account_id=AccountId(name),
            exchange="bybit",
            venue=BYBIT,
            endpoints=Endpoints(rest="", private="", public={}),
            api_key=Secret("k"),
            api_secret=Secret("s"),
            desk=desk,
            tags=tags,
        )
    )


def hear(book: PositionBook, name: str, rows: dict[str, str], state: AccountState) -> None:
    positions = tuple(
        Position(
            instrument=contract(symbol),
            position_side="net",
            quantity=quantity,
            entry_price="50000" if symbol == "BTCUSDT" else "2000",
            liquidation_price="40000" if symbol == "BTCUSDT" else None,
            leverage_setting="2",
            sequence=1,
            ts_venue_ns=START_NS,
        )
        for symbol, quantity in rows.items()
    )
    book.apply(
        AccountSnapshot(
            account_id=AccountId(name),
            positions=positions,
            balances=(Balance(asset="USDT", wallet_balance="100000", equity="100000", usd_value="100000"),),
            account=state,
            as_of_ns=START_NS,
            ts_received_ns=START_NS,
        )
    )
    link = Connectivity(
        account_id=AccountId(name),
        link_state=LinkState.STREAMING,
        socket_replied_at_ns=START_NS,
        reconciled_at_ns=START_NS,
        data_at_ns=START_NS,
    )
    book.apply(ConnectivityUpdate(link))


def mark(symbol: str, price: str) -> Mark:
    return Mark(
        instrument=contract(symbol),
        mark_price=price,
        index_price=price,
        is_snapshot=True,
        ts_venue_ns=START_NS,
    )


def tell_facts(book: PositionBook) -> None:
    """Tell what margins need: 40.6 % of every position and no fee, against 90 % of the USDT."""
    tiers = tuple(
        MarginTier(
            instrument_id=contract(symbol).instrument_id,
            venue_symbol=symbol,
            tier=1,
            limit="1000000",
            initial_margin_rate="0.5",
            maintenance_margin_rate="0.406",
            max_leverage="2",
        )
        for symbol in ("BTCUSDT", "ETHUSDT")
    )
    band = CollateralTier(asset="USDT", quantity_from="0", quantity_to=None, collateral_rate="0.9")
    fee = FeeRate(venue_symbol="BTCUSDT", base_asset=None, taker_fee_rate="0", maker_fee_rate="0")
    book.apply(TiersUpdate(tiers))
    book.apply(CollateralTiersUpdate(BYBIT, (band,), START_NS))
    book.apply(FeeRatesUpdate(AccountId("mm-main"), "linear", (fee,), START_NS))


@pytest.fixture
def measure_desk() -> Callable[[], Frame]:
    """Two accounts that oppose each other in BTC, one that nobody has heard, one that was refused."""

    def measure() -> Frame:
        book = PositionBook(ManualClock(START_NS))
        register(book, "mm-main", "market-making", ("usdt", "core"))
        register(book, "arb-1", "arbitrage", ("usdt",))
        register(book, "cold", "arbitrage", ())
        register(book, "=refused", None, ())
        state = AccountState(
            equity="100000",
            adjusted_equity="90000",
            initial_margin="30000",
            maintenance_margin="45000",
            margin_mode="cross",
            as_of_ns=START_NS,
        )
        hear(book, "mm-main", {"BTCUSDT": "2", "ETHUSDT": "-5"}, state)
        hear(
            book,
            "arb-1",
            {"BTCUSDT": "-1.5"},
            AccountState(equity="50000", maintenance_margin="900", adjusted_equity="50000"),
        )
        stopped = Connectivity(
            account_id=AccountId("=refused"),
            link_state=LinkState.STOPPED,
            reason="the key may trade; make a read-only one",
        )
        book.apply(ConnectivityUpdate(stopped))
        book.apply(MarksUpdate((mark("BTCUSDT", "51000"), mark("ETHUSDT", "2100")), START_NS))
        book.apply(AssetPricesUpdate((("USDT", "1"),), START_NS))
        tell_facts(book)
        return FramePress(book).frame(START_NS + 1_000_000_000)

    return measure
