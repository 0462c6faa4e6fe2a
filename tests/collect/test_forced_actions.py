"""What the exchange does by force is told to the owner in words, once and short."""

import pytest

from marginwatch.collect.forced_actions import notices_of_fills, notices_of_orders
from marginwatch.model.activity import Fill, OpenOrder
from marginwatch.model.events import FillsUpdate, OrdersUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.venues.bybit.catalog import InstrumentCatalog

CATALOG = InstrumentCatalog(VenueId("bybit"))
NAME = AccountId("mm-1")


def fill(kind: str, symbol: str = "BTCUSDT", quantity: str | None = "2") -> Fill:
    return Fill(
        fill_id=None,
        instrument=CATALOG.resolve("linear", symbol),
        side="sell",
        quantity=quantity,
        price="60000.5",
        fee=None,
        kind=kind,  # type: ignore[arg-type]
    )


def order(cancel_kind: str | None, symbol: str = "BTCUSDT") -> OpenOrder:
    return OpenOrder(
        order_id=f"{cancel_kind}-{symbol}",
        instrument=CATALOG.resolve("linear", symbol),
        side="buy",
        quantity="1",
        remaining_quantity="0",
        price="1",
        is_open=False,
        cancel_kind=cancel_kind,
    )


def test_trades_funding_and_deliveries_are_no_news() -> None:
    ordinary = tuple(fill(kind) for kind in ("trade", "funding", "delivery", "other"))
    assert notices_of_fills(FillsUpdate(NAME, ordinary, 1, 2)) == ()


def test_liquidation_and_deleveraging_are_told_apart_with_their_amounts() -> None:
    update = FillsUpdate(NAME, (fill("trade"), fill("adl", "ETHUSDT"), fill("liquidation")), 1, 2)
    liquidated, deleveraged = notices_of_fills(update)
    assert (liquidated.kind, liquidated.account_id) == ("liquidation", "mm-1")
    assert liquidated.message == "the exchange liquidated: sell 2 BTCUSDT at 60000.5"
    assert (deleveraged.kind, deleveraged.message) == (
        "adl",
        "the exchange deleveraged (ADL): sell 2 ETHUSDT at 60000.5",
    )


def test_a_long_list_is_cut_and_a_missing_number_is_not_zero() -> None:
    many = tuple(fill("liquidation", quantity=None) for _ in range(8))
    (notice,) = notices_of_fills(FillsUpdate(NAME, many, 1, 2, is_backfill=True))
    assert notice.message.count("BTCUSDT") == 5
    assert notice.message.endswith("and 3 more")
    assert "sell ? BTCUSDT" in notice.message


def test_orders_that_their_owner_cancelled_are_no_news() -> None:
    own = (order(None), order("CancelByUser"))
    assert notices_of_orders(OrdersUpdate(NAME, own, 1, 2)) == ()


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ((order("liquidation"),), "cancelled an order in BTCUSDT ahead of a liquidation"),
        (
            (order("adl"), order("liquidation", "ETHUSDT"), order(None, "XRPUSDT")),
            "cancelled 2 orders in BTCUSDT, ETHUSDT ahead of a liquidation and deleveraging",
        ),
    ],
)
def test_cancelled_orders_are_counted_and_the_reason_is_named(
    orders: tuple[OpenOrder, ...], words: str
) -> None:
    (notice,) = notices_of_orders(OrdersUpdate(NAME, orders, 1, 2))
    assert notice.kind == "orders_cancelled"
    assert words in notice.message
