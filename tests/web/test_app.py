import json
from types import SimpleNamespace

import pytest

from marginwatch.bookfile.text import parse_book

ROUTES = [
    "/api/v1/accounts",
    "/api/v1/positions",
    "/api/v1/exposure",
    "/api/v1/exposure/matrix",
    "/api/v1/summary",
    "/api/v1/overview",
    "/api/v1/notices",
    "/api/v1/breaks",
    "/api/v1/quarantine",
    "/api/v1/margin",
    "/api/v1/stress",
    "/api/v1/var",
    "/api/v1/advice",
    "/api/v1/levels",
    "/api/v1/calendars",
    "/api/v1/health",
]


ALERT_READS = [
    "/api/v1/alerts",
    "/api/v1/alerts/transitions",
    "/api/v1/alerts/deliveries",
    "/api/v1/rules",
    "/api/v1/silences",
]


async def read(service: SimpleNamespace, path: str) -> dict:
    reply = await service.get(path)
    assert reply.status == 200, reply.body
    assert reply.headers["Content-Type"].startswith("application/json")
    return json.loads(reply.body)


@pytest.mark.parametrize("path", ROUTES)
async def test_every_reply_names_its_frame(service: SimpleNamespace, path: str) -> None:
    body = await read(service, path)
    assert body["sequence"] == service.picture.frame.sequence
    assert body["taken_at_ns"] == service.picture.frame.at_ns


async def test_accounts_come_by_danger_and_say_what_is_missing(service: SimpleNamespace) -> None:
    body = await read(service, "/api/v1/accounts")
    rows = {row["account_id"]: row for row in body["rows"]}
    assert body["rows"][0]["account_id"] == "mm-main"
    assert rows["mm-main"]["maintenance_margin_usage"] == pytest.approx(0.5)
    assert rows["arb-1"]["free_usd"] is None
    assert rows["arb-1"]["reasons"]["free_usd"] == (
        "missing: the venue has not said a margin mode that is known here"
    )
    assert rows["arb-1"]["venue_maintenance_margin_usd"] == 900
    assert rows["cold"]["equity_usd"] is None
    assert {entry["account_id"]: entry["state"] for entry in body["not_included"]} == {
        "cold": "starting",
        "=refused": "stopped",
    }


async def test_filters_and_order(service: SimpleNamespace) -> None:
    body = await read(service, "/api/v1/accounts?desk=Arbitrage&sort=-account_id")
    assert [row["account_id"] for row in body["rows"]] == ["cold", "arb-1"]
    assert len(body["not_included"]) == 2
    body = await read(service, "/api/v1/positions?asset=btc&account=arb-1")
    assert [(row["account_id"], row["quantity"]) for row in body["rows"]] == [("arb-1", "-1.5")]
    assert (await read(service, "/api/v1/positions?desk=market-making&asset=ETH"))["rows"][0][
        "quantity"
    ] == "-5"
    assert (await read(service, "/api/v1/positions?account=arb-1&asset=eth"))["rows"] == []
    for path in ("accounts?venue=nowhere", "positions?venue=nowhere", "exposure?by=venue&name=nowhere"):
        nowhere = await service.get(f"/api/v1/{path}")
        assert (nowhere.status, nowhere.body) == (
            404,
            b"404: there is no venue 'nowhere'; there are: bybit\n",
        )
    refused = await service.get("/api/v1/accounts?sort=nonsense")
    assert refused.status == 400
    assert b"cannot sort by 'nonsense'" in refused.body


async def test_exposure_by_each_group_with_totals_and_opposition(service: SimpleNamespace) -> None:
    body = await read(service, "/api/v1/exposure?by=asset")
    rows = {row["name"]: row for row in body["rows"]}
    assert rows["BTC"]["long_usd"] == pytest.approx(102_000)
    assert rows["BTC"]["net_usd"] == pytest.approx(25_500)
    assert body["portfolio"]["n_included"] == 2
    assert len(body["portfolio"]["not_included"]) == 2
    [pair] = body["opposing"]
    assert (pair["long_account_id"], pair["short_account_id"], pair["asset"]) == ("mm-main", "arb-1", "BTC")
    for by in ("account", "desk", "tag", "venue"):
        groups = await read(service, f"/api/v1/exposure?by={by}")
        assert {row["dimension"] for row in groups["rows"]} == {by}
    accounts = await read(service, "/api/v1/exposure?by=account")
    own = {row["account_id"]: row for row in (await read(service, "/api/v1/accounts"))["rows"]}
    assert {row["name"] for row in accounts["rows"]} == set(own)
    for row in accounts["rows"]:
        if own[row["name"]]["is_included"]:
            for field in (
                "long_usd",
                "short_usd",
                "net_usd",
                "gross_usd",
                "net_with_wallet_usd",
                "equity_usd",
            ):
                assert row[field] == own[row["name"]][field], (row["name"], field)
        else:
            assert row["net_usd"] is None
            assert row["reasons"]["net_usd"].startswith("missing: ")
    everything = await read(service, "/api/v1/exposure")
    assert {row["dimension"] for row in everything["rows"]} == {"asset", "desk", "tag", "venue"}
    assert (await read(service, "/api/v1/exposure?by=portfolio"))["rows"] == []
    assert (await service.get("/api/v1/exposure?by=moon")).status == 400
    [row] = (await read(service, "/api/v1/exposure?by=tag&name=Core"))["rows"]
    assert (row["dimension"], row["name"]) == ("tag", "core")
    assert (await service.get("/api/v1/exposure?name=core")).status == 400


async def test_stored_breaks_and_notices_page_by_page(service: SimpleNamespace) -> None:
    first = (await read(service, "/api/v1/breaks?limit=1"))["rows"]
    assert [row["ours"] for row in first] == ["2"]
    rest = (await read(service, f"/api/v1/breaks?before={first[0]['id']}"))["rows"]
    assert [(row["ours"], row["theirs"]) for row in rest] == [("1", None)]
    assert (await read(service, "/api/v1/notices?account=mm-main"))["rows"] == []
    [notice] = (await read(service, "/api/v1/notices?account=arb-1"))["rows"]
    assert (notice["kind"], notice["at_ns"]) == ("key_warning", 3)
    assert (await service.get("/api/v1/breaks?limit=100000")).status == 400
    assert (await service.get("/api/v1/breaks?before=x")).status == 400
    assert (await service.get(f"/api/v1/breaks?before={10**30}")).status == 400


async def test_quarantined_payloads_are_described_and_never_sent_whole(service: SimpleNamespace) -> None:
    rows = (await read(service, "/api/v1/quarantine"))["rows"]
    assert [(row["account_id"], row["size_bytes"]) for row in rows] == [(None, 60_000), ("mm-main", 17)]
    whole, own = rows
    assert (own["venue"], own["source"], own["at_ns"]) == ("bybit", "/v5/position/list", 4)
    assert own["message"] == "row 3: size is empty"
    assert own["excerpt"] == '{"a": "\\x1b[31m\\xff\\x00<"}'
    assert whole["excerpt"] == "x" * 200
    assert whole["id"] > own["id"]
    assert len((await service.get("/api/v1/quarantine")).body) < 2_000
    assert (await read(service, f"/api/v1/quarantine?before={whole['id']}"))["rows"] == [own]
    assert (await read(service, "/api/v1/quarantine?account=mm-main&limit=1"))["rows"] == [own]


@pytest.mark.parametrize(
    ("path", "name"), [("notices", "arb-1"), ("breaks", "mm-main"), ("quarantine", "mm-main")]
)
async def test_what_is_stored_of_an_account_is_found_in_any_letter_case(
    service: SimpleNamespace, path: str, name: str
) -> None:
    found = (await read(service, f"/api/v1/{path}?account={name}"))["rows"]
    assert found != []
    assert (await read(service, f"/api/v1/{path}?account={name.upper()}"))["rows"] == found


async def test_liveness_needs_no_token_and_tells_nothing_else(service: SimpleNamespace) -> None:
    reply = await service.get("/healthz", token=None)
    assert (reply.status, reply.body) == (200, b"alive\n")
    service.picture.is_running = False
    assert (await service.get("/healthz", token=None)).status == 503


async def test_a_picture_that_stands_still_is_not_shown_as_the_present(service: SimpleNamespace) -> None:
    service.picture.is_running = False
    for path in ("accounts", "positions", "exposure", "summary"):
        reply = await service.get(f"/api/v1/{path}")
        assert reply.status == 503
        assert b"stands still" in reply.body
    assert (await service.get("/readyz")).status == 503
    assert (await service.get("/api/v1/notices")).status == 200


async def test_readiness_is_503_while_an_account_is_not_heard(service: SimpleNamespace) -> None:
    assert (await service.get("/readyz", token=None)).status == 401
    reply = await service.get("/readyz")
    assert reply.status == 503
    assert json.loads(reply.body) == {
        "is_complete": False,
        "sequence": 1,
        "taken_at_ns": service.picture.frame.at_ns,
        "n_accounts": 4,
        "n_included": 2,
        "starting": ["cold"],
    }


async def test_before_the_first_frame_nothing_is_made_up(service: SimpleNamespace) -> None:
    service.picture.frame = None
    reply = await service.get("/api/v1/summary")
    assert reply.status == 503
    assert b"no picture yet" in reply.body
    assert (await service.get("/readyz")).status == 503
    assert (await service.get("/healthz")).status == 200


async def test_a_defect_is_a_plain_500_and_the_service_goes_on(service: SimpleNamespace) -> None:
    frame, service.picture.frame = service.picture.frame, "no frame"
    reply = await service.get("/api/v1/summary")
    assert reply.status == 500
    assert b"Traceback" not in reply.body
    assert b"AttributeError" not in reply.body
    service.picture.frame = frame
    assert (await service.get("/api/v1/summary")).status == 200


async def test_the_document_is_json_alone_and_names_every_route(service: SimpleNamespace) -> None:
    document = json.loads((await service.get("/api/v1/openapi.json")).body)
    reads = {
        *ROUTES,
        *ALERT_READS,
        "/api/v1/equity",
        "/api/v1/export/{file}",
        "/api/v1/equity/sparklines",
        "/api/v1/accounts/{account_id}",
        "/healthz",
        "/metrics",
        "/readyz",
        "/api/v1/book",
        "/api/v1/session",
        "/api/v1/words",
    }
    writes = {
        (method, path)
        for path, ways in document["paths"].items()
        for method in ways
        if method not in ("get", "head")
    }
    assert reads == {path for path, ways in document["paths"].items() if "get" in ways}
    # All that can be changed at all: who takes care, what is not told; and a test; and who is signed in. Asking changes
    # nothing.
    assert writes == {
        ("post", "/api/v1/alerts/{alert_id}/ack"),
        ("post", "/api/v1/silences"),
        ("delete", "/api/v1/silences/{silence_id}"),
        ("post", "/api/v1/channels/test"),
        ("post", "/api/v1/session"),
        ("delete", "/api/v1/session"),
        ("post", "/api/v1/whatif"),
    }
    for page in ("/api/v1", "/api/v1/redoc", "/api/v1/swagger", "/api/v1/elements", "/schema"):
        reply = await service.get(page)
        # One line of text, as every other error.
        assert (reply.status, reply.body) == (404, b"404: Not Found\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_written(service: SimpleNamespace, method: str) -> None:
    for path in [*ROUTES, "/healthz"]:
        assert (await service.get(path, method=method)).status in (404, 405)


async def test_the_book_is_served_as_a_file_that_can_be_read_again(service: SimpleNamespace) -> None:
    body = (await service.get("/api/v1/book")).body
    assert parse_book(body, "x").taken_at_ns == 5
    assert (await service.get("/api/v1/book", token=None)).status == 401


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("/api/v1/stress?by=moon", b"by 'moon' is unknown"),
        ("/api/v1/var?horizon=soon", b""),
        ("/api/v1/margin?account=nobody", b"there is no account"),
        ("/api/v1/margin?sort=nothing", b"cannot sort by"),
    ],
)
async def test_a_wrong_question_about_risk_is_refused(
    service: SimpleNamespace, path: str, part: bytes
) -> None:
    reply = await service.get(path)
    assert reply.status == (404 if part == b"there is no account" else 400 if part else 200)
    assert part in reply.body


async def test_before_anything_is_reckoned_every_part_says_so(service: SimpleNamespace) -> None:
    for name in ("margin", "stress", "var", "levels", "calendars", "advice"):
        body = await read(service, f"/api/v1/{name}")
        assert body["basis"]["reason"] == "not reckoned yet"


@pytest.mark.parametrize("path", ["notices", "breaks", "quarantine"])
async def test_of_an_account_that_there_is_not_no_empty_list_is_told(
    service: SimpleNamespace, path: str
) -> None:
    reply = await service.get(f"/api/v1/{path}?account=mm-mian")
    assert (reply.status, reply.body) == (
        404,
        b"404: there is no account 'mm-mian'; did you mean 'mm-main'?\n",
    )
    assert (await read(service, f"/api/v1/{path}?account=cold"))["rows"] == []
    assert (await service.get(f"/api/v1/{path}?account=mm-mian&before=5")).status == 200, "the end of pages"
