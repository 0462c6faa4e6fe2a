"""Insurance pools as everybody sees them: one for each settle coin, shared by its contracts.

The exchange has pools of single contracts too; the simulated one has not. What a pool lost is counted from the most
that anybody saw in it within eight hours.
"""

import collections
from collections.abc import Iterable, Mapping
from decimal import Decimal

from marginwatch.sim.instruments import Contract
from marginwatch.sim.ledger import POOL, House
from marginwatch.sim.market_rows import AdlAlertRow, PoolRow
from marginwatch.sim.money import ZERO, from_float

WINDOW_MS = 8 * 3_600_000


class Pools:
    """Reads the pools and remembers the most they held.

    Parameters
    ----------
    house : House
        Whose pools they are.
    start_ms : int
        When the exchange opened, with full pools.
    """

    def __init__(self, house: House, start_ms: int) -> None:
        self._house = house
        self._start_ms = start_ms
        self._seen: dict[str, collections.deque[tuple[int, Decimal]]] = {}

    def pools(self, contracts: Iterable[Contract], usd: Mapping[str, float]) -> tuple[PoolRow, ...]:
        """Return the pool of every settle coin, in the order of listing."""
        symbols: dict[str, list[str]] = {}
        for contract in contracts:
            symbols.setdefault(contract.settle, []).append(contract.symbol)
        return tuple(
            PoolRow(
                coin=coin,
                symbols=tuple(names),
                balance=self._house.pool_left(coin),
                usd_value=from_float(float(self._house.pool_left(coin)) * usd[coin]),
            )
            for coin, names in symbols.items()
        )

    def alerts(self, contracts: Iterable[Contract], now_ms: int) -> tuple[AdlAlertRow, ...]:
        """Return a row for each contract."""
        ratios: dict[str, Decimal] = {}
        for contract in (listed := tuple(contracts)):
            if contract.settle not in ratios:
                ratios[contract.settle] = self._lost(contract.settle, now_ms)
        return tuple(
            AdlAlertRow(
                category=contract.category,
                symbol=contract.symbol,
                coin=contract.settle,
                balance=self._house.pool_left(contract.settle),
                pnl_ratio=ratios[contract.settle],
            )
            for contract in listed
        )

    def _lost(self, coin: str, now_ms: int) -> Decimal:
        seen = self._seen.setdefault(coin, collections.deque([(self._start_ms, POOL)]))
        balance = self._house.pool_left(coin)
        while seen and seen[-1][1] <= balance:
            seen.pop()
        seen.append((now_ms, balance))
        while seen[0][0] < now_ms - WINDOW_MS:
            seen.popleft()
        most = seen[0][1]
        return from_float(float((balance - most) / most), 6) if most > 0 else ZERO
