"""Four languages say the same: keys, placeholders, and every built-in rule and measure."""

from typing import Any

import pytest

from marginwatch.model.alert import AlertState
from marginwatch.model.delivery import SendReason
from marginwatch.model.severity import Severity
from marginwatch.notify.messages.catalog import LANGUAGES, catalog
from marginwatch.notify.messages.template import placeholders
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import default_rules

OTHERS = [one for one in LANGUAGES if one != "en"]
SCRIPTS = {"zh": ("\u4e00", "\u9fff"), "th": ("\u0e00", "\u0e7f"), "vi": ("\u00c0", "\u1ef9")}
"""Letters that a text of the language has and English has not."""


def flat(language: str) -> dict[str, str]:
    return {
        f"{section}.{key}": text
        for section, words in catalog(language).sections.items()
        for key, text in words.items()
    }


@pytest.mark.parametrize("language", OTHERS)
def test_every_catalog_has_the_same_words_and_placeholders(language: str) -> None:
    english, other = flat("en"), flat(language)
    assert english.keys() == other.keys()
    wrong = [key for key, text in english.items() if placeholders(text) != placeholders(other[key])]
    assert wrong == []
    assert [key for key, text in other.items() if not text.strip()] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_built_in_rule_is_told_in_every_language(language: str) -> None:
    rules = {rule.name: rule for rule in default_rules()}
    assert rules
    for name, rule in rules.items():
        english = catalog("en").rules[name]
        assert (english["message"], english["action"]) == (rule.message, rule.action), name
        own = catalog(language).rules[name]
        first, last = SCRIPTS[language]
        for field in ("message", "action"):
            assert any(first <= letter <= last for letter in own[field]), (name, field)
            assert placeholders(own[field]) <= placeholders(english[field]), (name, field)
        assert placeholders(own["message"]) == placeholders(english["message"]), name
    assert catalog(language).rules.keys() == catalog("en").rules.keys() == rules.keys()


def test_every_measure_has_a_name() -> None:
    named = catalog("en").sections["measures"]
    assert {name.partition(".")[2] for name in MEASURES} == set(named)


def test_every_reason_severity_and_scope_has_words() -> None:
    words = catalog("en").sections
    assert {one.value for one in SendReason} <= set(words["reasons"])
    assert {one.word for one in Severity} == set(words["severities"])
    scopes: Any = {measure.scope for measure in MEASURES.values()}
    assert scopes <= set(words["scopes"])
    assert AlertState.RESOLVED == "resolved"


def test_a_text_of_the_desk_s_own_is_never_replaced() -> None:
    rule = default_rules()[0]
    chinese = catalog("zh")
    assert chinese.rule_text(rule.name, "message", rule.message) == chinese.rules[rule.name]["message"]
    assert chinese.rule_text(rule.name, "message", "ours: {value}") == "ours: {value}"
    assert chinese.rule_text(rule.name, "message", None) is None
    assert chinese.rule_text("no-such-rule", "message", "x") == "x"


def test_an_unknown_language_is_english() -> None:
    assert catalog("de").language == "en"
