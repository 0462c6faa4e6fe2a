"""Addresses of the dashboard."""

import pytest
from tests.notify.messages.samples import alert

from marginwatch.model.alert import Subject
from marginwatch.notify.messages.links import dashboard_link


@pytest.mark.parametrize(
    ("subject", "wanted"),
    [
        (Subject(scope="account", name="mm-1", account_id="mm-1"), "https://d.example/#/accounts/mm-1"),
        (
            Subject(scope="position", name="a/b/long", account_id="a b/c"),
            "https://d.example/#/accounts/a%20b%2Fc",
        ),
        (Subject(scope="account", name="x?y#z"), "https://d.example/#/accounts/x%3Fy%23z"),
        (Subject(scope="asset", name="BTC"), "https://d.example/#/alerts/a-1"),
    ],
)
def test_a_link_leads_to_the_account_or_the_alert(subject: Subject, wanted: str) -> None:
    assert dashboard_link("https://d.example/", alert(subject=subject)) == wanted


def test_without_an_address_there_is_no_link() -> None:
    assert dashboard_link(None, alert()) is None
    assert dashboard_link("", alert()) is None
    assert dashboard_link("https://d.example") == "https://d.example/#/"
