"""The OpenAPI document: Litestar's, made as true as our replies are, for programs that generate their types from it."""

from typing import Any, TypeAlias

import msgspec
from litestar.openapi.plugins import JsonRenderPlugin

from marginwatch.web.gate import OPEN_PATHS
from marginwatch.web.names import NAMES

Json: TypeAlias = dict[str, Any]

REFERENCE = "#/components/schemas/"
ERROR: Json = {"content": {"text/plain": {"schema": {"type": "string"}}}}
"""Errors are one line of text: what is wrong, and where."""


class DocumentPlugin(JsonRenderPlugin):
    """Serves the document as :func:`truthful` makes it, and no page that shows it."""

    def render(self, request: Any, openapi_schema: Json) -> bytes:
        """Return the document as JSON."""
        del request
        return msgspec.json.encode(truthful(openapi_schema), order="deterministic")


def truthful(document: Json) -> Json:
    """Return Litestar's document corrected to what we really send.

    What a reply has is always sent, also where its class has a default; so nothing of it is optional, null is said by its
    type, and a default says nothing. What a caller sends stays as it is. Errors are texts; the token opens all the rest.

    Parameters
    ----------
    document : dict
        ``app.openapi_schema.to_schema()``. Not changed.

    Returns
    -------
    dict
        The same for the same routes, whatever ran before.
    """
    copy: Json = msgspec.json.decode(msgspec.json.encode(document))
    schemas: dict[str, Json] = copy.get("components", {}).get("schemas", {})
    sent: set[str] = set()
    for path, operations in copy.get("paths", {}).items():
        for operation in operations.values():
            sent |= _named(operation.get("requestBody", {}), schemas)
            _say_errors(operation, is_open=path in OPEN_PATHS)
    for name, schema in schemas.items():
        if name not in sent:
            _require_all(schema)
    return copy


def _require_all(schema: Json) -> None:
    properties: dict[str, Json] = schema.get("properties", {})
    if properties:
        schema["required"] = sorted(properties)
    for field in properties.values():
        field.pop("default", None)


def _say_errors(operation: Json, *, is_open: bool) -> None:
    responses: dict[str, Json] = operation.get("responses", {})
    for status, response in responses.items():
        if int(status) >= 400:
            response["content"] = ERROR["content"]
    if any(one.get("name") in NAMES for one in operation.get("parameters", [])):
        responses.setdefault("404", {"description": "There is none of that name", **ERROR})
    if not is_open:
        responses["401"] = {"description": "No token or session was shown, or not a valid one", **ERROR}


def _named(part: Any, schemas: dict[str, Json]) -> set[str]:
    """Return the names of all schemas that a part of the document leads to."""
    found: set[str] = set()
    left: list[Any] = [part]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left.extend(one)  # pyright: ignore[reportUnknownArgumentType]  # JSON is what it is
        elif isinstance(one, dict):
            name = str(one.get("$ref", "")).removeprefix(REFERENCE)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            if name in schemas and name not in found:
                found.add(name)
                left.append(schemas[name])
            left.extend(one.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    return found
