"""``replay`` over a real store, beside a service that has it open."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from marginwatch.cli import main
from marginwatch.cli.replay_view import moment_of, period
from marginwatch.errors import ConfigError
from marginwatch.model.equity import EquitySample
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.equity_minutes import EquityMinutes

NOON_S = 1_772_366_400  # 2026-03-01 12:00 UTC
RULES = """
[[rule]]
name = "usage"
measure = "account.maintenance_margin_usage"
above = 0.7
for = "2m"

[[rule]]
name = "moves"
measure = "asset.price"
magnitude = true
relative = true
change_over = "5m"
above = 0.05
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration of two rules and ten recorded minutes of one account."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "marginwatch.toml").write_text("[alerts]\ndefault_rules = false\n" + RULES)

    async def record() -> None:
        (tmp_path / "marginwatch-data").mkdir()
        store = await Store.open(tmp_path / "marginwatch-data" / "marginwatch.sqlite")
        usages = [0.4, 0.4, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4]
        samples = [
            EquitySample(
                scope="account",
                name="mm-1",
                minute_s=NOON_S + 60 * minute,
                equity_usd=1_000.0,
                maintenance_margin_usage=usage,
            )
            for minute, usage in enumerate(usages)
        ]
        await EquityMinutes(store).add(samples)
        await store.close()

    asyncio.run(record())
    return tmp_path


def test_what_would_have_fired_is_printed_and_nothing_stored(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["replay", "--from", "2026-03-01", "--to", "2026-03-02"]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].rstrip() == (
        "Replay · 2026-03-01 00:00 to 2026-03-02 00:00 UTC · 10 minutes · 1 rules · 1 alerts fired"
    )
    shown = [line.split() for line in lines[4:6]]
    assert shown[0][:6] == ["2026-03-01", "12:04", "●", "fired", "warning", "usage"]
    assert shown[1][:4] == ["2026-03-01", "12:06", "✓", "resolved"]
    assert "Not judged, for history does not hold what they measure: moves (asset.price)" in lines[-1]

    async def stored() -> int:
        store = await Store.open(folder / "marginwatch-data" / "marginwatch.sqlite")
        found = await StoredAlerts(store).transitions()
        await store.close()
        return len(found)

    assert asyncio.run(stored()) == 0


def test_it_reads_what_a_running_service_has_open(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def beside() -> int:
        store = await Store.open(folder / "marginwatch-data" / "marginwatch.sqlite")
        code = await asyncio.to_thread(
            main, ["replay", "--from", "2026-03-01T12:00", "--to", "2026-03-01T12:05", "--json"]
        )
        await store.close()
        return code

    assert asyncio.run(beside()) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["minutes"], report["n_fired"], report["judged"]) == (6, 1, ["usage"])
    assert report["left_out"] == [{"rule": "moves", "measures": ["asset.price"]}]
    assert [one["kind"] for one in report["changes"]] == ["pending", "fired"]


def test_other_rules_and_accounts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "own.toml").write_text(RULES.replace("0.7", "0.3").replace('"2m"', '"0s"'))
    period_ = ["--from", "2026-03-01", "--to", "2026-03-02"]
    assert main(["replay", *period_, "--rules", "own.toml", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["kind"], row["after_s"]) for row in rows] == [("fired", "0.0")]
    assert main(["replay", *period_, "--rules", "default"]) == 0
    assert "maintenance-margin" in capsys.readouterr().out
    assert main(["replay", *period_, "--account", "mm-1"]) == 0
    assert "1 alerts fired" in capsys.readouterr().out
    assert main(["replay", *period_, "--account", "nobody"]) == 2
    assert "--account: of 'nobody' nothing was recorded" in capsys.readouterr().err
    assert main(["replay", *period_, "--rules", "absent.toml"]) == 2
    assert "absent.toml" in capsys.readouterr().err


def test_without_history_it_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--from", "2025-03-01", "--to", "2025-03-02"]) == 3
    assert "Nothing was recorded in this time." in capsys.readouterr().out
    (folder / "other.toml").write_text('[service]\ndata_dir = "elsewhere"\n')
    assert main(["replay", "-c", "other.toml"]) == 2
    assert "nothing is recorded there yet; marginwatch run records each minute" in capsys.readouterr().err
    assert not (folder / "elsewhere").exists()


NOW_NS = NOON_S * 10**9


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-01", -43_200),
        ("2026-03-01T12:30", 1_800),
        ("2026-03-01T12:00+01:00", -3_600),
        ("36h", -129_600),
        ("1h30m ago", -5_400),
    ],
)
def test_times_as_people_write_them(text: str, seconds: int) -> None:
    assert moment_of("--from", text, NOW_NS) == NOW_NS + seconds * 10**9


def test_wrong_times_are_refused() -> None:
    for text in ("yesterday", "", "2026-13-01"):
        with pytest.raises(ConfigError, match=r"--to: .* is no time; write 2026-03-01"):
            moment_of("--to", text, NOW_NS)
    with pytest.raises(ConfigError, match="--from must be before --to"):
        period("1h", "2h", NOW_NS)
    assert period("1h", None, NOW_NS) == (NOW_NS - 3_600 * 10**9, NOW_NS)
