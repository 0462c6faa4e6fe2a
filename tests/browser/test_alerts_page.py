"""The page of alerts: shows what fires, and lets somebody take care of it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal, until
from tests.browser.watch import Watch

from marginwatch.model.alert import Alert, AlertState
from marginwatch.notify.messages.catalog import catalog
from marginwatch.notify.messages.figures import Figures
from marginwatch.notify.messages.sentences import Teller
from marginwatch.risk.answers import Answer

FALL = -0.15
"""More than prices may move within five minutes before somebody is told."""

COMMENT = "<img src=x onerror=alert(1)> on it"


@pytest.fixture(scope="module")
def fallen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A market that fell and stands still, so that the same alerts fire on."""
    running = Product(tmp_path_factory.mktemp("fallen"), n_accounts=3)
    try:
        running.start()
        # What is lost before the day has begun for everybody is no loss of this day.
        until(lambda: None if has_day(running) else "the day has not begun")
        running.hold(is_held=True)
        running.ask(lambda: (running.exchange.shock(FALL), running.exchange.step()))
        until(lambda: None if len(firing(running)) >= 3 else "too little fires", within_s=20)
        yield running
    finally:
        running.stop()


def has_day(product: Product) -> bool:
    equity = product.service.equity
    assert equity is not None
    loss = product.ask(equity.portfolio_figures).readings.get("daily_loss_share")
    return loss is not None and loss.answer is Answer.NUMBER


@pytest.fixture
def attended(page: Page, fallen: Product) -> Iterator[Watch]:
    watch = Watch(fallen.url)
    watch.attend(page)
    yield watch
    assert watch.complaints() == []


@pytest.fixture
def tab(page: Page, fallen: Product, attended: Watch) -> Terminal:
    del attended
    return Terminal(page, fallen.url)


def firing(product: Product) -> dict[str, Alert]:
    alerting = product.service.alerting
    assert alerting is not None
    found = product.ask(alerting.open_alerts)
    return {
        one.alert_id: one for one in found if one.state is AlertState.FIRING and not one.is_unknown_notice
    }


LETTERS = {"zh": "[\u4e00-\u9fff]", "vi": "[\u1ea0-\u1ef9]", "th": "[\u0e00-\u0e7f]", "en": "[a-z]"}
"""Of which every sentence of a language has some."""


def test_headlines_and_what_to_do_follow_the_language(tab: Terminal, fallen: Product) -> None:
    tab.open("alerts")
    tab.part("alert-open").first.click()
    for code, letters in LETTERS.items():
        tab.part("language").select_option(code)
        expect(tab.part("alert-open").first).to_be_visible()
        teller = Teller(catalog(code), Figures(code, "UTC"), 0)

        def agree(teller: Teller = teller) -> str | None:
            true = {one.alert_id: teller.headline(one) for one in firing(fallen).values()}
            shown = {
                row.get_attribute("data-alert"): row.locator("[data-testid=alert-open]").inner_text()
                for row in tab.part("alert-row").all()
            }
            return None if shown == true else f"shown {shown}, true {true}"

        until(agree)
        expect(tab.part("detail-action")).to_have_text(re.compile(letters))
        expect(tab.part("detail-measure")).to_have_text(re.compile(letters))
        expect(tab.part("detail-measure")).not_to_have_text(re.compile("_"))
        first = tab.part("alert-row").first.get_attribute("data-alert")
        tab.open("overview")
        row = tab.page.locator(f"[data-testid=overview-alerts] [data-alert='{first}'] a")
        expect(row).to_have_text(teller.headline(firing(fallen)[str(first)]))
        tab.open(f"alerts/{first}")


def test_what_fires_is_what_the_rules_say(tab: Terminal, fallen: Product) -> None:
    tab.open("alerts")

    def agree() -> str | None:
        shown = {
            row.get_attribute("data-alert"): row.get_attribute("data-severity")
            for row in tab.part("alert-row").all()
        }
        true = {one.alert_id: one.severity.word for one in firing(fallen).values()}
        return None if shown == true else f"shown {shown}, true {true}"

    until(agree)


def test_filters_stand_in_the_address(tab: Terminal, fallen: Product) -> None:
    tab.open("alerts")
    subject = next(iter(firing(fallen).values())).subject.name
    tab.part("alerts-search").fill(subject)
    expect(tab.page).to_have_url(re.compile("search="))
    tab.page.reload()
    expect(tab.part("alerts-search")).to_have_value(subject)
    expect(tab.part("alert-row").first).to_contain_text(subject)
    tab.part("alerts-search").fill("no such thing")
    expect(tab.part("alert-row")).to_have_count(0)


def test_an_address_opens_its_alert(tab: Terminal, fallen: Product) -> None:
    one = next(alert for alert in firing(fallen).values() if alert.subject.account_id is not None)
    tab.open(f"alerts/{one.alert_id}")
    detail = tab.part("alert-detail")
    expect(detail).to_contain_text(one.subject.name)
    expect(detail).to_contain_text(one.measure)
    tab.part("detail-account").click()
    expect(tab.page).to_have_url(re.compile(f"#/accounts/{one.subject.account_id}"))
    tab.open("alerts/none-of-this-name")
    expect(tab.part("alert-not-found")).to_be_visible()


def test_somebody_takes_care_and_everybody_sees_who(tab: Terminal, fallen: Product) -> None:
    tab.open("alerts")
    alert_id = tab.part("alert-row").first.get_attribute("data-alert")
    # By its name: another may come to stand first meanwhile.
    tab.page.locator(f"[data-alert='{alert_id}']").get_by_test_id("alert-acknowledge").click()
    tab.part("acknowledge-author").fill("nan")
    tab.part("acknowledge-comment").fill(COMMENT)
    tab.part("acknowledge-submit").click()
    mine = tab.page.locator(f"[data-alert='{alert_id}']").get_by_test_id("alert-acknowledged")
    expect(mine).to_contain_text("nan")
    alerting = fallen.service.alerting
    assert alerting is not None
    [given] = fallen.wait(alerting.acknowledgements())
    assert (given.alert_id, given.author, given.comment) == (alert_id, "nan", COMMENT)
    # Who says so is remembered, and what was written is text.
    tab.part("alert-acknowledge").first.click()
    expect(tab.part("acknowledge-author")).to_have_value("nan")
    tab.page.keyboard.press("Escape")
    tab.open(f"alerts/{alert_id}")
    expect(tab.part("detail-care")).to_contain_text(COMMENT)


def test_a_silence_covers_its_alert_until_it_is_ended(tab: Terminal, attended: Watch) -> None:
    # The browser itself says that a silence was refused.
    attended.forgive(r"status of 400 .*/api/v1/silences")
    tab.open("alerts")
    row = tab.part("alert-row").filter(has=tab.page.get_by_test_id("alert-acknowledge")).first
    alert_id = row.get_attribute("data-alert")
    tab.page.locator(f"[data-alert='{alert_id}']").get_by_test_id("alert-silence").click()
    tab.part("silence-author").fill("nan")
    tab.part("silence-comment").fill("maintenance")
    tab.part("silence-submit").click()
    expect(tab.part("silence-done")).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator(f"[data-alert='{alert_id}']").get_by_test_id("alert-silenced")).to_be_visible()
    tab.part("alerts-tab-silences").click()
    expect(tab.part("silence-row")).to_contain_text("maintenance")
    tab.part("silence-end").click()
    expect(tab.part("silences-none")).to_be_visible()
    tab.part("silence-new").click()
    tab.part("silence-matchers").fill("nonsense")
    tab.part("silence-comment").fill("x")
    tab.part("silence-submit").click()
    expect(tab.part("silence-failed")).to_contain_text("matchers")


def test_what_was_and_who_was_told_is_kept(tab: Terminal, fallen: Product) -> None:
    tab.open("alerts?tab=history")
    fired = tab.page.locator("[data-testid=transition-row][data-kind=fired]")
    expect(fired.first).to_be_visible()

    def all_there() -> str | None:
        # More may fire while the page is looked at, which reads again every few seconds.
        names = {one.subject.name for one in firing(fallen).values()}
        lacking = names - {row.get_attribute("data-subject") for row in fired.all()}
        return f"lacking {lacking}" if lacking else None

    until(all_there)
    tab.part("alerts-tab-deliveries").click()
    expect(tab.part("delivery-row").first).to_have_attribute("data-delivered", "true", timeout=15_000)


def test_rules_show_where_they_stand(tab: Terminal, fallen: Product) -> None:
    tab.open("alerts?tab=rules")
    alerting = fallen.service.alerting
    assert alerting is not None
    standings = {one.rule.name: one for one in fallen.ask(alerting.standings)}
    expect(tab.part("rule-row")).to_have_count(len(standings))
    worst = next(one for one in standings.values() if one.n_firing and one.value is not None)
    row = tab.page.locator(f"[data-testid=rule-row][data-rule='{worst.rule.name}']")
    assert worst.worst is not None
    expect(row).to_contain_text(worst.worst.name)

    def agree() -> str | None:
        told = {one.rule.name: one for one in fallen.ask(alerting.standings)}[worst.rule.name]
        shown = float(row.get_by_test_id("rule-distance").get_attribute("data-value") or "nan")
        return (
            None
            if shown == pytest.approx(told.distance, rel=1e-3)
            else f"shown {shown}, true {told.distance}"
        )

    until(agree)


def test_what_leaves_the_page_under_the_pointer_takes_its_words_along(tab: Terminal) -> None:
    tab.open("alerts")

    def pointed() -> str | None:
        # Rows may move meanwhile, and what scrolls under the pointer says nothing.
        tab.page.mouse.move(0, 0)
        tab.part("alert-open").first.hover()
        return None if tab.page.get_by_role("tooltip").count() else "nothing is said"

    until(pointed)
    tab.page.evaluate("location.hash = '#/advice'")
    expect(tab.part("alert-open")).to_have_count(0)
    expect(tab.page.get_by_role("tooltip")).to_have_count(0)
