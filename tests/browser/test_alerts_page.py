"""Alerts as the service has them: taken care of, silenced, told; rules with what they see now."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal, until
from tests.browser.watch import Watch

from marginwatch.model.alert import Alert, AlertState


@pytest.fixture(scope="module")
def alarmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product where the most indebted account was liquidated, so that much fires."""
    running = Product(tmp_path_factory.mktemp("alarmed"), n_accounts=3)
    try:
        running.start()
        running.ask(lambda: running.exchange.shock(-0.12))
        until(lambda: None if len(open_alerts(running)) >= 3 else "too little fires", within_s=40.0)
        running.hold(is_held=True)
        yield running
    finally:
        running.stop()


@pytest.fixture
def tab(page: Page, alarmed: Product) -> Iterator[Terminal]:
    watch = Watch(alarmed.url)
    watch.attend(page)
    yield Terminal(page, alarmed.url)
    assert watch.complaints() == []


def open_alerts(product: Product) -> list[Alert]:
    alerting = product.service.alerting
    assert alerting is not None
    return [one for one in product.ask(alerting.open_alerts) if one.state is AlertState.FIRING]


def of_account(product: Product, name: str) -> Alert:
    return next(one for one in open_alerts(product) if one.subject.account_id == name)


def row(tab: Terminal, alert: Alert):
    return tab.page.locator(f"[data-testid=alert-row][data-alert='{alert.alert_id}']")


def test_what_fires_is_listed_with_severity_and_subject(tab: Terminal, alarmed: Product) -> None:
    tab.open("alerts")
    for alert in open_alerts(alarmed):
        line = row(tab, alert)
        expect(line).to_have_attribute("data-severity", alert.severity.name.lower())
        expect(line).to_have_attribute("data-subject", alert.subject.name)
        expect(line).to_contain_text(alert.rule)


def test_the_address_of_an_alert_opens_it(tab: Terminal, alarmed: Product) -> None:
    alert = of_account(alarmed, "dir-momentum")
    tab.open(f"alerts/{alert.alert_id}")
    expect(tab.part("alert-detail")).to_contain_text(alert.rule)
    tab.part("detail-account").click()
    expect(tab.page).to_have_url(re.compile("#/accounts/dir-momentum"))


def test_an_operator_acknowledges_and_everybody_sees_by_whom(tab: Terminal, alarmed: Product) -> None:
    alert = of_account(alarmed, "dir-momentum")
    tab.open("alerts")
    row(tab, alert).get_by_test_id("alert-acknowledge").click()
    tab.part("acknowledge-author").fill("Ana")
    tab.part("acknowledge-comment").fill("closing it by hand")
    tab.part("acknowledge-submit").click()
    expect(row(tab, alert).get_by_test_id("alert-acknowledged")).to_contain_text("Ana")
    alerting = alarmed.service.alerting
    assert alerting is not None
    kept = alarmed.wait(alerting.acknowledgements())
    assert [(one.author, one.comment) for one in kept if one.alert_id == alert.alert_id] == [
        ("Ana", "closing it by hand")
    ]


def test_a_silence_is_made_shown_and_ended(tab: Terminal, alarmed: Product) -> None:
    tab.open("alerts?tab=silences")
    tab.part("silence-new").click()
    tab.part("silence-matchers").fill("account=treasury")
    tab.part("silence-author").fill("Bao")
    tab.part("silence-comment").fill("moving funds")
    tab.part("silence-submit").click()
    expect(tab.part("silence-done")).to_be_visible()
    tab.page.keyboard.press("Escape")
    line = tab.part("silence-row").filter(has_text="Bao")
    expect(line).to_contain_text("treasury")
    line.get_by_test_id("silence-end").click()
    confirm = tab.page.get_by_role("dialog").get_by_role("button").last
    if confirm.count():
        confirm.click()
    alerting = alarmed.service.alerting
    assert alerting is not None

    def ended() -> str | None:
        now_ns = alarmed.service.clock.now_ns()
        found = alarmed.wait(alerting.silences())
        return None if all(one.until_ns <= now_ns for one in found if one.author == "Bao") else "it holds"

    until(ended)


def test_what_was_delivered_is_told(tab: Terminal, alarmed: Product) -> None:
    alerting = alarmed.service.alerting
    assert alerting is not None
    tab.open("alerts?tab=deliveries")
    expect(tab.part("delivery-row").first).to_have_attribute("data-channel", "inbox", timeout=15_000)
    inbox = alarmed.folder / "inbox.txt"
    until(lambda: None if inbox.exists() and "dir-momentum" in inbox.read_text() else "nothing in the inbox")


def test_what_happened_is_told(tab: Terminal, alarmed: Product) -> None:
    tab.open("alerts?tab=history")
    fired = tab.part("transition-row").filter(has_text="dir-momentum")
    expect(fired.first).to_be_visible()


def test_rules_show_what_they_see_now(tab: Terminal, alarmed: Product) -> None:
    tab.open("alerts?tab=rules")
    alerting = alarmed.service.alerting
    assert alerting is not None
    standings = {one.rule.name: one for one in alarmed.ask(alerting.standings)}
    expect(tab.part("rule-row")).to_have_count(len(standings))
    daily = standings["daily-loss"]
    assert daily.n_firing >= 1
    line = tab.page.locator("[data-testid=rule-row][data-rule=daily-loss]")
    assert daily.value is not None
    shown = line.get_by_test_id("rule-value").get_attribute("data-value")
    assert float(shown or "nan") == pytest.approx(daily.value, rel=0.01)


def test_a_search_and_a_severity_stand_in_the_address(tab: Terminal, alarmed: Product) -> None:
    tab.open("alerts?severity=critical&search=liquidation")
    expect(tab.part("alerts-search")).to_have_value("liquidation")
    expect(tab.part("alert-row").first).to_be_visible()
    severities = tab.part("alert-row").evaluate_all("rows => rows.map(row => row.dataset.severity)")
    assert set(severities) == {"critical"}
