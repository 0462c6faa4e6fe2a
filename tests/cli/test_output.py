import csv
import io

import msgspec
import pytest

from marginwatch.cli.output import Column, Form, fitting, form_of, write_csv, write_table
from marginwatch.errors import ConfigError
from marginwatch.terminal.figures import age, decimal, distance, grouped, percent, price

T = "\u2009"


class Sample(msgspec.Struct):
    name: str
    size: float | None = None
    tags: tuple[str, ...] = ()
    reasons: dict[str, str] = {}
    is_on: bool = False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (grouped(None), "—"),
        (grouped(0.0), "0"),
        (grouped(-0.4), "0"),
        (grouped(-0.004, 2), "0.00"),
        (grouped(-1234567.6), f"−1{T}234{T}568"),
        (grouped(999.5, 1), "999.5"),
        (percent(0.98765), "98.8 %"),
        (percent(None), "—"),
        (price(51000.0), f"51{T}000.00"),
        (price(0.00001234), "0.00001234"),
        (price(None), "—"),
        (decimal("-12345.6700"), f"−12{T}345.6700"),
        (decimal("0.1"), "0.1"),
        (decimal("1e-7"), "1e-7"),
        (decimal(None), "—"),
        (distance(None, "none_in_range"), "none"),
        (distance(None, "missing: mark price"), "—"),
        (distance(None, "not_applicable"), "—"),
        (distance(0.25, None), "25.0 %"),
        (age(None), "—"),
        (age(3.4), "3 s"),
        (age(600), "10 min"),
        (age(10_000), "3 h"),
        (age(1_000_000), "12 d"),
    ],
)
def test_numbers_for_people(text: str, expected: str) -> None:
    assert text == expected


def test_one_form_at_a_time() -> None:
    assert [form_of(True, False), form_of(False, True), form_of(False, False)] == [
        Form.JSON,
        Form.CSV,
        Form.TABLE,
    ]
    with pytest.raises(ConfigError, match="exclude each other"):
        form_of(True, True)


def test_csv_is_read_back_and_carries_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        Sample('a "quoted", name', 1.5, ("x", "y"), {"size": "missing"}, True),
        Sample("=HYPERLINK(1)"),
        Sample("+1"),
        Sample("-2+3"),
        Sample("-0.5"),
    ]
    write_csv(Sample, rows)
    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert read[0] == {
        "name": 'a "quoted", name',
        "size": "1.5",
        "tags": "x y",
        "reasons": '{"size":"missing"}',
        "is_on": "true",
    }
    assert (read[1]["name"], read[1]["size"], read[1]["is_on"]) == ("'=HYPERLINK(1)", "", "false")
    assert [row["name"] for row in read[2:]] == ["'+1", "'-2+3", "-0.5"]


def test_a_name_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [Column("name", lambda row: row.name, is_number=False)]
    write_table("t", columns, [Sample("red\x1b[31m\nnext\u202e"), Sample("日本 −1\u2009000")], ["a note\x07"])
    shown = capsys.readouterr().out
    assert "red\\x1b[31m\\nnext\\u202e" in shown
    assert "日本 −1\u2009000" in shown
    assert shown.endswith("a note\\x07\n")


def test_csv_of_nothing_has_its_head(capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(Sample, [])
    assert capsys.readouterr().out == "name,size,tags,is_on,reasons\n"


def test_a_table_shows_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [
        Column("name", lambda row: row.name, is_number=False),
        Column("size", lambda row: grouped(row.size)),
    ]
    write_table("T", columns, [Sample("[red]x[/red]", 1000.0), Sample("b")], ["note [bold]"])
    shown = capsys.readouterr().out
    assert "[red]x[/red]" in shown
    assert f"1{T}000" in shown
    assert "note [bold]" in shown
    assert "—" in shown
    assert "\x1b" not in shown


def test_a_narrow_terminal_loses_whole_columns_and_never_a_digit() -> None:
    columns = (
        Column("name", lambda row: row, is_number=False),
        Column("needed", lambda _: "123456"),
        Column("least", lambda _: "1234567890", rank=2),
        Column("less", lambda _: "12345", rank=1),
    )
    texts = [[column.text("alpha") for column in columns]]
    assert fitting(columns, texts, width=50, gap=3) == [0, 1, 2, 3]
    assert fitting(columns, texts, width=37, gap=3) == [0, 1, 3]
    assert fitting(columns, texts, width=20, gap=3) == [0, 1]
    assert fitting(columns, texts, width=5, gap=3) == [0, 1]
