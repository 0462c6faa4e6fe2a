"""The routes of alerts over real sockets."""

import json
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace

import aiohttp
import pytest_asyncio
from tests.web.alerts import MINUTE_NS, NOW_NS, Desk, small_desk
from tests.web.conftest import Picture

from marginwatch.model.secret import Secret
from marginwatch.risk.frame import Frame
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer


@pytest_asyncio.fixture
async def api(measure_desk: Callable[[], Frame]) -> AsyncGenerator[SimpleNamespace, None]:
    """``ask(method, path, body)`` returns status and decoded JSON or text."""
    desk = small_desk()
    server = WebServer(create_app(Picture(measure_desk()), Secret("t0ken"), alerting=desk), port=0)
    await server.start()
    async with aiohttp.ClientSession() as http:

        async def ask(
            method: str, path: str, body: object = None, token: str = "t0ken"
        ) -> tuple[int, object]:
            data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            async with http.request(method, server.url + path, data=data, headers=headers) as reply:
                text = await reply.text()
                is_json = reply.content_type == "application/json"
                return reply.status, json.loads(text) if is_json and text else text

        yield SimpleNamespace(ask=ask, desk=desk)
    await server.stop()


async def rows(api: SimpleNamespace, path: str) -> list[dict]:
    status, reply = await api.ask("GET", path)
    assert status == 200, reply
    return reply["rows"]


async def test_alerts_come_most_severe_first_with_all_that_is_known_of_them(api: SimpleNamespace) -> None:
    status, reply = await api.ask("GET", "/api/v1/alerts")
    assert status == 200
    assert [row["alert_id"] for row in reply["rows"]] == [
        *("id-dir-1", "id-mm-1", "id-unknown", "id-calm", "id-old-1"),
    ]
    counts = {name: reply[name] for name in ("n_firing", "n_pending", "n_unknown", "n_unjudged")}
    assert counts == {"n_firing": 3, "n_pending": 1, "n_unknown": 2, "n_unjudged": 2}
    told = reply["rows"][1]
    assert (told["severity"], told["state"], told["value"], told["age_s"]) == ("high", "firing", 0.723, 540.0)
    assert [(one["channel"], one["state"], one["attempts"]) for one in told["channels"]] == [
        ("phone", "sent", 1),
        ("mail", "failed", 3),
    ]
    assert told["channels"][1]["detail"] == "rejected: no such mailbox"
    assert (told["acknowledgement"], told["silenced_by"]) == (None, [])
    unknown, resolved = reply["rows"][0], reply["rows"][-1]
    assert (unknown["state"], unknown["is_unknown"], unknown["unknown_reason"]) == ("firing", True, "frozen")
    assert (resolved["state"], resolved["since_ns"]) == ("resolved", NOW_NS - MINUTE_NS)


FILTERS = [
    ("state=firing", ["id-dir-1", "id-mm-1", "id-unknown"]),
    ("state=pending", ["id-calm"]),
    ("state=unknown", ["id-dir-1", "id-unknown"]),
    ("state=resolved", ["id-old-1"]),
    ("severity=high", ["id-dir-1", "id-mm-1", "id-old-1"]),
    ("severity=critical&recent=0", ["id-dir-1"]),
    ("account=MM-1", ["id-mm-1"]),
    ("rule=data-missing", ["id-unknown"]),
    ("rule=margin-usage&state=firing&severity=critical", ["id-dir-1"]),
]


async def test_filters(api: SimpleNamespace) -> None:
    for query, expected in FILTERS:
        assert [row["alert_id"] for row in await rows(api, f"/api/v1/alerts?{query}")] == expected


WRONG_QUESTIONS = [
    ("alerts?state=loud", "state 'loud' is unknown; there is: firing, pending, unknown, resolved"),
    ("alerts?severity=bad", "severity must be one of info, warning, high, critical, got 'bad'"),
    ("alerts?rule=margin-usag", "there is no rule 'margin-usag'; did you mean 'margin-usage'?"),
    ("rules?rule=zzz", "there is no rule 'zzz'; marginwatch rules list names all"),
    ("alerts?recent=-1", "recent: Expected 'int' >= 0"),
    ("alerts/transitions?limit=100000", "limit: Expected 'int' <= 1000"),
    ("alerts/deliveries?before=x", "before: Expected 'int'"),
]


async def test_a_wrong_question_is_refused_with_the_remedy(api: SimpleNamespace) -> None:
    for path, part in WRONG_QUESTIONS:
        status, reply = await api.ask("GET", f"/api/v1/{path}")
        assert status == 400
        assert part in reply


async def test_transitions_and_deliveries_page_by_page(api: SimpleNamespace) -> None:
    first = await rows(api, "/api/v1/alerts/transitions?limit=2")
    assert [(row["id"], row["alert_id"], row["kind"]) for row in first] == [
        (5, "id-unknown", "fired"),
        (4, "id-dir-1", "fired"),
    ]
    rest = await rows(api, "/api/v1/alerts/transitions?before=4")
    assert [(row["id"], row["kind"]) for row in rest] == [(3, "fired"), (2, "pending"), (1, "resolved")]
    [own] = await rows(api, "/api/v1/alerts/transitions?account=calm")
    assert (own["key"], own["value"], own["severity"]) == ("margin-usage|account|calm", 0.723, "warning")
    assert (await rows(api, "/api/v1/alerts/transitions?key=margin-usage%7Caccount%7Ccalm")) == [own]
    newest, oldest = await rows(api, "/api/v1/alerts/deliveries")
    assert (newest["id"], newest["channel"], newest["is_delivered"], newest["row_ids"]) == (
        2,
        "mail",
        False,
        [2, 3],
    )
    assert oldest["took_s"] == 0.25
    assert await rows(api, "/api/v1/alerts/deliveries?channel=phone") == [oldest]
    assert await rows(api, "/api/v1/alerts/deliveries?before=2") == [oldest]


async def test_rules_say_how_far_they_are_from_firing(api: SimpleNamespace) -> None:
    [row] = await rows(api, "/api/v1/rules")
    assert (row["rule"], row["for_s"], row["origin"]) == ("margin-usage", 5.0, "built-in")
    assert row["steps"] == [
        {"severity": "warning", "bound": 0.5, "clear": 0.45},
        {"severity": "high", "bound": 0.7, "clear": 0.65},
    ]
    assert row["standing"] == {
        "n_judged": 12,
        "n_pending": 1,
        "n_firing": 1,
        "n_unknown": 2,
        "worst": "mm-1",
        "value": 0.723,
        "distance": -0.223,
    }


async def test_an_acknowledgement_is_shown_with_who_gave_it(api: SimpleNamespace) -> None:
    status, given = await api.ask(
        "POST", "/api/v1/alerts/id-mm-1/ack", {"author": " nan ", "comment": "on it", "for_s": 600}
    )
    assert status == 200
    assert (given["author"], given["comment"], given["severity"]) == ("nan", "on it", "high")
    assert given["until_ns"] - given["at_ns"] == 10 * MINUTE_NS
    [row] = await rows(api, "/api/v1/alerts?account=mm-1")
    assert row["acknowledgement"] == given
    assert given["is_active"]
    api.desk.now += 11 * MINUTE_NS
    [row] = await rows(api, "/api/v1/alerts?account=mm-1")
    assert not row["acknowledgement"]["is_active"]


NOT_FIRING = ["nonsense", "id-calm", "id-old-1"]


async def test_only_what_fires_can_be_acknowledged(api: SimpleNamespace) -> None:
    for alert_id in NOT_FIRING:
        status, reply = await api.ask("POST", f"/api/v1/alerts/{alert_id}/ack", {"author": "nan"})
        assert (status, api.desk.given) == (404, [])
        assert f"404: no alert '{alert_id}' fires" in reply


async def test_a_silence_from_beginning_to_end(api: SimpleNamespace) -> None:
    body = {
        "matchers": ["account=mm-1", "severity!=critical"],
        "author": "nan",
        "for_s": 7200,
        "comment": "x",
    }
    status, made = await api.ask("POST", "/api/v1/silences", body)
    assert status == 201
    assert (made["matchers"], made["n_alerts"], made["is_active"]) == (body["matchers"], 1, True)
    assert (made["from_ns"], made["until_ns"] - made["from_ns"]) == (NOW_NS, 120 * MINUTE_NS)
    later = {**body, "from_ns": NOW_NS + MINUTE_NS, "for_s": 60}
    status, second = await api.ask("POST", "/api/v1/silences", later)
    assert (status, second["is_active"], second["until_ns"]) == (201, False, NOW_NS + 2 * MINUTE_NS)
    assert await rows(api, "/api/v1/silences") == [second, made]
    by_account = {row["alert_id"]: row["silenced_by"] for row in await rows(api, "/api/v1/alerts")}
    assert by_account.pop("id-mm-1") == [made["silence_id"]]
    assert not any(by_account.values())
    assert await api.ask("DELETE", f"/api/v1/silences/{made['silence_id']}") == (204, "")
    assert await rows(api, "/api/v1/silences") == [second]
    status, reply = await api.ask("DELETE", f"/api/v1/silences/{made['silence_id']}")
    assert status == 404
    assert "no silence 's1' holds or will" in reply


GOOD = {"matchers": ["account=mm-1"], "author": "nan", "for_s": 60, "comment": "x"}


WRONG_BODIES = [
    (b"", ["the body is empty", "matchers, author, for_s, comment, from_ns"]),
    (b"{", ["the body is no JSON object: "]),
    (b"nonsense", ["the body is no JSON object: "]),
    (b"[]", ["object"]),
    ({**GOOD, "autor": "nan"}, ["unknown field 'autor'", "there is: matchers, author"]),
    ({"matchers": ["a=b"], "for_s": 60, "comment": "x"}, ["'author'", "write who you are"]),
    ({**GOOD, "author": "  "}, ["author: must not be blank; write who you are"]),
    ({**GOOD, "author": "n" * 65}, ["author", "<= 64"]),
    ({**GOOD, "comment": ""}, ["comment", "write why"]),
    ({**GOOD, "for_s": 0}, ["for_s", "90 days"]),
    ({**GOOD, "for_s": 1e9}, ["for_s", "90 days"]),
    ({**GOOD, "matchers": []}, ["matchers", '["account=mm-1"']),
    ({**GOOD, "matchers": ["mm-1"]}, ["matchers: 'mm-1' is no matcher; write label=value"]),
    ({**GOOD, "matchers": ["account=~("]}, ["matchers", "no regular expression"]),
    (
        {**GOOD, "matchers": ["account=~.*", "desk!=x"]},
        ["would silence nearly everything", "account=mm-1"],
    ),
    ({**GOOD, "matchers": [f"a=b{n}" for n in range(21)]}, ["matchers", "<= 20"]),
    (
        {**GOOD, "matchers": ["account=~(a+)+b"]},
        ["matchers", "may take hours", "take the inner or the outer"],
    ),
    ({**GOOD, "author": "n\u202ean"}, ["author", "'n\\u202ean'", "cannot be shown"]),
    ({**GOOD, "comment": "\x1b[31mall is well"}, ["comment", "cannot be shown"]),
    ({**GOOD, "comment": "\x00"}, ["comment", "cannot be shown"]),
    ({**GOOD, "from_ns": 2**63 - 1}, ["from_ns", "more than a year ahead"]),
    (b"[" * 10_000, ["nested too deep"]),
]


async def test_a_wrong_body_changes_nothing_and_names_key_and_remedy(api: SimpleNamespace) -> None:
    for body, parts in WRONG_BODIES:
        status, reply = await api.ask("POST", "/api/v1/silences", body)
        assert (status, api.desk.held) == (400, [])
        assert reply.startswith("400: ")
        assert reply.count("\n") == 1
        for part in parts:
            assert part in reply


async def test_a_body_beyond_all_measure_is_refused(api: SimpleNamespace) -> None:
    status, _ = await api.ask("POST", "/api/v1/silences", {**GOOD, "comment": "x" * 20_000})
    assert (status, api.desk.held) == (413, [])


async def test_channels_are_tested(api: SimpleNamespace) -> None:
    status, reply = await api.ask("POST", "/api/v1/channels/test")
    assert status == 200
    assert [(row["channel"], row["is_delivered"], row["reason"]) for row in reply["rows"]] == [
        ("phone", True, ""),
        ("mail", False, "auth"),
    ]


WRITES = [
    ("POST", "/api/v1/alerts/id-mm-1/ack", {"author": "nan"}),
    ("POST", "/api/v1/silences", GOOD),
    ("DELETE", "/api/v1/silences/s1", None),
    ("POST", "/api/v1/channels/test", None),
]


async def test_without_the_token_nothing_changes(api: SimpleNamespace) -> None:
    for method, path, body in WRITES:
        status, _ = await api.ask(method, path, body, token="wrong")
        assert (status, api.desk.held, api.desk.given) == (401, [], [])


async def test_a_service_without_alerts_says_so(measure_desk: Callable[[], Frame]) -> None:
    server = WebServer(create_app(Picture(measure_desk()), Secret("t0ken")), port=0)
    await server.start()
    reads = [
        ("GET", f"/api/v1/{name}", None) for name in ("alerts", "alerts/transitions", "rules", "silences")
    ]
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer t0ken"}) as http:
        for method, path, body in [*reads, *WRITES]:
            async with http.request(method, server.url + path, json=body) as reply:
                assert (reply.status, "judges no rules" in await reply.text()) == (404, True), path
    await server.stop()


def test_the_desk_of_these_tests_is_what_the_routes_ask_for() -> None:
    asked = {
        name
        for name in vars(__import__("marginwatch.web.alert_ports", fromlist=["x"]).AlertModel)
        if name[0] != "_"
    }
    assert asked <= set(dir(Desk))
