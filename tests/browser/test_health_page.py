"""The page of health: every source as it is heard, and figures of the service that are its own."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal, until


def test_every_source_is_there_with_its_state(terminal: Terminal, product: Product) -> None:
    terminal.open("health")
    names = {str(one.account_id) for one in product.service.config.accounts}
    expect(terminal.part("source-row")).to_have_count(len(names))
    rows = terminal.part("source-row").all()
    assert {row.get_attribute("data-account") for row in rows} == names
    fresh = terminal.page.locator("[data-testid=health-count][data-state=included]")
    expect(fresh).to_have_attribute("data-value", str(len(names)))


def test_budgets_frames_and_the_process_are_those_of_the_service(
    terminal: Terminal, product: Product
) -> None:
    terminal.open("health")

    def agree() -> str | None:
        [budget] = product.ask(lambda: [one.state() for one in product.service.budgets.values()])
        shown = float(terminal.part("budget").get_attribute("data-value") or "nan")
        return (
            None
            if shown == pytest.approx(budget.used / budget.allowed, abs=0.2)
            else f"{shown}, {budget.used}"
        )

    until(agree)
    assert 0.0 <= terminal.figure("health-frame-age") < 5.0
    assert 0.0 < terminal.figure("health-frame-build") < 1_000.0
    assert terminal.figure("health-memory") > 10_000_000
    until(lambda: None if terminal.figure("health-stream-clients") >= 1 else "this tab is no client")
    expect(terminal.part("part-row")).to_have_count(8)
    expect(terminal.part("channel-row")).to_have_attribute("data-channel", "inbox")
    expect(terminal.part("channel-row")).to_have_attribute("data-failing", "false")
    expect(terminal.part("health-alerting-state")).to_contain_text("✓")


def test_records_are_chosen_by_the_address(terminal: Terminal) -> None:
    terminal.open("health?records=quarantine")
    expect(terminal.part("records-quarantine")).to_have_attribute("aria-checked", "true")
    terminal.part("records-breaks").click()
    expect(terminal.page).to_have_url(re.compile("records=breaks"))


def test_no_panel_lies_over_another_on_a_phone(phone: Terminal) -> None:
    phone.open("health")
    expect(phone.part("source-row").first).to_be_visible()
    # Short places stand for many sources: the table has to scroll in its own.
    phone.page.evaluate("document.querySelector('.sources').style.maxHeight = '200px'")
    edges = phone.page.evaluate(
        "[...document.querySelectorAll('[data-testid=health-page] section')]"
        ".map(one => one.getBoundingClientRect()).map(box => [box.top, box.bottom])"
    )
    assert len(edges) >= 6
    assert [(above, below) for above, below in pairwise(sorted(edges)) if above[1] > below[0] + 0.5] == []
