"""Further figures, as each language writes them."""

import pytest

from marginwatch.notify.messages.catalog import catalog
from marginwatch.notify.messages.context import context_text
from marginwatch.notify.messages.figures import Figures
from marginwatch.risk.answers import Answer
from marginwatch.rules.subjects.figures import answered, percent, times, usd


@pytest.mark.parametrize(
    ("language", "name", "text", "wanted"),
    [
        ("en", "quantity", "-0.500", "-0.500 contracts"),
        ("zh", "quantity", "1000", "1,000 张"),
        ("vi", "entry_price", "64000.5", "64.000,5"),
        ("th", "adl_rank", "5", "ระดับ 5"),
        ("zh", "accounts", "12", "12 个账户"),
        ("vi", "not_included", "3 accounts", "3 tài khoản"),
        ("th", "direction", "falls", "ราคาลง"),
        ("vi", "distance", "none in range", "không xảy ra trong phạm vi"),
        ("zh", "status", "liquidating", "强平中"),
        ("en", "worst", "BTCUSDT", "BTCUSDT"),
        ("zh", "rules", "a, b", "a, b"),
        ("en", "accounts", "accounts", "accounts"),
        ("en", "anything", "two\nlines\u202e", "two lines"),
    ],
)
def test_figures_are_told_in_the_language(language: str, name: str, text: str, wanted: str) -> None:
    assert context_text(name, text, catalog(language), Figures(language, "UTC")) == wanted


@pytest.mark.parametrize("number", [0.0, 0.041, -0.5, 12.3, 1_234.56, -98_765.4])
def test_whatever_subjects_write_is_understood(number: float) -> None:
    figures = Figures("vi", "UTC")
    for written in (percent(number), usd(number), times(number)):
        assert written is not None
        assert figures.retold(written) is not None
    none = answered(None, Answer.NONE_IN_RANGE)
    assert none is not None
    assert context_text("distance", none, catalog("vi"), figures) != none
