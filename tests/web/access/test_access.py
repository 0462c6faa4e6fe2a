"""Who is let in by what they show, over real sockets."""

import asyncio

import pytest
from tests.web.access.conftest import OPERATOR, TOKEN, VIEWER, Door

from marginwatch.model.secret import Secret
from marginwatch.web.access.access import Access

SUMMARY = "/api/v1/summary"
SILENCES = "/api/v1/silences"
SILENCE = {"matchers": ["account=mm-main"], "author": "eve", "for_s": 60, "comment": "quiet"}


FOREIGN_NAMES = ("evil.example", "evil.example:8600", "127.0.0.1.evil.example", "", "0.0.0.0", "10.0.0.1")


async def test_a_name_that_was_bent_to_this_machine_finds_the_wall(door: Door) -> None:
    await door.start()
    for host in FOREIGN_NAMES:
        for path in (SUMMARY, "/api/v1/accounts", "/readyz"):
            assert (await door.ask("GET", path, Host=host)).status == 401, host
        said = (await door.ask("GET", "/api/v1/session", Host=host)).json()
        assert (said["needs_login"], said["role"], said["csrf"]) == (True, None, None)
        # Whoever has the token needs no name.
        assert (await door.ask("GET", SUMMARY, Host=host, token=TOKEN)).status == 200


async def test_names_of_this_machine_are_open_but_not_through_a_proxy(door: Door) -> None:
    await door.start()
    for host in ("127.0.0.1:8600", "localhost:8600", "LOCALHOST", "[::1]:8600"):
        assert (await door.ask("GET", SUMMARY, Host=host)).status == 200, host
    for name in ("X_Forwarded_For", "Forwarded", "X_Real_IP", "Via", "X_Forwarded_Proto"):
        assert (await door.ask("GET", SUMMARY, **{name: "127.0.0.1"})).status == 401, name


async def test_who_speaks_as_only_proxies_do_is_not_on_this_machine(door: Door) -> None:
    await door.start()
    address, port = door.host.split(":")
    for version, answer in ((b"1.1", b"200"), (b"1.0", b"401")):
        reader, writer = await asyncio.open_connection(address, int(port))
        writer.write(b"GET /api/v1/summary HTTP/" + version + b"\r\nHost: 127.0.0.1:1\r\n\r\n")
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 " + answer)
        writer.close()


@pytest.mark.parametrize(
    "options", [{"is_local": True, "login": "always"}, {"is_local": False, "login": "auto"}]
)
async def test_a_wall_stands_where_it_is_asked_for_and_where_others_reach(
    door: Door, options: dict[str, object]
) -> None:
    door.options = options
    await door.start()
    assert (await door.ask("GET", SUMMARY)).status == 401
    said = (await door.ask("GET", "/api/v1/session")).json()
    assert (said["needs_login"], said["role"], said["has_password"]) == (True, None, False)
    # Without any password the token is what people sign in with.
    caller = await door.signed_in(TOKEN)
    assert (await caller.get()).status == 200


async def test_on_every_address_of_this_machine_it_is_open(door: Door) -> None:
    await door.start("127.0.0.2")
    assert (await door.ask("GET", SUMMARY)).status == 200
    assert (await door.ask("GET", SUMMARY, Host="example.org")).status == 401


async def test_who_is_bound_to_all_addresses_has_no_open_door_even_from_here(door: Door) -> None:
    door.options = {"is_local": False, "login": "auto"}
    await door.start("0.0.0.0")
    port = door.url.rpartition(":")[2]
    async with door.http.get(f"http://127.0.0.1:{port}{SUMMARY}") as reply:
        assert reply.status == 401


@pytest.mark.usefixtures("passwords_of_both")
async def test_cookies_that_were_made_up_open_nothing(door: Door) -> None:
    await door.start()
    caller = await door.signed_in(VIEWER)
    name, _, value = caller.cookie.partition("=")
    stored = door.sessions.read_text()
    hashed = next(
        word for word in stored.split('"') if len(word) == 64 and word != door.access._sessions._key.hex()
    )
    for forged in (
        "",
        "x",
        value[:-1],
        value + "x",
        value.swapcase(),
        hashed,
        f'"{value}"',
        "operator",
        "%00",
        "x" * 4_000,
    ):
        assert (await door.ask("GET", SUMMARY, cookie=f"{name}={forged}")).status == 401, forged[:80]
    assert (await door.ask("GET", SUMMARY, cookie=f"marginwatch={value}")).status == 401
    assert (
        await door.ask("GET", SUMMARY, cookie=f"theme=dark; {name}=planted; {name}={value}")
    ).status == 200


@pytest.mark.usefixtures("passwords_of_both")
async def test_a_role_raised_in_the_file_ends_the_session_instead(door: Door) -> None:
    await door.start()
    caller = await door.signed_in(VIEWER)
    await door.stop()
    door.sessions.write_text(door.sessions.read_text().replace('"viewer"', '"operator"'))
    await door.start()
    assert (await caller.get()).status == 401


@pytest.mark.usefixtures("passwords_of_both")
async def test_a_wrong_token_is_not_made_good_by_a_cookie(door: Door) -> None:
    await door.start()
    caller = await door.signed_in(OPERATOR)
    assert (await door.ask("GET", SUMMARY, cookie=caller.cookie, token="wrong")).status == 401
    assert (await door.ask("GET", SUMMARY, cookie=caller.cookie, Authorization="")).status == 401


CHANGES = [
    ("POST", "/api/v1/alerts/id-mm-1/ack", {"author": "eve"}),
    ("POST", SILENCES, SILENCE),
    ("DELETE", f"{SILENCES}/any", None),
    ("POST", "/api/v1/channels/test", None),
]


@pytest.mark.usefixtures("passwords_of_both")
async def test_viewers_see_everything_and_change_nothing(door: Door) -> None:
    await door.start()
    viewer, operator = await door.signed_in(VIEWER), await door.signed_in(OPERATOR)
    for read in ("/api/v1/accounts", "/api/v1/alerts", SILENCES, "/api/v1/rules"):
        assert (await viewer.get(read)).status == 200
    for method, path, body in CHANGES:
        reply = await viewer.change(method, path, body)
        assert reply.status == 403, path
        assert reply.text == "403: viewers may look but change nothing; sign in as operator\n"
        assert (await operator.change(method, path, body)).status in (200, 201, 404)
        assert (await door.ask(method, path, body=body, token=TOKEN)).status in (200, 201, 404)
    for method in ("PUT", "PATCH", "OPTIONS", "DELETE", "POST", "PROPFIND"):
        assert (await viewer.change(method, SILENCES)).status == 403, method


@pytest.mark.usefixtures("passwords_of_both")
async def test_a_viewer_may_ask_what_if(door: Door) -> None:
    await door.start()
    viewer = await door.signed_in(VIEWER)
    reply = await viewer.change("POST", "/api/v1/whatif", {"btc_move": -0.1})
    assert reply.status != 403, reply.text
    assert (await viewer.change("POST", "/api/v1/whatif", {}, X_CSRF_Token="")).status == 403
    assert (await viewer.change("DELETE", "/api/v1/whatif")).status == 403
    assert (await viewer.change("POST", "/api/v1/whatif/x")).status == 403


FOREIGN_PAGES = [
    ({"X_CSRF_Token": ""}, "X-CSRF-Token is missing"),
    ({"X_CSRF_Token": "0" * 64}, "X-CSRF-Token is missing or old"),
    ({"X_CSRF_Token": "é"}, "X-CSRF-Token is missing or old"),
    ({"Origin": "https://evil.example"}, "another site"),
    ({"Origin": "null"}, "another site"),
    ({"Origin": ""}, "header Origin is missing"),
    ({"Sec_Fetch_Site": "cross-site", "Origin": ""}, "another site"),
]


@pytest.mark.parametrize("has_password", [False, True])
async def test_a_page_of_another_site_changes_nothing(door: Door, has_password: bool) -> None:
    if has_password:
        door.set("operator", OPERATOR)
    await door.start()
    cookie = (await door.signed_in(OPERATOR)).cookie if has_password else None
    csrf = (await door.ask("GET", "/api/v1/session", cookie=cookie)).json()["csrf"]
    right = {"Origin": door.url, "X_CSRF_Token": csrf}
    before = list(door.desk.held)
    for headers, said in FOREIGN_PAGES:
        sent = {name: value for name, value in (right | headers).items() if value}
        reply = await door.ask("POST", SILENCES, cookie=cookie, body=SILENCE, **sent)
        assert reply.status == 403, headers
        assert said in reply.text
    assert door.desk.held == before
    assert (await door.ask("POST", SILENCES, cookie=cookie, body=SILENCE, **right)).status == 201


@pytest.mark.parametrize("has_password", [False, True])
async def test_a_page_of_another_site_does_not_read_either(door: Door, has_password: bool) -> None:
    if has_password:
        door.set("viewer", VIEWER)
    await door.start()
    cookie = (await door.signed_in(VIEWER)).cookie if has_password else None
    for headers in (
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "http://localhost:1"},
    ):
        assert (await door.ask("GET", SUMMARY, cookie=cookie, **headers)).status == 403
    assert (await door.ask("GET", SUMMARY, cookie=cookie, Sec_Fetch_Site="none")).status == 200


async def test_the_token_does_everything_from_everywhere(door: Door) -> None:
    door.options = {"is_local": False, "login": "always"}
    await door.start()
    reply = await door.ask("POST", SILENCES, body=SILENCE, token=TOKEN, Host="x", X_Forwarded_For="y")
    assert reply.status == 201
    said = (await door.ask("GET", "/api/v1/session", token=TOKEN)).json()
    assert (said["is_signed_in"], said["role"], said["csrf"]) == (True, "operator", None)


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Access(Secret(""))


async def test_who_was_let_in_knows_when_that_is_over(door: Door) -> None:
    door.set("viewer", VIEWER)
    await door.start()
    opened = door.access._of_session((await door.signed_in(VIEWER)).cookie.partition("=")[2])
    assert opened is not None
    assert opened.is_valid()
    assert opened.csrf not in repr(opened)
    door.set("viewer", "another password now")
    assert not opened.is_valid()
    assert door.access._program.is_valid()
    assert not door.access._open.is_valid()
    door.set("viewer", None)
    assert door.access._open.is_valid()
