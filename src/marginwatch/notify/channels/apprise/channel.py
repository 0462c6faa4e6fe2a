"""Handing messages over to Apprise, in threads of its own."""

import asyncio
import importlib
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.apprise.config import AppriseTable
from marginwatch.notify.channels.base import ChannelContext, Outgoing, Receipt
from marginwatch.notify.channels.harmless import harmless_message
from marginwatch.notify.channels.plain_text import body_text
from marginwatch.notify.channels.trimming import clip, fitted
from marginwatch.notify.messages.message import Message

THREADS = 2
"""One that hangs leaves one that works."""

TITLE_MAX = 140
BODY_LEAST = 80
"""A service that takes fewer characters gets the beginning of the short form."""

_TYPES = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.HIGH: "failure",
    Severity.CRITICAL: "failure",
}


class AppriseChannel:
    """One address of Apprise.

    Apprise only says whether all went well. A no is taken for a temporary one, so the message is tried again and falls over to
    another channel after a while.

    Parameters
    ----------
    table : AppriseTable
        As configured.
    secrets : mapping
        ``url``.
    context : ChannelContext
        Not used: Apprise makes its own connections.

    Raises
    ------
    ConfigError
        If Apprise is not installed or does not know the address.
    """

    can_edit = False

    def __init__(self, table: AppriseTable, secrets: Mapping[str, Secret], context: ChannelContext) -> None:  # noqa: ARG002  # every channel is made alike
        library = _library()
        self._service: Any = library.Apprise.instantiate(secrets["url"].reveal(), suppress_exceptions=True)
        if not self._service:
            raise ConfigError(
                "url: what it refers to is no address that Apprise knows; see its list of services"
            )
        self._timeout_s = table.timeout_s
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"apprise-{table.name}")

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Hand one message over.

        Raises
        ------
        DeliveryError
            ``timeout`` or ``server``, both retryable.
        """
        title, body = self._texts(harmless_message(outgoing.message))
        sending = asyncio.get_running_loop().run_in_executor(
            self._threads, self._notify, title, body, self._type(outgoing.message)
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                is_taken = await sending
        except TimeoutError:
            raise DeliveryError(
                f"Apprise: no answer within {self._timeout_s:g} s", reason="timeout", retryable=True
            ) from None
        if not is_taken:
            raise DeliveryError("Apprise: the service did not take it", reason="server", retryable=True)
        return Receipt()

    async def close(self) -> None:
        """Give the threads back; one that still waits for an answer ends when its library lets go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _notify(self, title: str, body: str, kind: str) -> bool:
        try:
            return bool(self._service.notify(body=body, title=title, notify_type=kind, body_format="text"))
        except (OSError, ValueError, TypeError, AttributeError, LookupError, RuntimeError, ImportError):
            # What its plugins raise is not stated anywhere, and may repeat the address.
            return False

    def _texts(self, message: Message) -> tuple[str, str]:
        """Return title and body within the service's limits; services without titles get it within the body."""
        title_max = min(int(self._service.title_maxlen), TITLE_MAX)
        room = int(self._service.body_maxlen) - (TITLE_MAX if title_max <= 0 else 0)
        title = clip(message.title, TITLE_MAX if title_max <= 0 else title_max)
        if room < BODY_LEAST:
            return "", clip(message.short, int(self._service.body_maxlen))
        try:
            return title, fitted(message, body_text, lambda text: len(text) <= room)
        except ValueError:
            return "", clip(message.short, room)

    def _type(self, message: Message) -> str:
        return _TYPES[message.severity] if message.is_firing else "info" if message.is_test else "success"


def _library() -> Any:
    try:
        library = importlib.import_module("apprise")
    except ImportError as error:
        raise ConfigError(
            "type: the apprise package is not installed; install marginwatch[apprise]"
        ) from error
    # Its log lines may hold the address, which has the credentials in it.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    return library
