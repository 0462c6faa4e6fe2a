"""``margin``, ``stress``, ``var``, ``advise`` and ``export`` on a book file."""

import csv
import io
import json
from pathlib import Path

import pytest
from tests.bookfile.conftest import small_book

from marginwatch.cli import main


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    book = small_book()
    day, n = 86_400, 300
    last_s = book["taken_at_ns"] // 1_000_000_000 // day * day
    # Moves of 2 % up and down by turns, and one fall of 10 %.
    values = [0.02 if number % 2 else -0.02 for number in range(n)]
    values[100] = -0.105
    book["returns"] = [
        {"coin": "BTC", "interval_s": interval_s, "last_s": last_s, "values": values}
        for interval_s in (day, 3600)
    ]
    (tmp_path / "book.json").write_text(json.dumps(book))
    return "book.json"


def output(capsys: pytest.CaptureFixture[str]) -> str:
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out


def test_margin(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["margin", "--book", file]) == 0
    shown = output(capsys)
    for part in (
        "Margins · 1",
        "Distance to liquidation",
        "Who is liquidated first as BTC falls",
        "Assumed: ",
    ):
        assert part in shown
    assert main(["margin", "--book", file, "--json"]) == 0
    reply = json.loads(output(capsys))
    [row] = reply["rows"]
    assert row["maintenance_margin_usd"] == pytest.approx(274.75)
    assert row["liquidation_distance"] == pytest.approx(0.1955, abs=1e-3)
    assert 0.0 <= row["liquidation_probability_24h"] <= 1.0
    [rung] = reply["ladder"]
    assert (rung["direction"], rung["account_id"], rung["shock"]) == ("down", "a", row["liquidation_shock"])
    assert reply["basis"]["volatility_source"] == "EWMA of 300 daily returns"
    assert main(["margin", "--book", file, "--csv"]) == 0
    [line] = csv.DictReader(io.StringIO(output(capsys)))
    assert line["account_id"] == "a"


def test_stress(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "--book", file]) == 0
    shown = output(capsys)
    assert "2025-10-10" in shown
    assert "Worst case by coin" in shown
    assert main(["stress", "--book", file, "--by", "account", "--scenario", "BTC -10%", "--json"]) == 0
    [row] = json.loads(output(capsys))["rows"]
    assert (row["name"], row["is_liquidated"]) == ("a", False)
    assert row["pnl_usd"] == pytest.approx(-5_000)
    assert row["pnl_share"] == pytest.approx(-0.5)
    assert main(["stress", "--book", file, "--by", "desk", "--csv"]) == 0
    [line] = csv.DictReader(io.StringIO(output(capsys)))
    assert (line["name"], line["scope"]) == ("mm", "desk")


def test_cascade(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stress", "--book", file, "--cascade"]) == 0
    shown = output(capsys)
    assert "Deaths that cause deaths · 1" in shown
    assert "the move" in shown
    assert main(["stress", "--book", file, "--cascade", "--json"]) == 0
    [row] = json.loads(output(capsys))["cascades"]
    assert (row["direction"], row["accounts"], row["is_caused"]) == ("down", ["a"], False)
    assert row["sold_usd"] == {"BTC": pytest.approx(50_000)}
    assert row["left_usd"] == {"BTC": pytest.approx(0.0)}
    assert main(["stress", "--book", file, "--cascade", "--csv"]) == 2
    assert "--cascade has no CSV" in capsys.readouterr().err


def test_value_at_risk(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["var", "--book", file, "--method", "historical", "--json"]) == 0
    reply = json.loads(output(capsys))
    whole = {(row["method"], row["confidence"], row["horizon_s"]): row for row in reply["whole"]}
    # 50,000 USD of Bitcoin; the worst hundredth of 300 days is 2 % or the one fall.
    assert 950 < whole["historical", 0.95, 86_400]["var_usd"] < 1_000
    [row] = reply["rows"]
    assert (row["name"], row["scope"]) == ("BTC", "asset")
    assert row["component_var_usd"] == pytest.approx(whole["historical", 0.99, 86_400]["var_usd"])
    assert main(["var", "--book", file, "--confidence", "0.9", "--horizon", "10d", "--by", "account"]) == 0
    shown = output(capsys)
    assert "10 d" in shown
    assert "90 %" in shown


def test_advice(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "transfers", "--book", file, "--usage", "0.01", "--json"]) == 0
    [group] = json.loads(output(capsys))["transfers"]["groups"]
    assert (group["owner"], group["status"]) == ("fund", "partly")
    # 274.75 of 1 % is 27,475: 17,475 more than there is.
    assert group["missing_usd"] == pytest.approx(17_475, rel=1e-3)
    assert main(["advise", "hedge", "--book", file]) == 0
    shown = output(capsys)
    for part in ("Beta-weighted: ", "Least variance: ", "Less of the largest contributor: "):
        assert part in shown
    assert main(["advise", "hedge", "--book", file, "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(output(capsys))))
    assert rows[0]["kind"] == "beta"
    assert float(rows[0]["quantity"]) == pytest.approx(-1)


def test_exposure_accounts_and_positions_read_files_too(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("accounts", "positions", "exposure"):
        assert main([command, "--book", file, "--json"]) == 0
        assert json.loads(output(capsys))["assumptions"]
    assert main(["exposure", "--book", file, "--by", "account", "--json"]) == 0
    [row] = json.loads(output(capsys))["rows"]
    assert (row["dimension"], row["name"], row["net_usd"]) == ("account", "a", pytest.approx(50_000))


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["margin", "--book", "none.json"], 2, "none.json: cannot be read"),
        (
            ["margin", "--book", "book.json", "--url", "http://127.0.0.1:1"],
            2,
            "--book and --url exclude each other",
        ),
        (["margin", "--book", "book.json", "--account", "b"], 2, "there is no account 'b'"),
        (["stress", "--book", "book.json", "--by", "moon"], 2, "by 'moon' is unknown"),
        (["stress", "--book", "book.json", "--scenario", "doom"], 2, "there is no scenario 'doom'"),
        (["var", "--book", "book.json", "--method", "magic"], 2, "--method: 'magic' is unknown"),
        (["var", "--book", "book.json", "--horizon", "soon"], 2, "horizon 'soon' is none"),
        (["advise", "prayer", "--book", "book.json"], 2, "advise: 'prayer' is unknown"),
        (["advise", "transfers", "--book", "book.json", "--usage", "2"], 2, "usage must lie in"),
        (["advise", "hedge", "--book", "book.json", "--account", "x"], 2, "there is no account 'x'"),
        (["export", "soul"], 2, "'soul' cannot be exported"),
        (["export", "book"], 2, "there is no marginwatch.toml here"),
    ],
)
def test_what_the_caller_got_wrong_is_2(
    file: str, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, part: str
) -> None:
    assert main(arguments) == code
    shown = capsys.readouterr()
    assert part in shown.err
    assert shown.out == ""


def test_without_a_history_value_at_risk_is_missing_and_the_code_is_3(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    book = small_book()
    Path(file).write_text(json.dumps(book))
    assert main(["var", "--book", file]) == 3
    assert "Missing: no price history is known" in capsys.readouterr().out
