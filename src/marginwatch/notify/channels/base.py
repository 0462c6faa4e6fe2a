"""What every channel is: a way to send one message, and what its kind is called and needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import aiohttp
import msgspec

from marginwatch.clock import Clock
from marginwatch.model.alert import Alert
from marginwatch.model.secret import Secret
from marginwatch.notify.messages.message import Message


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform answered.

    Parameters
    ----------
    reference : str or None
        Its name of the message, by which it can be changed later; None where it has none.
    is_edit : bool
        An earlier message was changed in place.
    detail : str
        Worth keeping in the delivery log; no secret.
    """

    reference: str | None = None
    is_edit: bool = False
    detail: str = ""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel is given to send.

    Parameters
    ----------
    message : Message
        In words.
    alerts : tuple of Alert
        The alerts behind its items, in their order, for channels that send data.
    replaces : str or None
        Reference of an earlier message about the same single alert, which may be changed in place; a channel that
        cannot, or whose message is gone, sends a new one.
    """

    message: Message
    alerts: tuple[Alert, ...]
    replaces: str | None = None


class Channel(Protocol):
    """One configured way to people."""

    @property
    def can_edit(self) -> bool:
        """Whether earlier messages can be changed in place."""
        ...

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one message.

        Raises
        ------
        DeliveryError
            If the platform did not take it, or no answer came. ``retryable`` says whether to try again,
            ``retry_after_s`` when at the earliest, ``reason`` is one of ``timeout``, ``connection``, ``rate_limited``,
            ``server``, ``auth``, ``not_found``, ``too_long``, ``rejected``, ``garbage``.
        """
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


@runtime_checkable
class Listening(Protocol):
    """A channel that also hears people; whoever makes it lets :meth:`listen` run beside the dispatcher."""

    async def listen(self) -> None:
        """Take what people answer until canceled; return at once if nobody wants that."""
        ...


Acknowledge = Callable[[str, str, str], Awaitable[str]]
"""Acknowledge an alert: its id, who, through which channel; returns what to answer them."""


@dataclass(slots=True, frozen=True)
class ChannelContext:
    """What a channel is made with, beside its configuration.

    Parameters
    ----------
    name : str
        Of the channel.
    http : aiohttp.ClientSession
        Shared; has no default time limit, so each request names one.
    clock : Clock
        Time.
    on_acknowledge : callable or None
        For channels with buttons.
    folder : Path
        What relative paths start from: the folder of the configuration.
    """

    name: str
    http: aiohttp.ClientSession
    clock: Clock
    on_acknowledge: Acknowledge | None = None
    folder: Path = Path()


class ChannelTable(msgspec.Struct, frozen=True, kw_only=True):
    """Keys that every ``[[channel]]`` table has; a kind's own ``config.py`` extends it.

    Parameters
    ----------
    name : str
        Unique.
    type : str
        Its kind.
    enabled : bool
        False keeps it here without using it.
    language : {'en', 'zh', 'vi', 'th'}
        Of its messages.
    timezone : str
        Of times in them, an IANA name.
    min_severity : str
        Milder alerts are not told here.
    send_resolved : bool
        Whether it is told that an alert is over.
    messages_per_minute : float or None
        Most messages that it may send; beyond it several alerts become one. None takes the kind's own.
    fall_over_to : str or None
        Channel that gets what this one cannot deliver for good.
    timeout_s : float
        Of one attempt.
    """

    name: str
    type: str
    enabled: bool = True
    language: str = "en"
    timezone: str = "UTC"
    min_severity: str = "info"
    send_resolved: bool = True
    messages_per_minute: float | None = None
    fall_over_to: str | None = None
    timeout_s: float = 10.0


@dataclass(slots=True, frozen=True)
class ChannelKind:
    """One kind of channel: what ``manifest.py`` of its folder states.

    Parameters
    ----------
    kind : str
        The word in the configuration.
    table : type
        Its configuration, a subclass of :class:`ChannelTable`; fields that hold secrets are references
        (``env:NAME``) listed in ``secrets``.
    secrets : tuple of str
        Keys whose values are references to secrets. Of a key that holds a table each value is one, given to ``build``
        as ``key.name``.
    build : callable
        Makes the channel from its table, its secrets by key, and the context. Raises ``ConfigError`` naming key and
        remedy for what a type cannot check.
    messages_per_minute : float
        What the platform bears, by its documents.
    text_max : int
        Characters in one message.
    documents : tuple of str
        Where that stands, with the day it was read.
    """

    kind: str
    table: type[ChannelTable]
    secrets: tuple[str, ...]
    build: "Callable[[ChannelTable, dict[str, Secret], ChannelContext], Channel]"
    messages_per_minute: float
    text_max: int
    documents: tuple[str, ...]
