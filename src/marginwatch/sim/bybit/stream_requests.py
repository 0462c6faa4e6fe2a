"""What clients say on a stream: ``{"op": …, "req_id": …, "args": […]}``, read tolerantly."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec


class StreamRequest(NamedTuple):
    """One request; ``req_id`` is echoed exactly as it came (text or number), None if none was sent."""

    op: str
    req_id: Any
    arguments: list[Any]


def read_request(text: str) -> StreamRequest | None:
    """Return the request in a text, or None if it is not a JSON object."""
    try:
        message = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # nested without end is no request either
    if not isinstance(message, dict):
        return None
    fields: dict[str, Any] = message  # pyright: ignore[reportUnknownVariableType]  # any JSON object will do
    arguments = fields.get("args")
    return StreamRequest(
        str(fields.get("op", "")), fields.get("req_id"), arguments if isinstance(arguments, list) else []
    )


def echo(request: StreamRequest, answer: Mapping[str, object]) -> Mapping[str, object]:
    """Return an answer with the request's ``req_id``, if it had one."""
    return answer if request.req_id is None else {**answer, "req_id": request.req_id}
