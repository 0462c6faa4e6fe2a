"""A small book written by hand, as the smallest useful file."""

import json
from typing import Any

import pytest

AT_NS = 1_790_000_000_000_000_000


def small_book() -> dict[str, Any]:
    return {
        "taken_at_ns": AT_NS,
        "accounts": [{"account_id": "a", "margin_mode": "cross", "owner": "fund", "desk": "mm"}],
        "positions": [
            {
                "account_id": "a",
                "venue_symbol": "BTCUSDT",
                "quantity": "1",
                "entry_price": 50000,
                "leverage_setting": "10",
            }
        ],
        "balances": [
            {
                "account_id": "a",
                "asset": "USDT",
                "wallet_balance": "10000",
                "equity": "10000",
                "usd_value": "10000",
            }
        ],
        "marks": [{"venue_symbol": "BTCUSDT", "mark_price": "50000", "index_price": "50000"}],
        "tiers": [
            {
                "venue_symbol": "BTCUSDT",
                "tier": 1,
                "limit": "2000000",
                "initial_margin_rate": "0.01",
                "maintenance_margin_rate": "0.005",
                "max_leverage": "100",
            }
        ],
        "collateral": [{"asset": "USDT", "collateral_rate": 1}],
    }


@pytest.fixture
def given() -> dict[str, Any]:
    return small_book()


@pytest.fixture
def as_bytes():
    return lambda book: json.dumps(book).encode()
