import json

import pytest

from marginwatch.bookfile.text import decimal_text, parse_book, read_book_file
from marginwatch.errors import ConfigError


def test_numbers_become_decimal_texts_and_texts_stay_exact(given, as_bytes):
    given["positions"][0] |= {"quantity": 0.001, "entry_price": "50000.10"}
    [row] = parse_book(as_bytes(given), "x.json").positions
    assert (row.quantity, row.entry_price, row.leverage_setting) == ("0.001", "50000.10", "10")


@pytest.mark.parametrize(
    ("value", "text"), [(1e-7, "0.0000001"), (5.0, "5"), (1e22, "1" + "0" * 22), (0.1, "0.1")]
)
def test_a_float_as_text_reads_back_the_same(value, text):
    assert decimal_text(value) == text
    assert float(text) == value


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda book: book["positions"][0].pop("quantity"), "positions[0]: lacks 'quantity'"),
        (lambda book: book["positions"][0].update(quantty="1"), "positions[0]: there is no field 'quantty'"),
        (
            lambda book: book["positions"][0].update(quantity="one"),
            "positions[0].quantity: 'one' is not a decimal",
        ),
        (lambda book: book["positions"][0].update(quantity=True), "positions[0].quantity: expected"),
        (
            lambda book: book["positions"][0].update(entry_price=""),
            "positions[0].entry_price: '' is not a decimal",
        ),
        (lambda book: book["positions"][0].update(entry_price="nan"), "positions[0].entry_price"),
        (lambda book: book["positions"][0].update(position_side="up"), "positions[0].position_side: invalid"),
        (lambda book: book["accounts"][0].update(margin_mode="crossed"), "accounts[0].margin_mode: invalid"),
        (lambda book: book["balances"].append(7), "balances[1]: expected"),
        (lambda book: book.update(marks={}), "marks: must be a list of rows"),
        (
            lambda book: book.update(position=[]),
            "'position' is no part of a book; there are: accounts, positions",
        ),
        (lambda book: book.update(taken_at_ns="now"), "taken_at_ns: must be UTC nanoseconds"),
        (lambda book: book.update(format="other"), "format 'other' is unknown"),
    ],
)
def test_what_is_wrong_is_told_with_file_row_and_field(given, as_bytes, change, part):
    change(given)
    with pytest.raises(ConfigError) as caught:
        parse_book(as_bytes(given), "x.json")
    assert f"x.json: {part}" in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_everything_wrong_is_told_at_once_and_no_more_than_twenty_lines(given, as_bytes):
    given["positions"] = [{"account_id": "a"}] * 30
    with pytest.raises(ConfigError) as caught:
        parse_book(as_bytes(given), "x.json")
    lines = str(caught.value).split("\n")
    assert lines[0] == "x.json: positions[0]: lacks 'venue_symbol'"
    assert (len(lines), lines[-1]) == (21, "x.json: and 10 more")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_refused(body):
    with pytest.raises(ConfigError, match=r"^x: "):
        parse_book(body, "x")


def test_what_decode_prints_beside_the_rows_is_passed_over(given, as_bytes):
    given |= {"fills": [], "ledger": [], "other": [], "error": None, "failures": []}
    given["account"] = given.pop("accounts")
    assert parse_book(as_bytes(given), "x").accounts[0].account_id == "a"


def test_a_file_that_cannot_be_read(tmp_path, given):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_book_file(tmp_path / "none.json")
    (tmp_path / "x.json").write_text(json.dumps(given))
    assert read_book_file(tmp_path / "x.json").taken_at_ns == given["taken_at_ns"]
