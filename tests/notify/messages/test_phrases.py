"""The service's own sentences are known again by their words, and nobody else's are touched."""

import ast
import json
from pathlib import Path

import pytest

import marginwatch
from marginwatch.book.history.why import SENTENCES
from marginwatch.notify.messages.phrases import Known, PhraseBook, pairs, told
from marginwatch.notify.messages.template import PLACEHOLDER, placeholders
from marginwatch.risk.margin import estimates, lacking
from marginwatch.risk.tables.left_out import WHY

OTHERS = ("zh", "vi", "th")
SCRIPTS = {"zh": ("\u4e00", "\u9fff"), "th": ("\u0e00", "\u0e7f"), "vi": ("\u00c0", "\u1ef9")}
SOURCE = Path(marginwatch.__file__).parent
NO_WORDS = frozenset({"{why_1}; {why_2}", "{name}: {why}", "{names} ({why})"})
"""Mere punctuation."""

JOINTS_MAX = 3
"""Texts of the source that one stretch of a sentence is joined of: a noun, its plural, what is said of it."""


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_there_with_the_same_placeholders(language: str) -> None:
    first, last = SCRIPTS[language]
    known = pairs(language)
    assert len(known) == len({english for english, _ in known}) == len(pairs("zh"))
    for english, other in known:
        assert placeholders(english) == placeholders(other), english
        names = PLACEHOLDER.findall(english)
        assert len(names) == len(set(names)), english
        assert "}{" not in english, "nobody could tell where one ends"
        is_worded = english not in NO_WORDS
        assert not is_worded or any(first <= letter <= last for letter in other) or language == "vi", english
        assert not is_worded or english != other


def pieces_of_source() -> str:
    """Return every text of the source, what is filled in left out."""
    nodes = (node for file in SOURCE.rglob("*.py") for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    return "\n".join(text for text in texts if isinstance(text, str))


def parts_found(piece: str, said: str) -> int:
    """Return of how many texts of the source a piece is put together at least, each as long as there is one."""
    n_parts = 0
    while piece:
        length = next((end for end in range(len(piece), 0, -1) if piece[:end] in said), 1)
        piece, n_parts = piece[length:], n_parts + 1
    return n_parts


def test_no_sentence_is_of_yesterday() -> None:
    said = pieces_of_source()
    pieces = {piece for english, _ in pairs("zh") for piece in PLACEHOLDER.split(english)[::2] if piece}
    gone = [piece for piece in pieces if parts_found(piece, said) > JOINTS_MAX]
    assert gone == []
    assert parts_found("no price old enough for the contract, nobody knows why", said) > JOINTS_MAX


@pytest.mark.parametrize("language", OTHERS)
def test_reasons_that_are_listed_somewhere_are_known(language: str) -> None:
    listed = [
        *SENTENCES.values(),
        *estimates.TEXTS.values(),
        *(text.format("BTC") for text in lacking.TEXTS.values()),
        *(text for text in WHY.values() if " " in text),
    ]
    assert [text for text in listed if told(language, f"missing: {text}").endswith(text)] == []


def test_sentences_within_sentences_and_numbers_are_of_the_language() -> None:
    text = "2 transfers of 1,234.50 USD in all bring every account to the target; 3 accounts are not part of this"
    assert told("zh", text) == "共 2 笔划转，合计 1,234.50 USD，可使所有账户达到目标；3 个账户不在其中"
    assert "1.234,50 USD" in told("vi", text)
    trades = (
        "buy 0.5 BTCUSDT on mm-1, sell 2 ETHUSDT on a, b: beta-weighted delta -1,200 → 0 USD; margin-neutral"
    )
    assert told("vi", trades) == (
        "mua 0,5 BTCUSDT trên mm-1, bán 2 ETHUSDT trên a, b: delta theo beta -1.200 → 0 USD; trung lập về ký quỹ"
    )
    assert told("en", text) == text


CASES = json.loads((Path(__file__).parents[3] / "ui" / "tests" / "phrases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_messages_tell_what_pages_tell(case: dict[str, str]) -> None:
    assert told(case["language"], case["text"]) == case["told"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10001: params error",
        "sorry; not ours (really)",
        "amount of ",
        "{why}: {why}",
        "x transfers of y USD in all",
        "\u202ealert(1); <img src=x>: {n}",
        "mm-1",
        "a" * 5_000,
    ],
)
@pytest.mark.parametrize("language", OTHERS)
def test_what_is_none_of_ours_stays(language: str, text: str) -> None:
    assert told(language, text) == text


def test_names_within_are_not_looked_into() -> None:
    assert told("zh", "mark price of {n} {why}") == "{n} {why} 的标记价格"
    assert told("zh", "missing: mark price of mark price") == "缺失：mark price 的标记价格"


class Counting(PhraseBook):
    """A book that counts how many texts it looked through."""

    n_looked = 0

    def _told(self, text: str, depth: int, known: Known) -> str:
        self.n_looked += 1
        return super()._told(text, depth, known)


def test_a_text_made_to_be_taken_apart_in_many_ways_is_not() -> None:
    book, text = Counting("zh"), "a; b: c (d: e; f " * 110
    assert book.told(text) == text
    assert book.n_looked < 500
