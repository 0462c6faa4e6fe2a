"""``rules list`` and ``rules test``."""

import csv
import io
import json
from pathlib import Path

import pytest

from marginwatch.cli import main
from marginwatch.rules.reading import default_rules

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "margin-ladder.toml"


def test_a_trial_that_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test", str(EXAMPLE)]) == 0
    assert capsys.readouterr().out == "✓ 9 of 9 expectations met; 1 rule over 25 steps\n"
    assert main(["rules", "test", str(EXAMPLE), "--show"]) == 0
    shown = capsys.readouterr().out
    [raised] = [line.split() for line in shown.splitlines() if "raised" in line]
    assert raised == ["8m", "▲", "raised", "high", "usage-ladder", "mm-1", "75.0", "%", ">", "70.0", "%"]


def test_a_trial_that_does_not_hold_says_where_and_what_came_instead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(
        EXAMPLE.read_text().replace('severity = "high"\nfired = 1', 'severity = "critical"\nfired = 2')
    )
    line = path.read_text()[: path.read_text().index("fired = 2")].count("\n") - 5
    assert main(["rules", "test", str(path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"✗ {path}:{line}: at 10m, usage-ladder of mm-1",
        "    expected firing, critical, fired 2 times",
        "    got      firing, high, value 0.75, since 5m, fired 1 times",
        "✗ 8 of 9 expectations met; 1 rule over 25 steps",
    ]
    assert main(["rules", "test", str(path), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["mismatches"][0]["line"], len(report["changes"])) == (False, line, 12)


def test_a_wrong_file_is_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test", str(tmp_path / "absent.toml")]) == 2
    assert "absent.toml: cannot read the trial" in capsys.readouterr().err
    (tmp_path / "bad.toml").write_text("x = ")
    assert main(["rules", "test", str(tmp_path / "bad.toml")]) == 2
    assert "bad.toml:1: not valid TOML" in capsys.readouterr().err


def test_rules_in_force_with_measure_limits_and_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["rules", "list", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["rule"] for row in rows] == [one.name for one in default_rules()]
    assert {row["standing"] for row in rows} == {""}
    (tmp_path / "marginwatch.toml").write_text(
        """
[alerts]
disable = ["drawdown"]

[[rule]]
name = "big"
measure = "account.gross_exposure_usd"
above = 1e6
for = "90s"
only = ["desk=mm"]
"""
    )
    assert main(["rules", "list"]) == 0
    shown = capsys.readouterr().out
    assert f"Rules in force · {len(default_rules())}" in shown
    lines = {line.split()[0]: line for line in shown.splitlines()[4:] if line.strip()}
    assert "drawdown" not in lines
    assert "> 50.0 / 70.0 / 85.0 %" in lines["maintenance-margin"]
    assert lines["big"].split()[1:] == [
        *("account.gross_exposure_usd", ">", "1", "000", "000", "USD"),
        *("warning", "1m30s", "desk=mm", "marginwatch.toml:5"),
    ]
    assert main(["rules", "list", "--rule", "big", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["rows"]
    assert (row["origin"], row["unit"], row["standing"]) == ("marginwatch.toml:5", "usd", None)
    assert main(["rules", "list", "--rule", "bigg"]) == 2
    assert "did you mean 'big'?" in capsys.readouterr().err


def test_a_wrong_rule_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "marginwatch.toml").write_text(
        '[[rule]]\nname = "x"\nmeasure = "account.equity"\nabove = 1\n'
    )
    assert main(["rules", "list"]) == 2
    assert "marginwatch.toml:3: " in capsys.readouterr().err
