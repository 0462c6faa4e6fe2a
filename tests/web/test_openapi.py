"""The document promises what is sent: types made from it must be true of every reply."""

from typing import Any

import pytest

from marginwatch.web.openapi import truthful


@pytest.fixture
def document() -> dict[str, Any]:
    number = {"oneOf": [{"type": "number"}, {"type": "null"}]}
    schemas = {
        "Row": {"properties": {"value": number, "notes": {"type": "array", "default": []}}, "required": []},
        "Body": {
            "properties": {"part": {"$ref": "#/components/schemas/Part"}, "comment": {"default": ""}},
            "required": ["part"],
        },
        "Part": {"properties": {"for_s": {"type": "number", "default": 1.0}}},
        "State": {"type": "string", "enum": ["firing"]},
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}}
    post = {
        "requestBody": body,
        "responses": {"200": {"content": {}}, "400": {"content": {"application/json": {}}}},
    }
    return {
        "paths": {"/rows": {"post": post}, "/healthz": {"get": {"responses": {"200": {}}}}},
        "components": {"schemas": schemas},
    }


def test_a_reply_has_every_field_and_null_stays_a_type(document: dict[str, Any]) -> None:
    row = truthful(document)["components"]["schemas"]["Row"]
    assert row["required"] == ["notes", "value"]
    assert row["properties"]["notes"] == {"type": "array"}
    assert row["properties"]["value"]["oneOf"][1] == {"type": "null"}


def test_what_a_caller_may_leave_out_stays_optional(document: dict[str, Any]) -> None:
    before = document["components"]["schemas"]
    after = truthful(document)["components"]["schemas"]
    assert after["Body"] == before["Body"]
    assert after["Part"] == before["Part"]


def test_errors_are_texts_and_only_open_routes_have_no_401(document: dict[str, Any]) -> None:
    paths = truthful(document)["paths"]
    refused = paths["/rows"]["post"]["responses"]
    assert {refused[status]["content"]["text/plain"]["schema"]["type"] for status in ("400", "401")} == {
        "string"
    }
    assert "401" not in paths["/healthz"]["get"]["responses"]


def test_the_document_that_was_given_is_not_changed(document: dict[str, Any]) -> None:
    before = repr(document)
    assert truthful(document) == truthful(document)
    assert repr(document) == before


def test_an_empty_document_stays_one() -> None:
    assert truthful({"openapi": "3.1.0"}) == {"openapi": "3.1.0"}


def test_whatever_takes_a_name_says_what_it_answers_to_one_that_there_is_not(
    document: dict[str, Any],
) -> None:
    document["paths"]["/rows"]["post"]["parameters"] = [{"name": "account", "in": "query"}]
    paths = truthful(document)["paths"]
    assert paths["/rows"]["post"]["responses"]["404"]["content"].keys() == {"text/plain"}
    assert "404" not in paths["/healthz"]["get"]["responses"]
