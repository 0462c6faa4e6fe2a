"""The long-lived service: runs until it is told to stop, reads its configuration again on SIGHUP."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

import structlog

from marginwatch.app.alerting.setup import alert_setup
from marginwatch.app.api import access_of, api_of
from marginwatch.app.service import Service, running
from marginwatch.config import Config, load
from marginwatch.config.sections import is_loopback
from marginwatch.config.settings import ServiceSettings
from marginwatch.errors import ConfigError
from marginwatch.logs import Scrubber
from marginwatch.model.secret import Secret
from marginwatch.web.access.access import Access
from marginwatch.web.server import WebServer
from marginwatch.web.token import ensure_token

PROGRESS_EVERY_S = 5.0

TOKEN_LENGTH_MIN = 20
"""Nothing limits how often a token may be tried, so a short one is none."""

THREAD_TURN_S = 0.0005
"""How long a thread keeps the interpreter while another waits. Threads that reckon heavy measures held up the loop, and each
statement on its way to the database and back, ten times as long by default."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


def run_loop(main: Coroutine[object, object, T]) -> T:
    """Run ``main`` on uvloop where there is one: half the memory of a TLS socket, a fifth less time a message."""
    sys.setswitchinterval(THREAD_TURN_S)
    try:
        import uvloop  # noqa: PLC0415  # not on every platform
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


async def serve(
    path: Path, scrubber: Scrubber, *, on_start: Callable[[Service, str], None] | None = None
) -> None:
    """Run the service configured in ``path`` until SIGTERM or SIGINT.

    Parameters
    ----------
    path : Path
        The configuration; read again on SIGHUP. A file that cannot be used then is told, and the old one stays.
    scrubber : Scrubber
        Learns every secret before it is used.
    on_start : callable, optional
        Hears the service and the address of its API once both run; for programs that look inside.

    Raises
    ------
    ConfigError
        If the configuration, the data folder or the address cannot be used.
    """
    config = _load(path, scrubber)
    stopping, reloading = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, reloading.set)
    service = Service(config, alerts=alert_setup(config), is_apart=True)
    async with running(service):
        access = _access(config.service, scrubber)
        web = WebServer(api_of(service, access), config.service.host, config.service.port)
        await web.start()
        log.info(
            "service started", url=web.url, accounts=len(config.accounts), data=str(config.service.data_dir)
        )
        _tell_entrance(config.service, access, web.url)
        if on_start is not None:
            on_start(service, web.url)
        watchers = [
            asyncio.create_task(_tell_progress(service)),
            asyncio.create_task(_reload_when_asked(service, path, scrubber, reloading)),
        ]
        try:
            await stopping.wait()
        finally:
            log.info("stopping")
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            await web.stop()
    log.info("stopped")


def _load(path: Path, scrubber: Scrubber) -> Config:
    config = load(path)
    scrubber.learn(_secrets(config))
    for warning in config.warnings:
        log.warning(warning)
    return config


def _secrets(config: Config) -> list[Secret | None]:
    found: list[Secret | None] = [config.service.token]
    for spec in config.accounts:
        found += [spec.api_key, spec.api_secret, spec.passphrase]
    return found


def _access(settings: ServiceSettings, scrubber: Scrubber) -> Access:
    token = settings.token or ensure_token(settings.token_file)
    scrubber.learn([token])
    if settings.token is None:
        log.info("token of the API", file=str(settings.token_file))
    return access_of(settings, token)


def _tell_entrance(settings: ServiceSettings, access: Access, url: str) -> None:
    """Say where the dashboard is and what it takes to come in."""
    log.info("dashboard", url=url, login=sign_in_words(settings, access))
    if not is_loopback(settings.host):
        log.warning(
            "other machines reach this address: everybody must sign in, and what is typed is only hidden from others on the way"
            " if a proxy with TLS stands before it",
            host=settings.host,
        )
        if settings.token is not None and len(settings.token.reveal()) < TOKEN_LENGTH_MIN:
            log.warning(
                "the token of the configuration can be guessed: use a longer one, or leave it out for the generated one",
                characters_at_least=TOKEN_LENGTH_MIN,
            )


def sign_in_words(settings: ServiceSettings, access: Access) -> str:
    """Return what it takes to come in, for people; no secret is in it."""
    if access.is_open():
        return "not needed on this machine; marginwatch web set-password --role operator changes that"
    where = (
        f"the token in {settings.token_file}" if settings.token is None else "the token of the configuration"
    )
    return (
        f"with a password, or {where}" if access.has_password() else f"with {where}; or set a password first"
    )


async def _tell_progress(service: Service) -> None:
    """Log how far the start has come until the picture is complete."""
    started_s = service.clock.monotonic_s()
    while not await service.wait_until_complete(PROGRESS_EVERY_S):
        now = service.progress()
        log.info(
            "reading accounts",
            heard=now.n_heard,
            of=now.n_accounts,
            streaming=now.n_streaming,
            stopped=now.n_stopped,
        )
    # The first picture lives as long as the service. The collector of cycles would walk through all of it again and
    # again, a quarter of a second each time at 20,000 positions, in which nothing is judged.
    gc.freeze()
    now = service.progress()
    log.info(
        "picture complete",
        seconds=round(service.clock.monotonic_s() - started_s, 1),
        accounts=now.n_accounts,
        not_included=now.n_stopped,
    )


async def _reload_when_asked(service: Service, path: Path, scrubber: Scrubber, asked: asyncio.Event) -> None:
    while True:
        await asked.wait()
        asked.clear()
        try:
            # Thousands of accounts take seconds to read, in which nothing would be judged or told.
            await service.reload(await asyncio.to_thread(_load, path, scrubber))
        except ConfigError as error:
            log.warning("configuration not reloaded; the old one stays in force", reason=str(error))
        else:
            log.info("configuration reloaded", accounts=len(service.config.accounts))
