"""A message and its alerts as one JSON document, for programs: what webhook sends and inbox writes."""

import json
from typing import Any

import msgspec

from marginwatch.notify.channels.base import Outgoing

VERSION = 1
"""Rises when a field changes its meaning or goes; new fields do not raise it."""


def document(channel: str, outgoing: Outgoing) -> dict[str, Any]:
    """Return what a program is told: ``version``, ``channel``, ``message``, ``alerts`` and ``transition_ids``.

    ``message`` and ``alerts`` are the structs of :mod:`marginwatch.notify.messages.message` and
    :mod:`marginwatch.model.alert` field by field: times in UTC nanoseconds, numbers that are not there null.
    ``message.message_id`` is the same for every attempt, so a receiver can drop what it has already.
    """
    message = outgoing.message
    return {
        "version": VERSION,
        "channel": channel,
        "message_id": message.message_id,
        "transition_ids": [one for item in message.items for one in item.transition_ids],
        "message": msgspec.to_builtins(message),
        "alerts": [msgspec.to_builtins(alert) for alert in outgoing.alerts],
    }


def document_bytes(channel: str, outgoing: Outgoing) -> bytes:
    """Return the document as UTF-8 JSON on one line."""
    whole = document(channel, outgoing)
    try:
        return msgspec.json.encode(whole)
    except UnicodeEncodeError:
        # Half characters, which no encoding takes, are no reason to lose an alert.
        return json.dumps(whole, ensure_ascii=False).encode(errors="replace")
