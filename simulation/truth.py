"""The monitor's book against the exchange itself: rows, money and modes, to the last digit that the wire carries."""

from decimal import Decimal
from typing import Any

from marginwatch.app.service import Service
from marginwatch.book.accounts import AccountEntry
from marginwatch.book.snapshot import BookSnapshot
from marginwatch.model.ids import AccountId
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import AccountInfo

LEGS = {"net": 0, "long": 1, "short": 2}
MODES = {"REGULAR_MARGIN": "cross", "ISOLATED_MARGIN": "isolated", "PORTFOLIO_MARGIN": "portfolio"}
CENT = Decimal("0.00000001")
"""The wire carries money with eight decimals."""


def differences(service: Service, exchange: Exchange, accounts: tuple[AccountInfo, ...]) -> list[str]:
    """Return a line for each account of which the book does not tell the truth; empty if it does."""
    picture = service.book.freeze()
    found: list[str] = []
    for info in accounts:
        entry = service.book.entry(AccountId(info.name))
        if entry is None:
            found.append(f"{info.name} is not in the book")
            continue
        for what, ours, theirs in _pairs(picture, entry, exchange, info):
            if ours != theirs:
                found.append(f"{info.name}: {what}: {_unequal(ours, theirs)}")
    return found


def _pairs(
    picture: BookSnapshot, entry: AccountEntry, exchange: Exchange, info: AccountInfo
) -> list[tuple[str, dict[Any, Any], dict[Any, Any]]]:
    truth = exchange.truth(info.uid)
    rows = {
        (row.symbol, row.position_idx): (
            row.size if row.side == "Buy" else -row.size,
            (row.entry_price or Decimal(0)).quantize(CENT),
        )
        for row in truth.positions
    }
    positions = {
        (position.instrument.venue_symbol, LEGS[position.position_side]): (
            Decimal(position.quantity),
            Decimal(position.entry_price or 0).quantize(CENT),
        )
        for position in picture.positions_of(entry.row).values()
    }
    coins = {coin.coin: coin.wallet_balance for coin in truth.wallet.coins if coin.wallet_balance}
    held = {
        asset: Decimal(balance.wallet_balance or "NaN")
        for asset, row in entry.coins.items()
        if (balance := picture.balances[row]) is not None and balance.wallet_balance != "0"
    }
    mode = {"mode": None if entry.state is None else entry.state.margin_mode}
    return [
        ("positions", positions, rows),
        ("wallet", held, coins),
        ("margin mode", mode, {"mode": MODES[exchange.settings(info.uid).margin_mode]}),
    ]


def _unequal(ours: dict[Any, Any], theirs: dict[Any, Any]) -> str:
    keys = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    return "; ".join(f"{key}: ours {ours.get(key)}, theirs {theirs.get(key)}" for key in keys[:5])
