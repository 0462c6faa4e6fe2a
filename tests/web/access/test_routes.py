"""Signing in and out over real sockets, as a browser does."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs
from tests.web.access.conftest import OPERATOR, TOKEN, VIEWER, Door

from marginwatch import __version__


async def test_on_this_machine_without_a_password_nobody_signs_in(door: Door) -> None:
    await door.start()
    reply = await door.ask("GET", "/api/v1/session")
    said = reply.json()
    csrf = said.pop("csrf")
    assert len(csrf) == 64
    assert said == {
        "is_signed_in": False,
        "role": "operator",
        "needs_login": False,
        "has_password": False,
        "version": __version__,
    }
    assert (await door.ask("GET", "/api/v1/summary")).status == 200
    path = "/api/v1/channels/test"
    assert (await door.ask("POST", path, Origin=door.url, X_CSRF_Token=csrf)).status == 200


@pytest.mark.usefixtures("passwords_of_both")
async def test_a_password_opens_what_its_role_may(door: Door) -> None:
    await door.start()
    nobody = {
        "is_signed_in": False,
        "role": None,
        "needs_login": True,
        "csrf": None,
        "has_password": True,
        "version": __version__,
    }
    assert (await door.ask("GET", "/api/v1/session")).json() == nobody
    assert (await door.ask("GET", "/api/v1/summary")).status == 401
    for password, role in ((OPERATOR, "operator"), (VIEWER, "viewer"), (TOKEN, "operator")):
        caller = await door.signed_in(password)
        assert (await caller.get()).status == 200
        said = (await caller.get("/api/v1/session")).json()
        assert said == nobody | {"is_signed_in": True, "role": role, "csrf": caller.csrf}
    # The value of one session is no other's.
    assert (await door.signed_in(VIEWER)).csrf != (await door.signed_in(VIEWER)).csrf


@pytest.mark.usefixtures("passwords_of_both")
async def test_the_cookie_is_for_this_service_and_its_pages_alone(door: Door) -> None:
    await door.start()
    (line,) = (await door.sign_in(OPERATOR)).cookie_lines
    name, *parts = [part.strip().lower() for part in line.split(";")]
    assert name.startswith(f"{door.access.cookie_name}=")
    assert {"httponly", "samesite=strict", "path=/", f"max-age={30 * 86_400}"} <= set(parts)
    assert not [part for part in parts if part.startswith("domain")]
    assert "secure" not in parts
    (secure,) = (await door.sign_in(OPERATOR, X_Forwarded_Proto="https")).cookie_lines
    assert "secure" in secure.lower()


@pytest.mark.usefixtures("passwords_of_both")
async def test_signing_out_ends_it_whoever_kept_the_cookie(door: Door) -> None:
    await door.start()
    caller, other = await door.signed_in(OPERATOR), await door.signed_in(OPERATOR)
    assert (await caller.change("DELETE", "/api/v1/session", X_CSRF_Token="")).status == 403
    assert (await caller.get()).status == 200
    reply = await caller.change("DELETE", "/api/v1/session")
    assert reply.status == 204
    assert "Max-Age=0" in reply.cookie_lines[0]
    assert (await caller.get()).status == 401
    assert (await other.get()).status == 200
    await door.stop()
    await door.start()
    assert (await caller.get()).status == 401, "not even after a restart"
    assert (await door.ask("DELETE", "/api/v1/session")).status == 204, "nobody signs out without an error"


@pytest.mark.usefixtures("passwords_of_both")
async def test_a_restart_signs_nobody_out_and_time_does(door: Door) -> None:
    await door.start()
    caller = await door.signed_in(VIEWER)
    await door.stop()
    await door.start()
    assert (await caller.get()).status == 200
    await door.clock.advance(30 * 86_400.0 + 1)
    assert (await caller.get()).status == 401


@pytest.mark.usefixtures("passwords_of_both")
async def test_a_new_password_ends_the_sessions_of_its_role_at_once(door: Door) -> None:
    await door.start()
    operator, viewer = await door.signed_in(OPERATOR), await door.signed_in(VIEWER)
    by_token = await door.signed_in(TOKEN)
    door.set("operator", "a new one, long enough")
    assert (await operator.get()).status == 401
    assert (await viewer.get()).status == (await by_token.get()).status == 200
    assert (await door.sign_in(OPERATOR)).status == 401
    assert (await door.sign_in("a new one, long enough")).status == 200
    door.set("viewer", None)
    assert (await viewer.get()).status == 401
    await door.stop()
    door.token = "another-token"
    await door.start()
    assert (await by_token.get()).status == 401


async def test_the_first_password_closes_the_open_door_and_the_last_one_opens_it(door: Door) -> None:
    await door.start()
    assert (await door.ask("GET", "/api/v1/summary")).status == 200
    door.set("viewer", VIEWER)
    assert (await door.ask("GET", "/api/v1/summary")).status == 401
    door.set("viewer", None)
    assert (await door.ask("GET", "/api/v1/summary")).status == 200


@pytest.mark.usefixtures("passwords_of_both")
async def test_wrong_ones_are_refused_alike_and_not_for_ever(door: Door) -> None:
    await door.start()
    replies = [
        await door.sign_in(wrong) for wrong in (VIEWER.upper(), OPERATOR + " ", "x", TOKEN[:-1], "é" * 12)
    ]
    assert {(one.status, one.text) for one in replies} == {
        (401, "401: this is no password of this service\n")
    }
    assert not [one for one in replies if one.cookie_lines]
    # What a header says of another address gives nobody another ten.
    for number in range(5):
        assert (await door.sign_in("wrong", X_Forwarded_For=f"10.0.0.{number}")).status == 401
    late = await door.sign_in(OPERATOR)
    assert late.status == 429
    assert late.headers["Retry-After"] == "5"
    assert "try again in 5 s" in late.text
    await door.clock.advance(5)
    assert (await door.sign_in(OPERATOR)).status == 200
    assert (await door.ask("GET", "/api/v1/summary", token=TOKEN)).status == 200, "programs are not held up"


@pytest.mark.usefixtures("passwords_of_both")
async def test_a_hundred_at_once_are_not_a_hundred_comparisons(door: Door) -> None:
    await door.start()
    replies = await asyncio.gather(*(door.sign_in("wrong password") for _ in range(100)))
    statuses = sorted(one.status for one in replies)
    # One address has ten tries; who comes beyond the strangers that may wait is sent away.
    assert statuses.count(401) == 10
    assert set(statuses) <= {401, 429, 503}


NO_SIGN_IN = [
    (b"", 400, "the body is empty"),
    (b"{", 400, "no JSON object"),
    (b'"correct horse battery"', 400, "Expected 'object'"),
    (b"{}", 400, "missing required field 'password'"),
    (b'{"password": ""}', 400, "password"),
    (b'{"password": 5}', 400, "password"),
    (b'{"password": "x", "role": "operator"}', 400, "unknown field"),
    (b'{"password": "' + b"x" * 2_000 + b'"}', 400, "password"),
    (b'{"password": "' + b"x" * 5_000 + b'"}', 413, "longer than 4096 bytes"),
    (b"[" * 4_000, 400, "JSON"),
]


@pytest.mark.usefixtures("passwords_of_both")
async def test_what_is_no_sign_in_is_told_and_costs_no_try(door: Door) -> None:
    await door.start()
    for data, status, said in NO_SIGN_IN:
        reply = await door.ask("POST", "/api/v1/session", data=data)
        assert reply.status == status, reply.text
        assert said in reply.text
        assert "correct horse" not in reply.text
    assert (await door.sign_in(OPERATOR)).status == 200


@pytest.mark.usefixtures("passwords_of_both")
async def test_another_site_can_neither_sign_in_nor_ask_who_we_are(door: Door) -> None:
    await door.start()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        assert (await door.sign_in(OPERATOR, **headers)).status == 403
        assert (await door.ask("GET", "/api/v1/session", **headers)).status == 403
    assert (await door.sign_in(OPERATOR, Origin=door.url)).status == 200


@pytest.mark.usefixtures("passwords_of_both")
async def test_what_is_typed_reaches_no_log_and_no_file(door: Door) -> None:
    with capture_logs() as lines:
        await door.start()
        caller = await door.signed_in(OPERATOR)
        await door.sign_in("a wrong one, typed twice")
        await caller.change("DELETE", "/api/v1/session")
        for _ in range(15):
            await door.sign_in("a wrong one, typed twice")
    events = [line["event"] for line in lines]
    assert events.count("too many wrong passwords") == 1, "once, however often it is tried"
    assert events[:3] == ["signed in", "sign-in refused: wrong password", "signed out"]
    value = caller.cookie.partition("=")[2]
    written = json.dumps(lines, default=str) + "".join(
        path.read_text() for path in door.folder.rglob("*") if path.is_file()
    )
    for secret in (OPERATOR, VIEWER, TOKEN, value, caller.csrf, "a wrong one, typed twice"):
        assert secret not in written


@pytest.mark.usefixtures("passwords_of_both")
async def test_signing_in_again_ends_the_session_before(door: Door) -> None:
    await door.start()
    viewer = await door.signed_in(VIEWER)
    again = await door.sign_in(OPERATOR, Cookie=viewer.cookie, Origin=door.url)
    assert again.json()["role"] == "operator"
    assert (await viewer.get()).status == 401
    # Not so for whoever only tries.
    other = await door.signed_in(VIEWER)
    assert (await door.sign_in("wrong", Cookie=other.cookie)).status == 401
    assert (await other.get()).status == 200
