"""What chat messages share: marks, words in four languages, whom to call."""

import msgspec
import pytest
from tests.notify.channels.samples import item, message

from marginwatch.model.severity import Severity
from marginwatch.notify.channels.dingtalk.form import body_of
from marginwatch.notify.channels.layout import (
    foot_of,
    headline_of,
    mark_of,
    plain_form,
    rows_of,
    title_of,
    wants_mention,
    words_of,
)
from marginwatch.notify.channels.telegram.form import text_of
from marginwatch.notify.channels.wecom.form import markdown_of
from marginwatch.notify.messages.message import Message


def test_each_severity_looks_different_and_an_end_looks_like_one() -> None:
    marks = [mark_of(one, is_firing=True) for one in Severity]
    assert len(set(marks)) == len(Severity)
    assert {mark_of(one, is_firing=False) for one in Severity} == {"✅"}
    assert title_of(message(item(is_firing=False))) == "✅ Margin critical: mm-1"


@pytest.mark.parametrize("language", ["en", "zh", "vi", "th"])
def test_each_language_has_all_words(language: str) -> None:
    words = words_of(language)
    assert "7" in words.more.format(n=7)
    assert all((words.more, words.to_do, words.open, words.acknowledge))
    assert (words == words_of("en")) is (language == "en")


def test_one_alert_alone_needs_no_mark_of_its_own() -> None:
    one, two = item(1), item(2, Severity.WARNING, is_firing=False)
    assert headline_of(message(one), one) == one.headline
    told = message(one, two)
    assert headline_of(told, one) == f"🔴 critical: {one.headline}"
    assert headline_of(told, two) == f"✅ warning: {two.headline}"


def test_what_the_title_says_is_not_said_again() -> None:
    one = item()
    told = message(one, title=f"Critical: {one.headline}")
    for shown in (
        plain_form(told, ""),
        text_of(told, ""),
        markdown_of(told, ""),
        body_of(told, "")["markdown"]["text"],
    ):
        assert shown.count("87.1") == 1
        assert "4.2" in shown
    bare = msgspec.structs.replace(one, lines=(), action=None, link=None)
    assert rows_of(message(bare, title=f"Critical: {one.headline}"), bare) == [one.headline], (
        "no platform takes nothing"
    )


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (message(), True),
        (message(item(severity=Severity.HIGH)), False),
        (message(item(is_firing=False)), False),
        (message(item(1), item(2, Severity.INFO)), True),
        (message(is_test=True), False),
    ],
)
def test_people_are_called_for_what_is_critical_and_real(told: Message, wanted: bool) -> None:
    assert wants_mention(told) is wanted


def test_what_is_empty_leaves_no_hole() -> None:
    bare = message(reason="", made_at="")
    assert foot_of(bare) == ""
    assert "\n\n\n" not in plain_form(bare, "")
    assert not plain_form(bare, "").endswith("\n")
    assert rows_of(bare, item())[-1].startswith("➤ What to do: ")
