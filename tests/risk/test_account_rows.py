"""One account for people: its coins, its place on the ladders, and the same rows as the tables of all accounts."""

from dataclasses import replace

import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.ids import AccountId
from marginwatch.risk import tables
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.moves import moves_of
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.risk.measures.prices import usd_heard_ns
from marginwatch.risk.settings import RiskSettings

NS = 1_000_000_000
CROSS = AccountState(equity="1", adjusted_equity="1", margin_mode="cross")


def with_distances(world):
    sheet = world.press.sheet(world.now)
    figures = measure_distance(sheet, moves_of(sheet, None))
    part = Part(at_ns=world.now, value=figures, reason=None, good_for_s=15.0)
    return replace(world.frame(), heavy=Heavy(distance=part))


def heard(world):
    columns = world.book.columns
    return usd_heard_ns(columns.assets, columns.instruments, world.now, RiskSettings())


def coins_of(world, name):
    return {row.asset: row for row in tables.coin_rows(world.frame(), world.code(name), heard(world))}


@pytest.fixture
def wallet(world, parts):
    world.usual_marks()
    world.account(
        "mm",
        parts.position(parts.BTCUSDT, "-1", "50000"),
        coins=[
            Balance(asset="USDT", wallet_balance="1000", equity="950", usd_value="949", is_collateral=True),
            Balance(asset="BTC", wallet_balance="2", borrowed="0.5", locked="0.1", is_collateral=True),
            Balance(asset="ETH", wallet_balance="3", is_collateral=False),
            Balance(asset="PEPE", wallet_balance="-100", is_collateral=True),
            Balance(asset="ODD", wallet_balance="7"),
        ],
        state=CROSS,
    )
    world.facts()
    return world


def test_coins_have_exact_texts_prices_and_what_they_count(wallet) -> None:
    rows = coins_of(wallet, "mm")
    btc = rows["BTC"]
    assert (btc.wallet_balance, btc.borrowed, btc.locked, btc.is_collateral) == ("2", "0.5", "0.1", True)
    # 2 BTC at the venue's inverse index, of which 95 % count.
    assert (btc.price_usd, btc.equity_usd, btc.exposure_usd) == (50_000, 100_000, 100_000)
    assert (btc.collateral_usd, btc.collateral_rate) == (pytest.approx(95_000), pytest.approx(0.95))
    usdt = rows["USDT"]
    # Wallet 1,000 and a short of 1 BTC from 50,000 that stands at 50,050.
    assert (usdt.amount, usdt.equity, usdt.venue_usd_value) == (pytest.approx(950), "950", "949")
    assert usdt.is_cash
    assert (usdt.exposure_usd, usdt.reasons["exposure_usd"]) == (None, "not_applicable")
    assert (rows["ETH"].collateral_usd, rows["ETH"].collateral_rate) == (0.0, 0.0)
    # A debt counts in full: 100 at 0.01 USDT a thousand.
    assert rows["PEPE"].collateral_usd == pytest.approx(-0.001, rel=0.01)
    assert rows["PEPE"].collateral_rate == 1.0


def test_what_is_not_known_of_a_coin_is_null_with_its_reason(wallet) -> None:
    odd = coins_of(wallet, "mm")["ODD"]
    assert (odd.price_usd, odd.price_age_s, odd.equity_usd, odd.exposure_usd) == (None,) * 4
    assert (odd.is_collateral, odd.amount) == (None, 7.0)
    assert odd.reasons["price_usd"] == odd.reasons["equity_usd"] == "missing: no USD price young enough"
    # The venue does not list it: it counts nothing, whatever it is worth.
    assert odd.collateral_usd == 0.0


async def test_the_age_of_a_price_is_that_of_the_contract_it_comes_from(wallet, parts) -> None:
    await wallet.clock.advance(4.0)
    wallet.mark(parts.ETHUSD, "3001")
    rows = coins_of(wallet, "mm")
    assert rows["BTC"].price_age_s == pytest.approx(4.0)
    # ETH is priced by its USDT perpetual and the price of USDT: as old as the older.
    assert rows["ETH"].price_age_s == pytest.approx(4.0)
    await wallet.clock.advance(40.0)
    assert coins_of(wallet, "mm")["BTC"].price_usd is None
    assert coins_of(wallet, "mm")["BTC"].reasons["price_age_s"].startswith("missing: ")


def test_haircuts_do_not_apply_to_an_isolated_account(world, parts) -> None:
    world.usual_marks()
    world.account(
        "iso",
        coins=[Balance(asset="BTC", wallet_balance="1", is_collateral=True)],
        state=AccountState(margin_mode="isolated"),
    )
    world.facts()
    [row] = coins_of(world, "iso").values()
    assert (row.equity_usd, row.collateral_usd) == (50_000, None)
    assert row.reasons["collateral_usd"] == row.reasons["collateral_rate"] == "not_applicable"


def test_what_coins_count_adds_up_to_the_adjusted_equity(world, parts) -> None:
    world.usual_marks()
    world.account(
        "mm",
        parts.position(parts.BTCUSDT, "-1", "49000"),
        parts.position(parts.BTCUSD, "20000", "51000"),
        parts.position(parts.CALL, "2", "1000"),
        coins=[
            Balance(asset="USDT", wallet_balance="9000", order_initial_margin="0", is_collateral=True),
            Balance(asset="BTC", wallet_balance="2", order_initial_margin="0", is_collateral=True),
            Balance(asset="ETH", wallet_balance="-3", order_initial_margin="0", is_collateral=True),
        ],
        state=AccountState(margin_mode="cross"),
    )
    world.facts()
    frame = world.frame()
    row = tables.account_row(frame, world.code("mm"))
    coins = tables.coin_rows(frame, world.code("mm"))
    # What options are worth is equity and no collateral.
    assert sum(one.collateral_usd for one in coins) == pytest.approx(row.adjusted_equity_usd)
    assert sum(one.equity_usd for one in coins) == pytest.approx(row.equity_usd)


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_of_one_account_are_those_of_all(parts, seed) -> None:
    world = parts.random_world(seed)
    world.facts()
    frame = world.frame()
    positions = tables.position_rows(frame)
    for row in tables.account_rows(frame):
        code = world.code(row.account_id)
        assert tables.account_row(frame, code) == row
        mine = [one for one in positions if one.account_id == row.account_id]
        assert tables.position_rows(frame, row.account_id) == mine
    assert tables.position_rows(frame, AccountId("nobody")) == []


def test_ladders_of_one_account_are_those_of_all(parts) -> None:
    world = parts.random_world(1)
    world.facts()
    frame = with_distances(world)
    ladder = tables.ladder_rows(frame)
    for row in tables.account_rows(frame):
        mine = [one for one in ladder if one.account_id == row.account_id]
        assert tables.ladder_of(frame, row.account_id) == mine
        assert tables.position_rows(frame, row.account_id) == [
            one for one in tables.position_rows(frame) if one.account_id == row.account_id
        ]
    assert {one.direction for one in ladder} == {"down", "up"}
    assert tables.ladder_of(frame, AccountId("nobody")) == []
