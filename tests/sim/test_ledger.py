from decimal import Decimal

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange


def test_a_lost_cent_is_found_and_named() -> None:
    exchange = Exchange(1, ManualClock(), n_accounts=2)
    account = next(iter(exchange._world.accounts.values()))
    account.coin("USDC").balance -= Decimal("0.00000001")
    with pytest.raises(AssertionError, match=r"USDC: the books are off by -1E-8"):
        exchange.check_books()


def test_a_lost_contract_is_found_and_named() -> None:
    exchange = Exchange(1, ManualClock(), n_accounts=2)
    exchange._world.house.size["SOLUSDT"] += 1
    with pytest.raises(AssertionError, match="SOLUSDT: longs and shorts differ"):
        exchange.check_books()
