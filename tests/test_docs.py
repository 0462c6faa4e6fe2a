"""The documents are held to the code: links, modules, commands, targets and errors that they name exist, and none is left out."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from marginwatch import errors
from marginwatch.risk import heavy_rows, level_rows, overview_rows, table_rows, what_if_rows
from marginwatch.web import equity_points, overview_replies

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "marginwatch"


def documents() -> list[Path]:
    found = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *SOURCE.rglob("*.md"),
        *(ROOT / "benchmarks").rglob("*.md"),
    ]
    return sorted(found)


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", documents(), ids=ids)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [
        target
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=ids)
def test_modules_named_exist(page: Path) -> None:
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py)`", page.read_text()))
    missing = [name for name in named if not (SOURCE / name).exists() and not (ROOT / name).exists()]
    assert not missing


def test_every_error_is_in_the_architecture_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    classes = [
        name
        for name, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, errors.MarginwatchError) and member is not errors.MarginwatchError
    ]
    assert classes
    assert [name for name in classes if f"| `{name}` |" not in page] == []


def test_the_readme_maps_every_package() -> None:
    page = (ROOT / "README.md").read_text()
    packages = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
    assert [name for name in packages if f"(src/marginwatch/{name})" not in page] == []


def test_make_targets_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in documents():
        pairs = re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)$", page.read_text(), re.MULTILINE)
        assert {one or other for one, other in pairs} <= targets, ids(page)


def test_every_command_is_in_the_readme() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "marginwatch", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    page = (ROOT / "README.md").read_text()
    for command in (
        *("demo", "run", "top", "check", "decode", "accounts", "positions", "exposure", "sim"),
        *("margin", "stress", "var", "advise", "export"),
        *("alerts", "silence", "rules", "replay"),
    ):
        assert re.search(rf"\b{command}\b", shown), f"--help does not list {command}"
        assert f"`{command}`" in page, f"README.md does not explain {command}"


NO_MEASURES = {
    *("sequence", "at_ns", "taken_at_ns", "ts_venue_ns", "confidence", "horizon_s", "rank", "round", "age_s"),
    *(
        "quantity",
        "entry_price",
        "mark_price",
        "liquidation_price",
        "leverage_setting",
        "interval_s",
        "hours",
    ),
}
"""Fields with a number in them that identify something or are passed on as the venue stated them."""

ROWS_SHOWN = (
    *(table_rows.AccountRow, table_rows.PositionRow, table_rows.ExposureRow, table_rows.OppositionRow),
    table_rows.CoinRow,
    *(table_rows.NotIncluded, table_rows.PortfolioSummary, heavy_rows.LadderRow, heavy_rows.DistanceBasis),
    *(heavy_rows.StressRow, heavy_rows.WorstRow, heavy_rows.CascadeRow, heavy_rows.VarRow),
    *(heavy_rows.BacktestRow, heavy_rows.CorrelationRow, level_rows.MarginSums),
    *(overview_replies.OverviewReply, overview_replies.AlertCounts, overview_rows.VarLine),
    equity_points.EquityPoint,
    *(what_if_rows.WhatIfFigures, what_if_rows.WhatIfSums, what_if_rows.WhatIfAnswer),
    *(overview_rows.WorstUsage, overview_rows.NearestLiquidation, overview_rows.OldestData),
)


@pytest.mark.parametrize("row", ROWS_SHOWN, ids=lambda row: row.__name__)
def test_every_measure_that_is_shown_is_explained(row: type[msgspec.Struct]) -> None:
    page = (ROOT / "docs" / "measures.md").read_text()
    measures = [
        field.name
        for field in msgspec.structs.fields(row)
        if re.search(r"float|int", str(field.type)) and field.name not in NO_MEASURES
    ]
    assert measures
    assert [name for name in measures if f"`{name}`" not in page] == []


def test_no_page_speaks_of_this_machine() -> None:
    wrong = [
        ids(page)
        for page in documents()
        if re.search(r"(^|[^a-zA-Z0-9_.])/(work|root|home)/", page.read_text())
    ]
    assert not wrong
