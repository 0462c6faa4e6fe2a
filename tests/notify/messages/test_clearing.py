"""What is said of an alert whose value is back inside its bound, and of one that cannot be judged, in every language."""

import re

import pytest
from tests.notify.messages.samples import alert, notice, row, told

from marginwatch.model.alert import Subject
from marginwatch.model.delivery import SendReason
from marginwatch.notify.messages.catalog import LANGUAGES, catalog
from marginwatch.notify.messages.sentences import is_word_in
from marginwatch.notify.messages.template import PLACEHOLDER
from marginwatch.rules.definition import Rule
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import default_rules


@pytest.mark.parametrize(
    ("side", "value", "said"),
    [
        ("above", 0.84, "84.0%, below its limit of 85.0%"),
        ("above", 0.85, "85.0%, at its limit of 85.0%"),
        ("below", 0.85, "85.0%, at its limit of 85.0%"),
        ("below", 0.86, "86.0%, above its limit of 85.0%"),
    ],
)
def test_what_fires_on_inside_its_limit_is_said_to_be_clearing(side: str, value: float, said: str) -> None:
    headline = told(row(alert(side=side, value=value), SendReason.REPEATED)).items[0].headline
    assert headline == f"mm-1: maintenance margin usage is back to {said}; clearing, not over yet"


CLEARING = {"en": "not over yet", "zh": "尚未", "vi": "chưa kết thúc", "th": "ยังไม่สิ้นสุด"}
WITHIN = {"en": "below", "zh": "低于", "vi": "thấp hơn", "th": "ต่ำกว่า"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", default_rules(), ids=lambda rule: rule.name)
def test_a_built_in_rule_s_sentence_of_danger_is_not_told_of_what_clears(language: str, rule: Rule) -> None:
    measure, bound = MEASURES[rule.measure], rule.steps[0].bound
    is_above = rule.side == "above"
    is_flag = is_above and bound < 1 and measure.unit == "count"
    value = 0.0 if is_flag else bound * (0.9 if is_above else 1.1) - (bound == 0)
    one = alert(
        rule=rule.name,
        subject=Subject(scope=measure.scope, name="mm-1", account_id="mm-1"),
        measure=rule.measure,
        unit=measure.unit,
        side=rule.side,
        value=value,
        bound=bound,
        window_s=rule.change_over_s,
        message=rule.message,
        action=rule.action,
    )
    headline = told(row(one, SendReason.REPEATED), language=language).items[0].headline
    assert CLEARING[language] in headline
    assert "{" not in headline
    danger = PLACEHOLDER.split(catalog(language).rules[rule.name]["message"])[::2]
    assert re.search(".*".join(map(re.escape, danger)), headline) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_clears_says_on_which_side_it_is_and_a_desk_s_own_words_stay(language: str) -> None:
    one = alert(value=0.8, message="{account}: call Ann, {value}!")
    headline = told(row(one, SendReason.REPEATED), language=language).items[0].headline
    assert headline.startswith("mm-1: call Ann, 80")
    assert WITHIN[language] in headline
    assert CLEARING[language] in headline
    changed = alert(value=0.8, window_s=300.0)
    assert CLEARING[language] in told(row(changed), language=language).items[0].headline


def test_a_yes_that_has_become_a_no_is_not_told_as_a_yes() -> None:
    flag = alert(measure="account.key_is_unsafe", unit="count", value=0.0, bound=0.0)
    headline = told(row(flag, SendReason.REPEATED)).items[0].headline
    assert headline == "mm-1: no longer so, but not over yet: API key that may do more than read"


@pytest.mark.parametrize(
    ("language", "why"), [("zh", "尚未收到数据"), ("vi", "chưa nhận được dữ liệu"), ("th", "ยังไม่ได้รับข้อมูล")]
)
def test_why_nothing_is_judged_is_told_in_the_language(language: str, why: str) -> None:
    item = told(
        row(notice(unknown_reason="not heard yet", context={"reason": "not heard yet"})), language=language
    ).items[0]
    assert why in item.headline
    foreign = told(row(notice(unknown_reason="{subject} \u202e<b>x</b>")), language=language).items[0]
    assert "{subject} <b>x</b>" in foreign.headline


@pytest.mark.parametrize(
    ("name", "text", "is_there"),
    [
        ("mm-1", "mm-1 uses 87%", True),
        ("mm-1", "mm-11 uses 87%", False),
        ("mm-1", "mm-11, not mm-1", True),
        ("mm-1", "amm-1", False),
        ("mm-1", "的mm-1的", True),
        ("a+(b", "x a+(b.", True),
        ("mm-1", "", False),
    ],
)
def test_a_name_is_looked_for_as_a_whole(name: str, text: str, *, is_there: bool) -> None:
    assert is_word_in(name, text) is is_there
