"""Coins move between accounts and wallets without being made or lost."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim.exchange import Exchange


def held(exchange: Exchange, uid: str, coin: str = "USDT") -> Decimal:
    return next((row.wallet_balance for row in exchange.wallet(uid).coins if row.coin == coin), Decimal(0))


def test_a_transfer_shows_on_both_sides(quiet: Exchange, funded: Callable[..., str]) -> None:
    giver, taker = funded("1000"), funded("0")
    quiet.transfer(giver, taker, "USDT", "400.5")
    assert (held(quiet, giver), held(quiet, taker)) == (Decimal("599.5"), Decimal("400.5"))
    assert quiet.transaction_log(giver)[0].kind == "TRANSFER_OUT"
    assert quiet.transaction_log(taker)[0].change == Decimal("400.5")
    quiet.check_books()


@pytest.mark.parametrize("amount", ["0", "-5", "600"])
def test_what_margin_needs_cannot_leave(quiet: Exchange, funded: Callable[..., str], amount: str) -> None:
    giver, taker = funded("1000"), funded("0")
    quiet.open_position(giver, "SOLUSDT", "50")
    before = quiet.truth(giver)
    with pytest.raises(ValueError, match="withdrawable"):
        quiet.transfer(giver, taker, "USDT", amount)
    assert quiet.truth(giver) == before


def test_the_funding_wallet_feeds_the_unified_one(quiet: Exchange) -> None:
    uid = quiet.accounts()[0].uid
    before, outside = held(quiet, uid), quiet.funding_balances(uid)["USDT"]
    quiet.move_funding(uid, "USDT", "1000")
    assert held(quiet, uid) == before + 1000
    assert quiet.funding_balances(uid)["USDT"] == outside - 1000
    quiet.move_funding(uid, "USDT", "-1000")
    assert quiet.funding_balances(uid)["USDT"] == outside
    with pytest.raises(ValueError, match="must be held"):
        quiet.move_funding(uid, "USDT", outside + 1)
    quiet.check_books()
