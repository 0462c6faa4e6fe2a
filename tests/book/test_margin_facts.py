"""Facts that margins need, as columns: filled when they are read, missing until they come, never a guess or a zero."""

import math

import msgspec
import pytest

from marginwatch.book.fees import FeeSource
from marginwatch.errors import ProtocolError
from marginwatch.model.activity import OpenOrder
from marginwatch.model.balance import Balance
from marginwatch.model.events import (
    AccountRemoved,
    BalancesUpdate,
    BorrowTiersUpdate,
    CollateralInfoUpdate,
    CollateralTiersUpdate,
    FactUnread,
    FeeRatesUpdate,
    InstrumentsUpdate,
    MarksUpdate,
    OrdersUpdate,
    TiersUpdate,
)
from marginwatch.model.instrument import InstrumentKind, MarginTier
from marginwatch.model.position import Greeks
from marginwatch.model.price import Mark
from marginwatch.model.venue_facts import BorrowTier, CollateralInfo, CollateralTier, FeeRate


def facts(book):
    book.columns.facts.sync()
    return book.columns.facts


def leg(book, column, symbol="BTCUSDT", side="net", account_id="a"):
    rows = {(key[0].rsplit(":", 1)[1], key[1]): row for key, row in book.entry(account_id).rows.items()}
    return getattr(facts(book).legs, column)[rows[symbol, side]]


def fees(account_id="a", category="linear", **more):
    rates = tuple(
        FeeRate(venue_symbol=symbol, base_asset=None, taker_fee_rate=rate, maker_fee_rate="0.0002")
        for symbol, rate in more.pop("rates", {"BTCUSDT": "0.00055"}).items()
    )
    return FeeRatesUpdate(account_id, category, rates, 1, **more)


def test_leverage_is_a_column_that_follows_every_message(book, make):
    book.apply(make.push(make.position("1", 1, leverage_setting="12.5"), at_s=1))
    assert leg(book, "leverage_setting") == 12.5
    book.apply(
        make.push(make.position("1", 2, leverage_setting=None, adl_rank=4, margin_change_at_ns=7), at_s=2)
    )
    assert math.isnan(leg(book, "leverage_setting"))
    assert (leg(book, "adl_rank"), leg(book, "margin_change_at_ns")) == (4, 7)


def test_the_session_price_is_a_column_where_there_is_one(book, make):
    book.apply(make.push(make.position("1", 1, session_average_price="99.5"), at_s=1))
    assert leg(book, "session_average_price") == 99.5
    book.apply(make.push(make.position("1", 2, session_average_price=None), at_s=2))
    assert math.isnan(leg(book, "session_average_price"))


def test_rows_that_are_given_back_and_reused_carry_nothing_over(book, make):
    book.apply(make.push(make.position("1", 1, leverage_setting="5"), at_s=1))
    row = next(iter(book.entry("a").rows.values()))
    book.apply(fees())
    facts(book)
    book.apply(make.push(make.position("0", 2), at_s=2))
    assert math.isnan(facts(book).legs.leverage_setting[row])
    book.apply(make.push(make.position("1", 1, symbol="ETHUSD"), at_s=3))
    assert next(iter(book.entry("a").rows.values())) == row
    assert math.isnan(leg(book, "taker_fee", "ETHUSD"))


def test_columns_grow_with_the_positions_and_survive_a_forgotten_list_of_changes(book, make):
    rows = [make.position("1", 1, symbol=f"C{n}USDT", leverage_setting=str(n + 1)) for n in range(600)]
    book.apply(make.push(*rows, at_s=1))
    assert leg(book, "leverage_setting", "C599USDT") == 600.0
    for again in range(4):
        book.apply(
            make.push(*(msgspec.structs.replace(row, sequence=again + 2) for row in rows), at_s=again + 2)
        )
        book.freeze()
    newer = [msgspec.structs.replace(row, sequence=9, leverage_setting="77") for row in rows]
    book.apply(make.push(*newer, at_s=9))
    book.freeze()
    assert leg(book, "leverage_setting", "C3USDT") == 77.0


def test_fees_come_from_the_account_then_its_owner_then_the_published_rates(book, make):
    for name, owner in (("b", "o"), ("c", "o"), ("d", "p")):
        book.register(make.spec(name, owner=owner))
        book.apply(make.push(make.position("1", 1), at_s=1, account_id=name))
        assert math.isnan(leg(book, "taker_fee", account_id=name))
        assert leg(book, "fee_source", account_id=name) == FeeSource.UNKNOWN
    book.apply(fees("b"))
    assert leg(book, "taker_fee", account_id="c") == 0.00055
    assert leg(book, "fee_source", account_id="c") == FeeSource.OWNER
    assert math.isnan(leg(book, "taker_fee", account_id="d"))
    book.apply(fees("d", rates={"BTCUSDT": "0.001"}, is_standard=True))
    assert leg(book, "fee_source", account_id="d") == FeeSource.STANDARD
    book.apply(fees("c", rates={"BTCUSDT": "0.0003"}))
    assert (leg(book, "taker_fee", account_id="c"), leg(book, "fee_source", account_id="c")) == (0.0003, 1)
    assert leg(book, "taker_fee", account_id="b") == 0.00055


def test_a_contract_that_the_reply_lacks_has_the_usual_rate_and_another_category_none(book, make):
    book.apply(fees(rates={"AUSDT": "0.0004", "BUSDT": "0.0004", "CUSDT": "0.0001"}))
    rows = [make.position("1", 1, symbol=symbol) for symbol in ("CUSDT", "NEWUSDT", "BTCUSD")]
    book.apply(make.push(*rows, at_s=1))
    assert leg(book, "taker_fee", "CUSDT") == 0.0001
    assert leg(book, "taker_fee", "NEWUSDT") == 0.0004
    assert math.isnan(leg(book, "taker_fee", "BTCUSD"))


def test_options_have_one_rate_a_base_coin(book, make):
    option = make.contract(
        "BTC-26DEC25-100000-C-USDT",
        category="option",
        instrument_kind=InstrumentKind.OPTION,
        base_asset="BTC",
        is_inverse=False,
        settle_asset="USDT",
    )
    rate = FeeRate(venue_symbol=None, base_asset="BTC", taker_fee_rate="0.0003", maker_fee_rate=None)
    book.apply(FeeRatesUpdate("a", "option", (rate,), 1))
    book.apply(make.push(make.position("1", 1, instrument=option), at_s=1))
    row = next(iter(book.entry("a").rows.values()))
    assert facts(book).legs.taker_fee[row] == 0.0003


def test_an_account_that_moves_to_another_owner_no_longer_borrows_fees(book, make):
    for name in ("b", "c"):
        book.register(make.spec(name, owner="o"))
        book.apply(make.push(make.position("1", 1), at_s=1, account_id=name))
    book.apply(fees("b"))
    assert leg(book, "taker_fee", account_id="c") == 0.00055
    book.register(make.spec("c", owner="other"))
    assert math.isnan(leg(book, "taker_fee", account_id="c"))


def test_fees_that_are_no_numbers_change_nothing(book, make):
    book.apply(make.push(make.position("1", 1), at_s=1))
    book.apply(fees())
    with pytest.raises(ProtocolError, match="fees of a"):
        book.apply(fees(rates={"BTCUSDT": "x"}))
    assert leg(book, "taker_fee") == 0.00055


def order(make, name, side, quantity, price, symbol="BTCUSDT", **more):
    fields = {"remaining_quantity": quantity, "is_open": True, "ts_venue_ns": make.T0} | more
    return OpenOrder(
        order_id=name, instrument=make.contract(symbol), side=side, quantity=quantity, price=price, **fields
    )


def orders(make, *rows):
    return OrdersUpdate("a", rows, make.T0, make.T0)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        # Flat side: everything adds. 2 × 90 to buy, 1 × 120 and 3 × 130 to sell.
        ("1", 180 + 390),  # the oldest sale closes the long
        ("2.5", 180 + 1.5 * 130),  # and half of the next one, 2.5 − 1 of it
        ("-1.5", 0.5 * 90 + 120 + 390),
        ("-9", 120 + 390),
    ],
)
def test_orders_count_for_the_tier_as_far_as_they_add_to_the_position(book, make, quantity, expected):
    book.apply(make.push(make.position(quantity, 1), at_s=1))
    book.apply(
        orders(
            make,
            order(make, "late", "sell", "3", "130", created_at_ns=5),
            order(make, "buy", "buy", "2", "90", created_at_ns=1),
            order(make, "early", "sell", "1", "120", created_at_ns=2),
            order(make, "reduce", "sell", "50", "100", is_reduce_only=True),
            order(make, "waiting", "buy", "50", "100", is_conditional=True),
            order(make, "market", "buy", "50", None),
            order(make, "other", "buy", "50", "100", symbol="ETHUSDT"),
        )
    )
    assert leg(book, "order_value") == pytest.approx(expected, rel=1e-12)


def test_order_values_follow_fills_positions_and_ends(book, make):
    book.apply(make.push(make.position("1", 1), at_s=1))
    assert leg(book, "order_value") == 0.0
    book.apply(orders(make, order(make, "a", "sell", "3", "110")))
    assert leg(book, "order_value") == 220.0
    book.apply(make.push(make.position("2", 2), at_s=2))
    assert leg(book, "order_value") == 110.0
    later = {"remaining_quantity": "2.5", "ts_venue_ns": make.T0 + 5}
    book.apply(orders(make, order(make, "a", "sell", "3", "110", **later)))
    assert leg(book, "order_value") == pytest.approx(55.0)
    book.apply(orders(make, order(make, "a", "sell", "3", "110", is_open=False, ts_venue_ns=make.T0 + 9)))
    assert leg(book, "order_value") == 0.0


def test_orders_that_only_closed_count_once_the_position_is_turned(book, make):
    book.apply(make.push(make.position("5", 1), at_s=1))
    book.apply(orders(make, order(make, "a", "sell", "3", "110")))
    assert leg(book, "order_value") == 0.0
    book.apply(make.push(make.position("-5", 2), at_s=2))
    assert leg(book, "order_value") == 330.0


def test_a_message_of_prices_and_margins_alone_costs_the_facts_beside_nothing(book, make):
    first = make.position("1", 1, leverage_setting="5")
    book.apply(make.push(first, at_s=1))
    facts(book)
    newer = msgspec.structs.replace(
        first,
        sequence=2,
        quantity="-3",
        entry_price="101",
        mark_price="120",
        unrealized_pnl="20",
        initial_margin="4",
        maintenance_margin="2",
        liquidation_price="80",
    )
    book.apply(make.push(newer, at_s=2))
    assert book.columns.positions.take_news() == []
    book.apply(make.push(msgspec.structs.replace(newer, sequence=3, leverage_setting="6"), at_s=3))
    assert leg(book, "leverage_setting") == 6.0


@pytest.mark.parametrize(
    "said",
    [
        {"leverage_setting": "6"},
        {"session_average_price": "99"},
        {"adl_rank": 5},
        {"margin_change_at_ns": 7},
        {"status": "liquidating"},
        {"is_reduce_only": True},
    ],
)
def test_whatever_a_fact_beside_is_made_from_has_it_looked_at_again(book, make, said):
    first = make.position("1", 1)
    book.apply(make.push(first, at_s=1))
    facts(book)
    book.apply(make.push(msgspec.structs.replace(first, sequence=2, **said), at_s=2))
    assert book.columns.positions.take_news() == list(book.entry("a").rows.values())


def test_both_legs_of_a_hedge_have_the_orders_of_the_contract(book, make):
    book.apply(orders(make, order(make, "a", "sell", "3", "110")))
    book.apply(make.push(make.position("5", 1, side="long"), make.position("-4", 1, side="short"), at_s=1))
    assert leg(book, "order_value", side="long") == leg(book, "order_value", side="short") == 220.0
    book.apply(make.push(make.position("-5", 2, side="short"), at_s=2))
    assert leg(book, "order_value", side="long") == 330.0


def test_orders_of_an_inverse_contract_count_in_its_coin(book, make):
    book.apply(make.push(make.position("100", 1, symbol="BTCUSD"), at_s=1))
    book.apply(orders(make, order(make, "a", "buy", "500", "50", symbol="BTCUSD")))
    assert leg(book, "order_value", "BTCUSD") == 10.0


def test_the_switch_of_a_coin_outlives_messages_that_do_not_say_it(book, make):
    def hear(**more):
        nonlocal at
        at += 1
        balance = Balance(asset="BTC", wallet_balance="2", borrowed="0.5", locked="0.1", **more)
        book.apply(BalancesUpdate("a", None, (balance,), make.T0 + at, make.T0 + at))

    def read(column):
        return getattr(facts(book).coins, column)[book.entry("a").coins["BTC"]]

    at = 0
    hear()
    assert read("is_collateral") == -1
    assert (read("wallet_balance"), read("borrowed"), read("locked")) == (2.0, 0.5, 0.1)
    assert math.isnan(read("order_initial_margin"))
    info = CollateralInfo(asset="BTC", is_allowed=True, is_switched_on=False)
    book.apply(CollateralInfoUpdate("a", (info, CollateralInfo(asset="XRP", is_allowed=True)), 1))
    assert read("is_collateral") == 0
    hear(is_collateral=True, order_initial_margin="0.25")
    hear()
    assert read("is_collateral") == 1
    book.apply(CollateralInfoUpdate("a", (info,), 1))
    assert read("is_collateral") == 0


def test_a_coin_that_left_the_wallet_is_nothing(book, make):
    book.apply(make.wallet("BTC", "2", 1))
    row = book.entry("a").coins["BTC"]
    assert facts(book).coins.wallet_balance[row] == 2.0
    book.apply(make.snapshot(at_s=60))
    assert facts(book).coins.wallet_balance[row] == 0.0


def band(asset, low, high, rate):
    return CollateralTier(asset=asset, quantity_from=low, quantity_to=high, collateral_rate=rate)


def counted(table, row, quantity):
    low, high = table.array("quantity_from")[row], table.array("quantity_to")[row]
    pieces = [min(quantity, b) - min(quantity, a) for a, b in zip(low, high, strict=True)]
    return sum(p * r for p, r in zip(pieces, table.array("collateral_rate")[row], strict=True))


def test_collateral_bands_are_rows_of_an_array_and_unlisted_coins_count_nothing(book, make):
    book.apply(make.wallet("BTC", "2", 1))
    assets = book.columns.assets
    btc = assets.row("bybit", "BTC")
    assert facts(book).collateral.n_steps[btc] == 0
    assert not facts(book).is_known("bybit", "collateral_tiers")
    tiers = (band("BTC", "10", None, "0.9"), band("BTC", "0", "10", "0.98"), band("ETH", "0", None, "0.95"))
    book.apply(CollateralTiersUpdate("bybit", tiers, 1))
    table = facts(book).collateral
    assert counted(table, btc, 12.0) == pytest.approx(9.8 + 1.8)
    assert counted(table, btc, 4.0) == pytest.approx(3.92)
    book.apply(make.wallet("ETH", "2", 2))
    book.apply(make.wallet("JUNK", "2", 2))
    table = facts(book).collateral
    assert counted(table, assets.row("bybit", "ETH"), 3.0) == pytest.approx(2.85)
    junk = assets.row("bybit", "JUNK")
    assert (table.n_steps[junk], counted(table, junk, 5.0)) == (1, 0.0)
    other = assets.row("bybit-demo", "BTC")
    assert facts(book).collateral.n_steps[other] == 0


def test_borrow_tiers_are_ascending_and_replaced_whole(book, make):
    def tier(number, limit, rate):
        return BorrowTier(
            asset="BTC", tier=number, limit=limit, initial_margin_rate="0.1", maintenance_margin_rate=rate
        )

    book.apply(make.wallet("BTC", "2", 1))
    row = book.columns.assets.row("bybit", "BTC")
    book.apply(BorrowTiersUpdate("bybit", (tier(2, "500", "0.08"), tier(1, "50", "0.04")), 1))
    table = facts(book).borrow
    assert list(table.array("limit")[row]) == [50.0, 500.0]
    assert list(table.array("maintenance_margin_rate")[row]) == [0.04, 0.08]
    book.apply(BorrowTiersUpdate("bybit", (tier(1, "70", "0.05"),), 2))
    table = facts(book).borrow
    assert (table.n_steps[row], table.array("limit")[row][0]) == (1, 70.0)
    with pytest.raises(ProtocolError, match="borrow tiers of bybit"):
        book.apply(BorrowTiersUpdate("bybit", (tier(1, "x", "0.05"),), 3))
    assert facts(book).borrow.array("limit")[row][0] == 70.0


def test_risk_limits_are_numbers_even_where_they_come_before_the_contract(book, make):
    def tier(number, limit, **more):
        return MarginTier(
            **{
                "instrument_id": "bybit:linear:BTCUSDT",
                "venue_symbol": "BTCUSDT",
                "tier": number,
                "limit": limit,
                "initial_margin_rate": "0.01",
                "maintenance_margin_rate": "0.005",
            }
            | more
        )

    book.apply(TiersUpdate((tier(2, "200", maintenance_deduction="3", max_leverage="50"), tier(1, "100"))))
    book.apply(make.push(make.position("1", 1), at_s=1))
    row = book.columns.instruments.find("bybit:linear:BTCUSDT")
    table = book.columns.instruments.risk_limits
    assert list(table.array("limit")[row]) == [100.0, 200.0]
    assert list(table.array("maintenance_deduction")[row]) == [0.0, 3.0]
    assert table.array("max_leverage")[row][1] == 50.0
    assert math.isnan(table.array("max_leverage")[row][0])
    book.apply(TiersUpdate((tier(1, "900"),)))
    assert (table.n_steps[row], table.array("limit")[row][0], table.array("limit")[row][1]) == (
        1,
        900.0,
        math.inf,
    )


def test_option_terms_and_greeks_and_funding_are_columns(book, make):
    option = make.contract(
        "BTC-26DEC25-100000-P-USDT",
        instrument_kind=InstrumentKind.OPTION,
        strike_price="100000",
        option_kind="put",
        expiry_ns=77,
    )
    perpetual = make.contract(funding_interval_s=28_800)
    book.apply(InstrumentsUpdate((option, perpetual)))
    book.apply(
        MarksUpdate(
            (
                Mark(option, mark_price="5", greeks=Greeks(delta="0.4", gamma="0.1", vega="2", theta="-3")),
                Mark(perpetual, mark_price="5", funding_rate="0.0001", next_funding_at_ns=55),
            ),
            1,
        )
    )
    table = book.columns.instruments
    row, other = table.find(option.instrument_id), table.find(perpetual.instrument_id)
    assert (table.strike_price[row], bool(table.is_call[row]), table.expiry_ns[row]) == (100000.0, False, 77)
    assert (table.delta[row], table.gamma[row], table.vega[row], table.theta[row]) == (0.4, 0.1, 2.0, -3.0)
    assert (table.next_funding_at_ns[other], table.funding_interval_s[other]) == (55, 28_800)
    assert (table.expiry_ns[other], math.isnan(table.strike_price[other])) == (0, True)
    book.apply(MarksUpdate((Mark(perpetual, mark_price="6", is_snapshot=False),), 2))
    assert table.next_funding_at_ns[other] == 55


def test_what_is_missing_says_why_until_it_comes(book):
    told = book.columns.facts
    assert told.why_missing("bybit", "borrow_tiers") == "the borrow tiers of bybit have not been read yet"
    book.apply(FactUnread("bybit", None, "borrow_tiers", "the key may not"))
    book.apply(FactUnread("bybit", "a", "fee_rates", "no reply"))
    assert told.why_missing("bybit", "borrow_tiers").endswith("could not be read: the key may not")
    assert (
        told.why_missing("bybit", "fee_rates", "a")
        == "the fee rates of this account could not be read: no reply"
    )
    book.apply(BorrowTiersUpdate("bybit", (), 1))
    book.apply(fees())
    assert "not been read yet" in told.why_missing("bybit", "fee_rates", "a")
    assert "not been read yet" in told.why_missing("bybit", "borrow_tiers")


def test_a_removed_account_leaves_no_facts(book, make):
    book.apply(make.push(make.position("1", 1), at_s=1))
    book.apply(fees())
    book.apply(FactUnread("bybit", "a", "collateral_switches", "no reply"))
    book.apply(orders(make, order(make, "x", "buy", "1", "5")))
    book.apply(AccountRemoved("a"))
    assert "not been read yet" in facts(book).why_missing("bybit", "collateral_switches", "a")
    book.apply(fees())
    book.register(make.spec("a"))
    book.apply(make.push(make.position("1", 1), at_s=1))
    assert leg(book, "fee_source") == FeeSource.OWNER
    assert leg(book, "order_value") == 0.0
