"""Cuts between graphemes, messages within a limit, nothing left out in silence."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notify.channels.samples import digest, item, message

from marginwatch.model.severity import Severity
from marginwatch.notify.channels.layout import plain_form
from marginwatch.notify.channels.trimming import clip, fitted, utf8_length, utf16_length
from marginwatch.notify.messages.message import Line, Message


@pytest.mark.parametrize(
    "whole",
    [
        "👩‍👩‍👧‍👦",  # a family of four, joined
        "🇹🇭",  # two regional indicators
        "👍🏽",  # a thumb and its color
        "e\u0301\u0323",  # a letter and two marks
        "ก็",  # a Thai letter and its mark
        "น้ำ",  # a letter, a mark, SARA AM
        "♥\ufe0f",  # a variation selector
    ],
)
def test_a_cut_never_splits_what_is_seen_as_one(whole: str) -> None:
    text = whole * 20
    for limit in range(2, len(text)):
        cut = clip(text, limit)
        assert len(cut) <= limit
        assert cut.endswith("…")
        assert cut[:-1] == whole * (len(cut[:-1]) // len(whole))


def test_flags_are_counted_in_pairs() -> None:
    assert clip("x🇹🇭🇻🇳🇨🇳", 5) == "x🇹🇭…"
    assert clip("🇹🇭🇻🇳🇨🇳", 5) == "🇹🇭🇻🇳…"


@given(st.text(max_size=80), st.integers(min_value=1, max_value=60))
def test_a_clipped_text_is_a_beginning(text: str, limit: int) -> None:
    cut = clip(text, limit)
    assert len(cut) <= limit
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))


def test_marks_without_end_are_cut_all_the_same() -> None:
    assert len(clip("e" + "\u0301" * 10_000, 100)) == 100


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_lengths_are_those_of_the_encodings(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2
    assert utf8_length(text) == len(text.encode("utf-8"))


def test_what_fits_is_not_touched() -> None:
    told = digest(3)
    assert fitted(told, plain_form, lambda _: True) == plain_form(told, "")


@given(st.integers(min_value=1, max_value=60), st.integers(min_value=300, max_value=6_000))
def test_every_alert_is_told_or_counted(n_items: int, limit: int) -> None:
    text = fitted(digest(n_items), plain_form, lambda one: len(one) <= limit)
    assert len(text) <= limit
    left_out = re.search(r"… and (\d+) more", text)
    assert (
        len(re.findall(r"high: mm-\d|^mm-1", text, re.MULTILINE))
        + (int(left_out.group(1)) if left_out else 0)
        == n_items
    )


@given(st.integers(min_value=200, max_value=3_000))
def test_more_room_never_tells_fewer_alerts(limit: int) -> None:
    def told(room: int) -> int:
        return fitted(digest(40), plain_form, lambda one: len(one) <= room).count("🟠 high")

    assert told(limit) <= told(limit + 200)


def test_left_out_figures_are_counted() -> None:
    one = msgspec.structs.replace(item(), lines=tuple(Line(f"figure {n}", "1 %") for n in range(60)))
    text = fitted(message(one), plain_form, lambda form: len(form) <= 900)
    shown = len(re.findall(r"figure \d+: 1 %", text))
    left_out = re.search(r"…: \+(\d+)", text)
    assert left_out is not None
    assert shown + int(left_out.group(1)) == 60


def test_a_long_text_gives_way_before_an_alert_does() -> None:
    long = msgspec.structs.replace(item(1), action="reduce " * 400)
    text = fitted(message(long, item(2), item(3)), plain_form, lambda form: len(form) <= 1_500)
    assert [n for n in (1, 2, 3) if f"mm-{n}: maintenance margin usage 87.1 %" not in text] == []


def test_the_mildest_go_first() -> None:
    rows = [item(1), *(item(n, Severity.WARNING) for n in range(2, 200))]
    text = fitted(message(*rows), plain_form, lambda form: len(form) <= 1_000)
    assert "mm-1: maintenance" in text
    assert "mm-199" not in text


def test_an_impossible_limit_is_an_error() -> None:
    with pytest.raises(ValueError, match="limit"):
        fitted(digest(3), plain_form, lambda _: False)


def test_the_work_is_bounded() -> None:
    renders = 0

    def counted(one: Message, left_out: str) -> str:
        nonlocal renders
        renders += 1
        return plain_form(one, left_out)

    fitted(digest(2_000), counted, lambda form: len(form) <= 4_096)
    assert renders < 45
