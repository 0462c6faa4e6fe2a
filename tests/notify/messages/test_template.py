"""Templates: names become texts, and nothing else happens."""

import pytest

from marginwatch.notify.messages.template import fill, placeholders


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{account} at {value}", "mm-1 at 87 %"),
        ("{unknown} stays", "{unknown} stays"),
        (
            "{account.__class__} {account[0]} {account!r} {value:>9}",
            "{account.__class__} {account[0]} {account!r} {value:>9}",
        ),
        ("{{account}}", "{mm-1}"),
        ("{} { account } {ACCOUNT", "{} { account } {ACCOUNT"),
        ("%s %(account)s $account", "%s %(account)s $account"),
    ],
)
def test_only_plain_names_are_filled(template: str, wanted: str) -> None:
    assert fill(template, {"account": "mm-1", "value": "87 %"}) == wanted


def test_values_are_not_filled_again() -> None:
    assert fill("{a} {b}", {"a": "{b}", "b": "{a}"}) == "{b} {a}"


def test_names_are_found() -> None:
    assert placeholders("{a} {b_2} {C} {a.b}") == {"a", "b_2"}
