"""The exchange as a whole: it conserves money, repeats itself, and tells everything in order."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marginwatch.clock import ManualClock
from marginwatch.sim.account import history_max
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.modes import MODES
from marginwatch.sim.rows import Change

START_NS = 1_795_000_000_000_000_000

SYMBOLS = ("BTCUSDT", "ETHPERP", "BTCUSD", "1000PEPEUSDT")
STEPS = {
    "BTCUSDT": Decimal("0.001"),
    "ETHPERP": Decimal("0.01"),
    "BTCUSD": Decimal(1),
    "1000PEPEUSDT": Decimal(100),
}

OPERATIONS = st.one_of(
    st.tuples(st.just("trade"), st.sampled_from(SYMBOLS), st.integers(-4000, 4000).filter(bool)),
    st.tuples(st.just("trade_off_mark"), st.sampled_from(SYMBOLS), st.integers(-4000, 4000).filter(bool)),
    st.tuples(st.just("order"), st.sampled_from(SYMBOLS), st.integers(-900, 900).filter(bool)),
    st.tuples(st.just("move"), st.sampled_from(SYMBOLS), st.integers(-25, 25)),
    st.tuples(st.just("deposit"), st.sampled_from(("USDT", "USDC", "BTC")), st.integers(-5000, 20_000)),
    st.tuples(st.just("leverage"), st.sampled_from(SYMBOLS), st.integers(1, 50)),
    st.tuples(st.just("option"), st.sampled_from(("BTC", "ETH")), st.integers(-300, 300).filter(bool)),
    st.tuples(st.just("mode"), st.sampled_from(sorted(MODES)), st.just(0)),
    st.tuples(st.just("margin"), st.sampled_from(SYMBOLS), st.integers(-500, 500)),
    st.tuples(st.just("transfer"), st.sampled_from(("USDT", "USDC", "BTC")), st.integers(1, 3000)),
    st.tuples(st.just("announce"), st.sampled_from(SYMBOLS), st.integers(1, 3)),
    st.tuples(st.just("pool"), st.sampled_from(("USDT", "USDC", "BTC")), st.integers(0, 100)),
    st.tuples(st.just("later"), st.just(""), st.integers(1, 8)),
    st.tuples(st.just("spot"), st.sampled_from(("BTCUSDT", "USDCUSDT")), st.integers(-900, 900).filter(bool)),
    st.tuples(st.just("hedging"), st.just(""), st.integers(0, 1)),
    st.tuples(st.just("cancel"), st.just(""), st.just(0)),
    st.tuples(st.just("advance"), st.just(""), st.integers(1, 5)),
)


def mark(exchange: Exchange, symbol: str) -> Decimal:
    category = "inverse" if symbol == "BTCUSD" else "linear"
    return exchange.tickers(category, symbol)[0].mark_price


def tick(exchange: Exchange, symbol: str) -> Decimal:
    category = "inverse" if symbol == "BTCUSD" else "linear"
    return exchange.instruments(category, symbol)[0].tick_size


def trade(exchange: Exchange, uid: str, symbol: str, number: int, factor: int = 1) -> None:
    exchange.open_position(uid, symbol, number * STEPS[symbol], mark(exchange, symbol) * factor)


def on_tick(exchange: Exchange, symbol: str, factor: Decimal) -> Decimal:
    price = mark(exchange, symbol) * factor
    return price - price % tick(exchange, symbol)


def order(exchange: Exchange, uid: str, symbol: str, number: int) -> None:
    price = on_tick(exchange, symbol, Decimal("0.98") if number > 0 else Decimal("1.02"))
    exchange.place_order(uid, symbol, number * STEPS[symbol], price)


def trade_option(exchange: Exchange, uid: str, coin: str, number: int) -> None:
    listed = [row for row in exchange.instruments("option") if row.base_coin == coin]
    exchange.open_position(uid, listed[number % len(listed)].symbol, Decimal(number) / 10)


def spot(exchange: Exchange, uid: str, symbol: str, number: int) -> None:
    """Even ones rest 2 % away from the price, odd ones are through it."""
    row, away = exchange.tickers("spot", symbol)[0], 2 if number % 2 else -2
    tick = exchange.instruments("spot", symbol)[0].tick_size
    price = row.last_price * (100 + (away if number > 0 else -away)) / 100
    quantity = Decimal(number) / (997 if symbol == "BTCUSDT" else 1)
    exchange.place_spot_order(uid, symbol, quantity.quantize(Decimal("0.000001")), price - price % tick)


def cancel_first(exchange: Exchange, uid: str) -> None:
    for row in (*exchange.orders(uid, "linear")[:1], *exchange.orders(uid, "spot")[:1]):
        exchange.cancel_order(uid, row.order_id)


DEEDS: dict[str, Callable[[Exchange, str, str, int], object]] = {
    "trade": trade,
    "trade_off_mark": lambda exchange, uid, symbol, number: trade(exchange, uid, symbol, number, 2),
    "option": trade_option,
    "order": order,
    "spot": spot,
    "hedging": lambda exchange, uid, _, number: exchange.set_spot_hedging(uid, is_on=bool(number)),
    "move": lambda exchange, _, symbol, number: exchange.set_price(
        symbol, on_tick(exchange, symbol, Decimal(100 + number) / 100)
    ),
    "deposit": lambda exchange, uid, coin, number: exchange.deposit(uid, coin, Decimal(number) / 7),
    "transfer": lambda exchange, uid, coin, number: exchange.transfer(
        uid, exchange.accounts()[0].uid, coin, Decimal(number) / 7
    ),
    "leverage": lambda exchange, uid, symbol, number: exchange.set_leverage(uid, symbol, str(number)),
    "mode": lambda exchange, uid, mode, _: exchange.set_margin_mode(uid, mode),
    "margin": lambda exchange, uid, symbol, number: exchange.add_margin(uid, symbol, number),
    "announce": lambda exchange, _, symbol, number: exchange.announce_margin_change(symbol, number, 15.0),
    "pool": lambda exchange, _, coin, number: exchange.set_insurance_pool(coin, number),
    "cancel": lambda exchange, uid, _, __: cancel_first(exchange, uid),
    "advance": lambda exchange, _, __, number: exchange.advance(number * 30.0),
    "later": lambda exchange, _, __, number: exchange.step(number * 4000.0),
}


def do(exchange: Exchange, uid: str, operation: tuple[str, str, int]) -> None:
    name, subject, number = operation
    DEEDS[name](exchange, uid, subject, number)


@given(operations=st.lists(st.tuples(st.integers(0, 2), OPERATIONS), max_size=30), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_done_the_books_add_up(
    operations: list[tuple[int, tuple[str, str, int]]], seed: int
) -> None:
    exchange = Exchange(
        seed, ManualClock(START_NS), n_accounts=2, activity_per_s=0.05, tick_s=10.0, funding_interval_s=60.0
    )
    uids = [info.uid for info in exchange.accounts()] + [exchange.open_account("guest").uid]
    for which, operation in operations:
        before = exchange.truth(uids[which])
        try:
            do(exchange, uids[which], operation)
        except ValueError:  # an isolated account cannot do all of it
            assert exchange.truth(uids[which]) == before
        exchange.check_books()
    exchange.advance(10.0)
    for uid in uids:
        truth = exchange.truth(uid)
        for coin in truth.wallet.coins:
            held = [row for row in truth.positions if row.settle_coin == coin.coin]
            rows = [row for row in held if row.category != "option"]
            options = sum(
                (1 if row.side == "Buy" else -1) * row.size * row.mark_price
                for row in held
                if row.category == "option"
            )
            assert coin.equity == pytest.approx(
                coin.wallet_balance + coin.unrealized_pnl + options, abs=Decimal("0.00001")
            )
            locked = sum(
                row.leaves_qty * (row.price if row.side == "Buy" else 1)
                for row in truth.orders
                if row.category == "spot"
                and coin.coin == row.symbol[(-4 if row.side == "Buy" else 0) :][: len(coin.coin)]
            )
            assert coin.locked == pytest.approx(locked, abs=Decimal("0.00001"))
            assert coin.unrealized_pnl == pytest.approx(
                sum(row.unrealized_pnl for row in rows), abs=Decimal("0.00001")
            )
        if truth.positions and exchange.settings(uid).margin_mode != "ISOLATED_MARGIN":
            assert truth.wallet.totals.account_mm_rate is not None
            assert truth.wallet.totals.account_mm_rate < 1


def history_digest(seed: int) -> str:
    exchange = Exchange(
        seed, ManualClock(START_NS), scenario="crash", activity_per_s=4.0, funding_interval_s=10.0
    )
    digest = hashlib.sha256()
    exchange.subscribe(lambda change: digest.update(msgspec.json.encode(change)))
    exchange.advance(15.0)
    assert exchange.stats().liquidations > 0
    return digest.hexdigest()


def test_same_seed_same_history() -> None:
    assert history_digest(7) == history_digest(7)
    assert history_digest(7) != history_digest(8)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_history_does_not_hang_on_hashing(hash_seed: str) -> None:
    program = "import sys; sys.path[:0] = [sys.argv[1]]; import test_exchange; print(test_exchange.history_digest(7))"
    here = os.path.dirname(__file__)  # noqa: PTH120 - a path for another process
    found = subprocess.run(
        [sys.executable, "-c", program, here],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert found.stdout.strip() == history_digest(7)


def test_listening_changes_nothing() -> None:
    heard, unheard = (Exchange(5, ManualClock(START_NS), activity_per_s=5.0) for _ in range(2))
    heard.subscribe(lambda change: None)
    heard.advance(20.0)
    unheard.advance(20.0)
    uids = [info.uid for info in heard.accounts()]
    assert [heard.truth(uid) for uid in uids] == [unheard.truth(uid) for uid in uids]


def test_pushes_and_reads_agree_at_every_moment() -> None:
    exchange = Exchange(3, ManualClock(START_NS), activity_per_s=5.0)
    wrong: list[Change] = []

    def compare(change: Change) -> None:
        for row in change.positions:
            found = exchange.positions(change.uid, row.category, symbol=row.symbol)
            if row not in found:
                wrong.append(change)
        if change.kind == "wallet" and change.totals != exchange.wallet(change.uid).totals:
            wrong.append(change)

    exchange.subscribe(compare)
    exchange.advance(10.0)
    assert exchange.stats().position_changes > 500
    assert not wrong


def test_replaying_position_pushes_gives_the_true_positions() -> None:
    exchange = Exchange(9, ManualClock(START_NS), scenario="calm-then-crash", activity_per_s=5.0)
    held = {
        (row.uid, row.symbol, row.position_idx): row
        for info in exchange.accounts()
        for row in exchange.truth(info.uid).positions
    }

    def replay(change: Change) -> None:
        for row in change.positions:
            key = (row.uid, row.symbol, row.position_idx)
            if key in held:
                assert (row.seq, row.updated_ms) >= (held[key].seq, held[key].updated_ms)
            held[key] = row

    exchange.subscribe(replay)
    exchange.advance(60.0)
    assert exchange.stats().liquidations > 0
    for info in exchange.accounts():
        true = {
            (row.symbol, row.position_idx): (row.side, row.size, row.entry_price, row.seq)
            for row in exchange.truth(info.uid).positions
        }
        ours = {
            key[1:]: (row.side, row.size, row.entry_price, row.seq)
            for key, row in held.items()
            if key[0] == info.uid and row.size
        }
        assert ours == true


def test_reading_changes_nothing() -> None:
    read, unread = (Exchange(5, ManualClock(START_NS), activity_per_s=5.0) for _ in range(2))
    uids = [info.uid for info in read.accounts()]
    for _ in range(10):
        for uid in uids:
            read.wallet(uid)
            for row in read.instruments("linear"):
                read.positions(uid, "linear", symbol=row.symbol)
        read.advance(1.0)
        unread.advance(1.0)
    assert [read.truth(uid) for uid in uids] == [unread.truth(uid) for uid in uids]


def test_a_listener_can_leave(quiet: Exchange) -> None:
    heard: list[Change] = []
    leave = quiet.subscribe(heard.append)
    quiet.step()
    leave()
    leave()
    quiet.step()
    assert [change.kind for change in heard] == ["ticker"]


def test_the_demo_kills_the_overlevered_and_leaves_idle_collateral() -> None:
    exchange = Exchange(42, ManualClock(START_NS), scenario="calm-then-crash")
    names = {info.uid: info.name for info in exchange.accounts()}
    exchange.advance(24.0)
    assert exchange.stats().liquidations == 0
    exchange.advance(40.0)
    assert {names[uid] for uid in exchange.stats().liquidated_uids} == {"dir-momentum"}
    treasury = next(uid for uid, name in names.items() if name == "treasury")
    available = exchange.wallet(treasury).totals.total_available_balance
    assert available is not None
    assert available > 3_000_000


def test_twelve_accounts_have_names_and_keys_of_their_own() -> None:
    exchange = Exchange(1, ManualClock(START_NS))
    infos = exchange.accounts()
    assert len({info.uid for info in infos}) == len({info.key.api_key for info in infos}) == 12
    assert len({info.name for info in infos}) == 12
    assert [info.uid for info in exchange.sub_members(infos[0].uid)] == [info.uid for info in infos[1:]]
    assert exchange.sub_members(infos[1].uid) == ()
    assert all(exchange.truth(info.uid).positions for info in infos)
    assert {row.position_idx for info in infos for row in exchange.positions(info.uid, "linear")} == {0, 1, 2}


def test_a_crowd_holds_as_many_positions_as_asked() -> None:
    exchange = Exchange(1, ManualClock(START_NS), n_accounts=30, positions_per_account=20)
    held = [len(exchange.truth(info.uid).positions) for info in exchange.accounts()[1:]]
    assert len(held) == 29
    assert all(count == 20 for count in held)


def test_reads_of_nobody_and_bad_controls_say_what_is_wrong(
    quiet: Exchange, funded: Callable[..., str]
) -> None:
    uid = funded()
    before = quiet.truth(uid)
    with pytest.raises(KeyError):
        quiet.wallet("1")
    with pytest.raises(ValueError, match="NOPE"):
        quiet.open_position(uid, "NOPE", "1")
    with pytest.raises(ValueError, match=r"multiple of 0\.001"):
        quiet.open_position(uid, "BTCUSDT", "0.0005")
    with pytest.raises(ValueError, match="must be positive"):
        quiet.open_position(uid, "BTCUSDT", "0.001", "-5")
    with pytest.raises(ValueError, match="1 to 100"):
        quiet.set_leverage(uid, "BTCUSDT", "101")
    with pytest.raises(ValueError, match="SHIB"):
        quiet.deposit(uid, "SHIB", "1")
    with pytest.raises(ValueError, match="finite"):
        quiet.deposit(uid, "USDT", "NaN")
    assert quiet.truth(uid) == before


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("n_accounts", 0),
        ("tick_s", 0.0),
        ("funding_interval_s", -1.0),
        ("activity_per_s", -1.0),
        ("scenario", "boom"),
    ],
)
def test_impossible_settings_are_refused(argument: str, value: object) -> None:
    settings_given = {"n_accounts": 2, argument: value}
    with pytest.raises(ValueError, match=argument):
        Exchange(1, ManualClock(START_NS), **settings_given)  # type: ignore[arg-type]


def test_hedge_mode_shows_both_legs_of_a_symbol(quiet: Exchange, funded: Callable[..., str]) -> None:
    hedged, one_way = funded(is_hedge_mode=True), funded()
    quiet.open_position(hedged, "BTCUSDT", "0.01")
    rows = quiet.positions(hedged, "linear", symbol="BTCUSDT")
    assert [(row.position_idx, row.side, row.size) for row in rows] == [
        (1, "Buy", Decimal("0.01")),
        (2, "", 0),
    ]
    assert rows[1].entry_price is None
    assert [row.position_idx for row in quiet.positions(one_way, "linear", symbol="BTCUSDT")] == [0]
    assert [row.position_idx for row in quiet.positions(hedged, "linear", symbol="BTCPERP")] == [0]
    with pytest.raises(ValueError, match="turn it over"):
        quiet.open_position(hedged, "BTCUSDT", "-0.02", position_idx=1)


def test_positions_can_be_asked_by_settle_coin(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded()
    quiet.open_position(uid, "BTCUSDT", "0.01")
    quiet.open_position(uid, "BTCPERP", "-0.01")
    quiet.open_position(uid, "BTCUSD", "50")
    assert [row.symbol for row in quiet.positions(uid, "linear", settle_coin="USDC")] == ["BTCPERP"]
    assert [row.symbol for row in quiet.positions(uid, "linear")] == ["BTCUSDT", "BTCPERP"]
    assert [row.symbol for row in quiet.positions(uid, "inverse")] == ["BTCUSD"]
    assert quiet.positions(uid, "linear", symbol="BTCUSD") == ()


def test_leverage_changes_margin_but_not_the_sequence(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded()
    quiet.open_position(uid, "BTCUSDT", "0.010")
    (before,) = quiet.positions(uid, "linear")
    quiet.set_leverage(uid, "BTCUSDT", "20")
    (after,) = quiet.positions(uid, "linear")
    assert after.seq == before.seq
    assert after.updated_ms > before.updated_ms
    assert before.initial_margin is not None
    assert after.initial_margin is not None
    assert after.initial_margin < before.initial_margin


def test_deleveraging_takes_part_away(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded()
    quiet.open_position(uid, "BTCUSDT", "0.010")
    row = quiet.deleverage(uid, "BTCUSDT", "-0.004")
    assert (row.kind, row.create_type) == ("AdlTrade", "CreateByAdl_PassThrough")
    assert quiet.positions(uid, "linear")[0].size == Decimal("0.006")


def test_nobody_can_withdraw_what_margin_needs(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    assert quiet.withdrawable(uid, "USDT") == pytest.approx(Decimal(10_000), abs=Decimal("0.001"))
    quiet.open_position(uid, "BTCUSDT", "1.000")
    assert 0 <= quiet.withdrawable(uid, "USDT") < 2_000
    assert quiet.withdrawable(uid, "BTC") == 0


def test_fees_follow_the_listing(quiet: Exchange) -> None:
    uid = quiet.accounts()[0].uid
    (row,) = quiet.fee_rates(uid, "linear", "BTCUSDT")
    assert (row.taker, row.maker) == (Decimal("0.00055"), Decimal("0.0002"))
    assert len(quiet.fee_rates(uid, "inverse")) == 6
    assert [row.base_coin for row in quiet.fee_rates(uid, "option")] == ["BTC", "ETH"]
    assert quiet.fee_rates(uid, "option", "NOPE") == ()


async def test_running_follows_the_clock() -> None:
    import asyncio

    clock = ManualClock(START_NS)
    exchange = Exchange(1, clock, n_accounts=3, activity_per_s=2.0)
    running = asyncio.create_task(exchange.run())
    await clock.advance(5.0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert exchange.now_ms() - START_NS // 1_000_000 == 5_000
    assert exchange.stats().position_changes >= 25


def test_many_accounts_remember_less_each_so_that_all_of_them_stay_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("marginwatch.sim.account.HISTORY_MIN", 5)
    monkeypatch.setattr("marginwatch.sim.account.HISTORIES_MAX", 60)
    exchange = Exchange(1, ManualClock(START_NS), n_accounts=3, activity_per_s=0.0)
    uid = exchange.accounts()[1].uid
    for number in range(1, 31):
        exchange.open_position(uid, "BTCUSDT", STEPS["BTCUSDT"] * number)
    kept = exchange.executions(uid, "linear")
    assert [row.qty / STEPS["BTCUSDT"] for row in kept] == list(range(30, 10, -1))
    assert len(exchange.transaction_log(uid)) == 20


def test_few_accounts_remember_thousands_and_the_largest_desk_still_hundreds() -> None:
    assert [history_max(n_accounts) for n_accounts in (1, 100, 500, 1000, 5000)] == [
        2000,
        2000,
        400,
        200,
        200,
    ]
