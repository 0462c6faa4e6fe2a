"""A test through every channel: what a person sees before relying on it."""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from marginwatch.app.connections import open_http
from marginwatch.clock import Clock, SystemClock
from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.delivery import ChannelTest
from marginwatch.notify.channels.base import Acknowledge, Channel, ChannelContext, Outgoing
from marginwatch.notify.messages.compose import compose_test
from marginwatch.notify.settings import ChannelSetup, NotifySetup

PATIENCE_S = 5.0
"""Beyond a channel's own time limit; then it counts as not answering, whatever it still does."""


def open_channel(
    one: ChannelSetup,
    http: aiohttp.ClientSession,
    clock: Clock,
    folder: Path,
    on_acknowledge: Acknowledge | None = None,
) -> Channel:
    """Return the channel of a configuration; its owner closes it.

    Raises
    ------
    ConfigError
        If it cannot be made as configured, with file, line, key and remedy.
    """
    context = ChannelContext(one.name, http, clock, on_acknowledge, folder)
    try:
        return one.kind.build(one.table, one.secrets, context)
    except ConfigError as error:
        raise ConfigError(f"{one.place}: [[channel]] {one.name}: {error}") from error


async def send_tests(
    setup: NotifySetup, channels: Mapping[str, Channel], clock: Clock
) -> tuple[ChannelTest, ...]:
    """Send a test through each channel, all at once, and return what came of each.

    Parameters
    ----------
    setup : NotifySetup
        What is configured; disabled channels are named and not tried.
    channels : mapping of str to Channel
        Those of ``setup.channels``, by name.
    clock : Clock
        Time.
    """
    found = await asyncio.gather(
        *(
            _send_test(one, channels[one.name], setup.public_url, clock)
            for one in setup.channels.values()
            if one.name in channels
        )
    )
    off = (
        ChannelTest(channel=name, kind="", is_delivered=False, took_s=0.0, reason="disabled")
        for name in setup.disabled
    )
    return (*found, *off)


async def test_configured(setup: NotifySetup, folder: Path) -> tuple[ChannelTest, ...]:
    """Open every channel, send a test through each, and close them; works without a service.

    Parameters
    ----------
    setup : NotifySetup
        What is configured.
    folder : Path
        What relative paths start from.
    """
    clock = SystemClock()
    broken: dict[str, ChannelTest] = {}
    channels: dict[str, Channel] = {}
    async with open_http() as http, contextlib.AsyncExitStack() as opened:
        for one in setup.channels.values():
            try:
                channels[one.name] = open_channel(one, http, clock, folder)
            except ConfigError as error:
                broken[one.name] = _failed(one, 0.0, "config", str(error))
            else:
                opened.push_async_callback(channels[one.name].close)
        sent = {one.channel: one for one in await send_tests(setup, channels, clock)}
    return tuple((broken | sent)[name] for name in (*setup.channels, *setup.disabled))


async def _send_test(
    one: ChannelSetup, channel: Channel, public_url: str | None, clock: Clock
) -> ChannelTest:
    message = compose_test(
        one.name,
        message_id=secrets.token_hex(16),
        language=one.table.language,
        timezone=one.table.timezone,
        public_url=public_url,
        now_ns=clock.now_ns(),
    )
    begun_s = clock.monotonic_s()
    limit_s = one.table.timeout_s + PATIENCE_S
    try:
        async with asyncio.timeout(limit_s):
            receipt = await channel.send(Outgoing(message=message, alerts=()))
    except TimeoutError:
        return _failed(one, clock.monotonic_s() - begun_s, "timeout", f"no answer within {limit_s:g} s")
    except DeliveryError as error:
        return _failed(one, clock.monotonic_s() - begun_s, error.reason, str(error))
    return ChannelTest(
        channel=one.name,
        kind=one.kind.kind,
        is_delivered=True,
        took_s=clock.monotonic_s() - begun_s,
        detail=receipt.detail,
    )


def _failed(one: ChannelSetup, took_s: float, reason: str, detail: str) -> ChannelTest:
    return ChannelTest(
        channel=one.name,
        kind=one.kind.kind,
        is_delivered=False,
        took_s=took_s,
        reason=reason,
        detail=detail,
    )
