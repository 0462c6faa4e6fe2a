"""One line, nothing hidden, and no figure torn."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.notify.messages.clean import cut, one_line


@given(st.text(st.characters(), max_size=200), st.integers(min_value=0, max_value=100))
def test_any_text_becomes_one_short_line(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert not re.search("[\\x00-\\x1f\\x7f-\\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", line)
    line.encode()


@given(
    st.text(st.sampled_from("ab 1234567890.,%$×-US秒分钟ก่ำ\xa0"), max_size=80),
    st.integers(min_value=2, max_value=80),
)
def test_a_cut_text_begins_as_the_whole(text: str, most: int) -> None:
    short = cut(text, most)
    assert len(short) <= most
    if short != text:
        assert short.endswith("…")
        assert text.startswith(short[:-1])
        rest = text[len(short) - 1 :]
        assert not (short[-2:-1].isdigit() and rest[:1].isdigit())


@pytest.mark.parametrize("most", range(8, 60))
def test_no_figure_loses_digits_or_unit(most: int) -> None:
    whole = "loss 1,234,567.89 US$, usage 87.3%, since 12 minutes, at $61,234 now"
    figures = {"1,234,567.89 US$", "87.3%", "12 minutes", "$61,234"}
    short = cut(whole, most)
    left = re.findall(r"\$?\d[\d.,]*(?: US\$|%| minutes)?", short)
    assert {one.rstrip(",") for one in left} <= figures


@pytest.mark.parametrize("most", range(2, 12))
def test_thai_marks_stay_with_their_letters(most: int) -> None:
    short = cut("ค่ำนี้ผู้ใช้รู้", most)
    assert not unicodedata.category("ค่ำนี้ผู้ใช้รู้"[len(short) - 1]).startswith("M") or short == "…"
