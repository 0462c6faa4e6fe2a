"""All margin modes at once: a crash repeats itself, keeps its books, and leaves every account solvent."""

import hashlib
from decimal import Decimal

import msgspec
import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.modes import MODES, mode_named

START_NS = 1_795_000_000_000_000_000


def crash(seed: int) -> tuple[Exchange, dict[str, str], str]:
    """Return an exchange after a crash, its accounts by mode, and a digest of all that was told."""
    exchange = Exchange(
        seed,
        ManualClock(START_NS),
        n_accounts=4,
        scenario="crash",
        activity_per_s=2.0,
        funding_interval_s=10.0,
    )
    digest = hashlib.sha256()
    exchange.subscribe(lambda change: digest.update(msgspec.json.encode(change)))
    uids: dict[str, str] = {}
    calls = [row.symbol for row in exchange.instruments("option") if row.symbol.endswith("-C")]
    for mode in MODES:
        uid = uids[mode] = exchange.open_account(mode.lower(), margin_mode=mode).uid
        for coin in ("USDT", "USDC"):
            exchange.deposit(uid, coin, "60000")
        exchange.open_position(uid, "BTCUSDT", "2")
        exchange.open_position(uid, "ETHPERP", "-10")
        if mode != "ISOLATED_MARGIN":
            exchange.open_position(uid, calls[3], "-0.5")
            exchange.open_position(uid, calls[10], "1")
    exchange.set_insurance_pool("USDT", "1000")
    exchange.advance(40.0)
    for uid in uids.values():
        digest.update(msgspec.json.encode(exchange.truth(uid)))
    return exchange, uids, digest.hexdigest()


def test_a_crash_in_all_modes_repeats_itself_and_adds_up() -> None:
    exchange, uids, told = crash(5)
    assert crash(5)[2] == told
    assert crash(6)[2] != told
    exchange.check_books()
    assert set(uids.values()) & set(exchange.stats().liquidated_uids)
    for uid in uids.values():
        assert all(coin.wallet_balance >= Decimal(-60_000) for coin in exchange.wallet(uid).coins)
        rate = exchange.wallet(uid).totals.account_mm_rate
        assert rate is None or rate < 1


def test_isolated_dies_by_the_position_and_keeps_the_rest() -> None:
    exchange, uids, _ = crash(5)
    alone = uids["ISOLATED_MARGIN"]
    assert alone in exchange.stats().liquidated_uids
    assert [row.symbol for row in exchange.positions(alone, "linear")] == ["ETHPERP"]


def test_modes_have_names() -> None:
    assert set(MODES) == {"REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN"}
    with pytest.raises(ValueError, match="PORTFOLIO_MARGIN, got 'CROSS'"):
        mode_named("CROSS")
