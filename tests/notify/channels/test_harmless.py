"""Texts from outside: one line, nothing hidden, letters of all scripts kept; links that are links."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.notify.channels.harmless import harmless, harmless_link
from marginwatch.notify.channels.wide_marks import wide


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\nc\td", "a b c d"),
        ("\u2028x\u2029", "x"),
        ("price \u202e0001\u202c up", "price 0001 up"),
        ("\u2066a\u2069\u200b\ufeff", "a"),
        ("a\x00\x1b[31mb\x9b", "a [31mb"),
        ("\ud83d", "\ufffd"),
        ("tag\U000e0041\U000e007f", "tag"),
        (
            "Tiếng Việt, ไทย ค่ำ, 中文, हिन्दी, עברית, 👩‍👩‍👧‍👦",
            "Tiếng Việt, ไทย ค่ำ, 中文, हिन्दी, עברית, 👩‍👩‍👧‍👦",
        ),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 4),
        ("", ""),
    ],
)
def test_only_what_is_seen_stays(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text(st.characters()))
def test_any_text_becomes_one_line_that_can_be_encoded(text: str) -> None:
    line = harmless(text)
    line.encode()
    assert harmless(line) == line
    assert not [one for one in line if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cs")]
    assert not [
        one
        for one in line
        if unicodedata.bidirectional(one) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    ]


def test_a_text_without_end_is_clipped() -> None:
    assert len(harmless("x" * 10_000_000)) == 2_000


@pytest.mark.parametrize(
    "link",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//host/x",
        "https://",
        "http://[::1",
        "https://host/" + "x" * 2_000,
    ],
)
def test_what_is_no_web_address_is_no_link(link: str | None) -> None:
    assert harmless_link(link) is None


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://desk.example/a?b=c&d=e", "https://desk.example/a?b=c&d=e"),
        ("https://desk.example:8600/a#top", "https://desk.example:8600/a#top"),
        ("https://desk.example/账户", "https://desk.example/%E8%B4%A6%E6%88%B7"),
        ('https://desk.example/"><b>', "https://desk.example/%22%3E%3Cb%3E"),
        ("https://desk.example/a)b](c|d", "https://desk.example/a%29b%5D%28c%7Cd"),
    ],
)
def test_a_link_ends_in_no_markup(link: str, kept: str) -> None:
    assert harmless_link(link) == kept


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_wide_line_has_no_markup(text: str) -> None:
    line = wide(harmless(text))
    assert not set(line) & set("*`[]<>!\\|~")
    assert not line.startswith(("# ", "## ", "- ", "+ ", "> ", "1. "))
    assert len(line) == len(harmless(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mm_main-1 at 87.1 % & more", "mm_main-1 at 87.1 % & more"),
        ("&lt;b&gt; &#60;", "＆lt;b＆gt; ＆#60;"),
        ("# head", "＃ head"),
        ("-5.2 % of equity", "-5.2 % of equity"),
        ("- item", "－ item"),
        ("12. next", "１２． next"),
    ],
)
def test_only_markup_becomes_wide(text: str, shown: str) -> None:
    assert wide(text) == shown
