"""Texts that want to be more than texts, put where the exchange, the desk or a stranger may put texts.

Names of accounts and desks come through the whole product. What the exchange could say (symbols, reasons, messages) is
changed on its way from the service to the page, consistently: the same text becomes the same text everywhere.
"""

import json
import struct
from typing import Any
from urllib.parse import quote, unquote

import msgspec
from playwright.sync_api import Page, Route, WebSocketRoute

from marginwatch.model.account import AccountSpec
from marginwatch.model.ids import AccountId

RAN = "hostileTextRan"
"""Name of the global that a text sets if it is ever more than a text."""

TAG = f"<img src=x onerror='window.{RAN}=1'><script>window.{RAN}=1</script>"
BIDI = "\u202egnp.exe\u2066"
CONTROL = "\x1b[31m\x07\x00"
SHORT = f'"{TAG}{BIDI}'
LONG = f"{{{{constructor.constructor('window.{RAN}=1')()}}}}{TAG}{CONTROL}{BIDI}" + "W" * 10_000

IDENTIFIERS = frozenset(
    {"venue_symbol", "instrument_id", "asset", "underlying_asset", "coin", "nearest_coin"}
)
TEXTS = frozenset(
    {
        "assumptions",
        "author",
        "comment",
        "context",
        "detail",
        "excerpt",
        "headline",
        "labels",
        "left_out",
        "message",
        "notes",
        "ours",
        "place",
        "problem",
        "reason",
        "reasons",
        "summary",
        "theirs",
        "unknown_reason",
        "warnings",
        "worst_position",
    }
)


def dressed(spec: AccountSpec) -> AccountSpec:
    """Return an account whose every name is hostile."""
    return msgspec.structs.replace(
        spec,
        account_id=AccountId(f"{spec.account_id}{SHORT}"),
        desk=f"{spec.desk}{LONG}",
        owner=f"{spec.owner}{TAG}{BIDI}",
        tags=(f"tag{SHORT}", f"tag{TAG}"),
    )


def poisoned(value: Any, ending: str = "") -> Any:
    """Return a JSON value with its texts made hostile; ``ending`` is what the texts directly in it get."""
    if isinstance(value, str):
        return value + ending if value and ending else value
    if isinstance(value, list):
        # One endless text in a list does what a thousand would do.
        return [
            poisoned(one, ending if place == 0 else SHORT if ending else "")
            for place, one in enumerate(value)
        ]
    if isinstance(value, dict):
        return {key: poisoned(one, _ending(key) or ending) for key, one in value.items()}
    return value


def _ending(key: str) -> str:
    return SHORT if key in IDENTIFIERS else LONG if key in TEXTS else ""


def poison(page: Page) -> None:
    """Make hostile whatever this page is told from now on."""
    page.route("**/api/v1/**", _reply)
    page.route_web_socket("**/api/v1/stream", _stream)


def _reply(route: Route) -> None:
    answer = route.fetch(url=_cleaned_url(route.request.url))
    if "json" in answer.headers.get("content-type", ""):
        route.fulfill(response=answer, body=json.dumps(poisoned(answer.json())))
    else:
        route.fulfill(response=answer)


def _cleaned_url(url: str) -> str:
    """Return the address that was meant: what is asked for is known by its own name."""
    return url.replace(quote(SHORT, safe=""), "").replace(quote(SHORT), "")


def _stream(socket: WebSocketRoute) -> None:
    server = socket.connect_to_server()

    def ask(message: str | bytes) -> None:
        asked = json.loads(message)
        server.send(json.dumps({key: _meant(value) for key, value in asked.items()}))

    def tell(message: str | bytes) -> None:
        if isinstance(message, bytes):
            socket.send(poisoned_table(message))
        else:
            socket.send(json.dumps(poisoned(json.loads(message))))

    socket.on_message(ask)
    server.on_message(tell)


def _meant(value: Any) -> Any:
    if isinstance(value, list):
        return [_meant(one) for one in value]
    return unquote(value).replace(SHORT, "") if isinstance(value, str) and SHORT in unquote(value) else value


def poisoned_table(message: bytes) -> bytes:
    """Return a binary message of the stream with the texts of its header made hostile."""
    (length,) = struct.unpack_from("<I", message)
    header = poisoned(json.loads(message[4 : 4 + length]))
    text = json.dumps(header).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + message[4 + length :]
