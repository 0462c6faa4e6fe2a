"""The long waits of monitor and exchange, shortened, so that a few simulated seconds hold what takes hours in life.

What a configuration can set is set there; this is about waits that are nobody's to configure. Their proportions stay.
"""

import contextlib
from collections.abc import Iterator
from types import ModuleType

import aiohttp

from marginwatch.collect import backfill, link, sweeps
from marginwatch.config.settings import CollectTable, LimitSettings, PriceSettings
from marginwatch.sim.bybit import lag, server
from marginwatch.venues.bybit import client, rest

SHORTENED: tuple[tuple[ModuleType, str, object], ...] = (
    (link, "LOGIN_RETRY_S", 3.0),
    (rest, "SYNC_EVERY_S", 10.0),
    (rest, "TIMEOUT", aiohttp.ClientTimeout(total=3.0, sock_connect=1.0, sock_read=2.0)),
    (client, "SETTINGS_AGE_S", 2.0),
    (backfill, "GAP_FROM_S", 1.0),
    (sweeps, "ORDERS_AFTER_S", 2.0),
    (sweeps, "ORDERS_EVERY_S", 5.0),
    (lag, "LONGEST_CRASH_S", 5.0),
    (server, "IDLE_CHECK_EVERY_S", 0.5),
    (server, "_active_time_s", lambda text: 1.5 if text else None),
)

COLLECT = CollectTable(
    poll_s=1.0,
    reconcile_s=2.0,
    second_look_s=0.5,
    ping_s=1.0,
    socket_alive_for_s=3.0,
    connect_timeout_s=2.0,
    backoff_first_s=0.1,
    backoff_max_s=1.0,
    stopped_retry_s=3.0,
    key_check_s=4.0,
    price_refresh_s=1.0,
)
LIMITS = LimitSettings(share_of_limit=1.0, ban_wait_s=4.0)
PRICES = PriceSettings(mark_stale_s=3.0, mark_unknown_s=6.0)
SETTINGS_AGE_S = 2.0


@contextlib.contextmanager
def shortened() -> Iterator[None]:
    """Shorten the waits for the time of the block."""
    before = [(module, name, getattr(module, name)) for module, name, _ in SHORTENED]
    for module, name, value in SHORTENED:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
