"""Write ui/openapi.json, which the dashboard's types are generated from: ``python scripts/openapi.py [FILE]``."""

import asyncio
import sys
from pathlib import Path
from typing import Any, cast

import msgspec

from marginwatch.model.secret import Secret
from marginwatch.web.app import create_app
from marginwatch.web.ports import ReadModel

TARGET = Path(__file__).resolve().parents[1] / "ui" / "openapi.json"
PATH = "/api/v1/openapi.json"
TOKEN = "asks-for-itself"  # noqa: S105  # opens an application that lives for one request


def document() -> bytes:
    """Return the document exactly as the API serves it, laid out for reading; it needs no service."""
    return msgspec.json.format(asyncio.run(_asked()), indent=1) + b"\n"


async def _asked() -> bytes:
    app: Any = create_app(cast("ReadModel", None), Secret(TOKEN))
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {TOKEN}".encode())]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "state": {},
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    if messages[0]["status"] != 200:
        raise AssertionError(f"{PATH} answered {messages[0]['status']}")
    return b"".join(message.get("body", b"") for message in messages[1:])


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET).write_bytes(document())
