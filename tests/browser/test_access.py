"""Who may look, who may change, and what everybody else sees: a wall."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal
from tests.browser.watch import Watch

from marginwatch.config.settings import ServiceSettings
from marginwatch.model.secret import Secret
from marginwatch.web.access.passwords import Role, hash_password, write_password

OPERATOR, VIEWER = "operator correct horse", "viewer battery staple"
REFUSED = "status of 40[13]|WebSocket connection to .* failed"
"""What a browser writes by itself where somebody is refused."""


def set_password(product: Product, role: Role, password: str) -> None:
    write_password(product.service.config.service.password_file, role, hash_password(Secret(password)))


def product_of(folder: Path, **changes: object) -> Product:
    return Product(folder, n_accounts=2, settings=ServiceSettings(port=0, data_dir=folder, **changes))


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product that listens on all addresses, with a password for each role."""
    running = product_of(tmp_path_factory.mktemp("walled"), host="0.0.0.0")
    try:
        running.start()
        set_password(running, "operator", OPERATOR)
        set_password(running, "viewer", VIEWER)
        yield running
    finally:
        running.stop()


@pytest.fixture
def door(page: Page, walled: Product) -> Iterator[Terminal]:
    url = walled.url.replace("0.0.0.0", "127.0.0.1")
    watch = Watch(url)
    watch.forgive(REFUSED)
    watch.attend(page)
    page.goto(url)
    yield Terminal(page, url)
    assert watch.complaints() == []


def sign_in(door: Terminal, password: str) -> None:
    door.part("login-password").fill(password)
    door.part("login-submit").click()


def test_on_any_other_address_nothing_is_seen_before_signing_in(door: Terminal) -> None:
    expect(door.part("login")).to_be_visible()
    assert "dir-momentum" not in door.page.content()
    status = door.page.evaluate("fetch('/api/v1/accounts').then(answer => answer.status)")
    assert status == 401
    closed = door.page.evaluate(
        "new Promise(done => { const s = new WebSocket(location.origin.replace('http', 'ws') + '/api/v1/stream');"
        " s.onopen = () => done('open'); s.onclose = s.onerror = () => done('closed'); })"
    )
    assert closed == "closed"


def test_a_wrong_password_is_refused_and_says_so(door: Terminal) -> None:
    sign_in(door, "not the right one")
    expect(door.part("login-problem")).not_to_be_empty()
    expect(door.part("login")).to_be_visible()


def test_an_operator_comes_in_stays_in_and_goes(door: Terminal) -> None:
    sign_in(door, OPERATOR)
    door.is_live()
    assert door.part("role").get_attribute("data-value") == "operator"
    door.page.reload()
    door.is_live()
    door.page.goto(f"{door.url}/#/alerts?tab=silences")
    expect(door.part("silence-new")).to_be_enabled()
    door.part("sign-out").click()
    expect(door.part("login")).to_be_visible()
    assert door.page.evaluate("fetch('/api/v1/accounts').then(answer => answer.status)") == 401


def test_no_script_can_read_the_cookie(door: Terminal) -> None:
    sign_in(door, OPERATOR)
    door.is_live()
    assert door.page.evaluate("document.cookie") == ""
    cookies = door.page.context.cookies()
    assert cookies
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in cookies)


def test_a_viewer_sees_everything_and_changes_nothing(door: Terminal) -> None:
    sign_in(door, VIEWER)
    door.is_live()
    assert door.part("role").get_attribute("data-value") == "viewer"
    door.page.goto(f"{door.url}/#/alerts?tab=silences")
    expect(door.part("silence-new")).to_be_disabled()
    answer = door.page.evaluate(
        "async () => { const session = await (await fetch('/api/v1/session')).json();"
        " const headers = {'content-type': 'application/json', 'x-csrf-token': session.csrf};"
        " const body = JSON.stringify({matchers: {rule: '*'}, for_s: 600, author: 'me', comment: 'quiet'});"
        " return (await fetch('/api/v1/silences', {method: 'POST', headers, body})).status; }"
    )
    assert answer == 403
    assert door.page.evaluate("fetch('/api/v1/accounts').then(answer => answer.status)") == 200


def test_on_this_machine_nobody_signs_in_until_there_is_a_password(page: Page, tmp_path: Path) -> None:
    running = product_of(tmp_path)
    try:
        running.start()
        watch = Watch(running.url)
        watch.attend(page)
        watch.forgive(REFUSED)
        terminal = Terminal(page, running.url)
        terminal.open()
        assert terminal.part("sign-out").count() == 0
        set_password(running, "operator", OPERATOR)
        page.reload()
        expect(terminal.part("login")).to_be_visible()
        sign_in(terminal, OPERATOR)
        terminal.is_live()
        assert watch.complaints() == []
    finally:
        running.stop()
