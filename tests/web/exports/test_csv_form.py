"""CSV: what was there comes back, and nothing in it is a formula in any spreadsheet."""

import csv
import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.web.exports.csv_form import CsvParts
from marginwatch.web.exports.shapes import columns_of


class Line(msgspec.Struct, frozen=True):
    reasons: dict[str, str]
    name: str | None
    value: float | None
    at_ns: int | None
    is_good: bool
    tags: tuple[str, ...]


def written(*rows: Line) -> list[list[str]]:
    parts = CsvParts(columns_of(Line))
    body = parts.head() + parts.part(rows) + parts.tail()
    return list(csv.reader(io.StringIO(body.decode(), newline="")))


texts = st.text(max_size=30)


@given(
    texts,
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.lists(texts, max_size=3),
)
def test_what_was_there_comes_back(name: str, value: float | None, is_good: bool, tags: list[str]) -> None:
    head, row = written(Line({"value": name}, name, value, 5, is_good, tuple(tags)))
    # Why a cell is empty comes last.
    assert head == ["name", "value", "at_ns", "is_good", "tags", "reasons"]
    given_name, given_value, at_ns, good, given_tags, reasons = row
    assert given_name.removeprefix("'" if not name.startswith("'") else "") == name
    assert (None if given_value == "" else float(given_value)) == value
    assert (at_ns, good) == ("5", "true" if is_good else "false")
    assert given_tags.endswith(" ".join(tags))
    assert json.loads(reasons) == {"value": name}


@given(
    st.sampled_from(["", " ", "\t", "\r\n", "\ufeff"]), st.sampled_from("=+-@＝＋－＠|%"), texts
)  # wide forms are read as formulas too
def test_no_text_begins_like_a_formula(space: str, sign: str, rest: str) -> None:
    text = space + sign + rest
    _, row = written(Line({}, text, None, None, True, (text, "x")))
    for cell in (row[0], row[4]):
        try:
            float(cell)
        except ValueError:
            assert cell.startswith("'")


@pytest.mark.parametrize("text", ["-1.5", "+3", "-0.0001", "1e-8", "-5E+3"])
def test_exact_numbers_stay_numbers(text: str) -> None:
    assert written(Line({}, text, None, None, True, ()))[1][0] == text


def test_every_text_is_quoted_so_that_no_other_separator_begins_a_cell() -> None:
    parts = CsvParts(columns_of(Line))
    line = parts.part([Line({}, "a;=1+1\t=2", None, None, False, ())]).decode()
    assert line == '"a;=1+1\t=2",,,false,"",\r\n'
    assert written(Line({}, None, None, None, False, ()))[1] == ["", "", "", "false", "", ""]
