"""The same seed gives the same wire bytes on a manual clock, REST and streams, faults and all."""

import asyncio
import os
import re
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent / "wire_script.py"


async def bytes_of(seed: int, hash_seed: int) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        str(seed),
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(), 60.0)
    assert process.returncode == 0, error.decode()
    return out


async def test_the_same_seed_gives_the_same_wire_bytes() -> None:
    first, second, other = await asyncio.gather(*(bytes_of(*seeds) for seeds in ((5, 1), (5, 2), (6, 1))))
    assert first == second
    assert first != other
    for part in (
        b'"topic":"position"',
        b'"topic":"wallet"',
        b'"topic":"tickers.BTCUSDT"',
        b'"topic":"orderbook.50.BTCUSDT","type":"delta"',
        b'"topic":"orderbook.200.ETHUSDT","type":"snapshot"',
        b'"topic":"allLiquidation.',
        b'"topic":"publicTrade.',
        b'"topic":"adlAlert.USDT"',
        b'"topic":"insurance.USDT"',
        b'"maxBalance":""',
        b'"topic":"greeks"',
        b'"topic":"execution.fast"',
        b'"topic":"order"',
        b'"topic":"system.status"',
        b'"topic":"orderbook.25.',
        b'"topic":"tickers.BTCUSD"',
        b'"retCode":10016',
        b'"retCode":10003',
        b"HTTP/1.1 429",
    ):
        assert part in first
    assert re.search(rb"HTTP/1.1 50[023]", first)
