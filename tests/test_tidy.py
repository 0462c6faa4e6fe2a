"""The tree polices itself: import directions, sizes, nameplates, and nothing that could touch an account."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "marginwatch"

EVERYONE_MAY = {"model", "errors", "clock"}
ALLOWED: dict[str, set[str]] = {
    "model": set(),
    "errors": set(),
    "clock": set(),
    "logs": set(),
    "config": {"venues"},
    "venues": set(),
    "collect": {"venues"},
    "book": set(),
    "risk": {"book"},
    "engine": {"book", "risk", "rules"},
    "rules": {"book", "risk", "config"},
    "notify": {"config"},
    "store": set(),
    "bus": set(),
    "reports": {"book", "risk", "store"},
    "analyst": {"book", "risk", "rules", "notify"},
    "bookfile": {"book", "venues"},
    "web": {"book", "bookfile", "risk", "rules", "notify"},
    "sim": set(),
    "daemon": {"app", "config", "logs", "web"},
    "terminal": {"risk", "web"},
    "top": {"config", "risk", "terminal", "web"},
    "demo": {"app", "collect", "config", "notify", "risk", "rules", "sim", "terminal", "web"},
    "cli": {
        "app",
        "bookfile",
        "config",
        "daemon",
        "demo",
        "logs",
        "notify",
        "risk",
        "rules",
        "sim",
        "store",
        "terminal",
        "top",
        "venues",
        "web",
    },
    "app": {
        "config",
        "venues",
        "collect",
        "book",
        "bookfile",
        "risk",
        "rules",
        "notify",
        "store",
        "engine",
        "web",
        "bus",
        "logs",
    },
}
"""Package → what it may import beyond EVERYONE_MAY; the flow of docs/architecture.md."""

MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "migrations/versions" not in path.as_posix())


def package_of(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def imported_packages(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "marginwatch":
                names = [f"marginwatch.{alias.name}" for alias in node.names if alias.name != "__version__"]
        for name in names:
            parts = name.split(".")
            if parts[0] == "marginwatch" and len(parts) > 1:
                yield node.lineno, parts[1]


def test_imports_go_one_way() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {package_of(path)} → {target}"
        for path in modules()
        if package_of(path) != "__init__" and package_of(path) != "__main__"
        for line, target in imported_packages(path)
        if target != package_of(path) and target not in EVERYONE_MAY | ALLOWED[package_of(path)]
    ]
    assert not wrong, "\n".join(wrong)


def test_no_two_packages_may_import_each_other() -> None:
    pairs = [(a, b) for a, targets in ALLOWED.items() for b in targets if a in ALLOWED[b]]
    assert not pairs


def test_modules_and_functions_stay_small() -> None:
    wrong: list[str] = []
    for path in [
        *modules(),
        *sorted((ROOT / "tests").rglob("*.py")),
        *sorted((ROOT / "benchmarks").rglob("*.py")),
        *sorted((ROOT / "simulation").rglob("*.py")),
    ]:
        text = path.read_text()
        if (lines := text.count("\n")) > MODULE_LINES_MAX:
            wrong.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                doc = ast.get_docstring(node, clean=False)
                length = (
                    (node.end_lineno or node.lineno) - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0)
                )
                if length > FUNCTION_LINES_MAX:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {length} lines")
    assert not wrong, "\n".join(wrong)


def test_files_of_the_dashboard_stay_small() -> None:
    generated = ROOT / "ui" / "src" / "api" / "schema.d.ts"
    files = [
        path
        for folder in ("src", "tests")
        for path in sorted((ROOT / "ui" / folder).rglob("*"))
        if path.suffix in {".ts", ".svelte"} and path != generated
    ]
    assert files
    lengths = {path.relative_to(ROOT).as_posix(): path.read_text().count("\n") for path in files}
    wrong = [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > MODULE_LINES_MAX]
    assert not wrong, "\n".join(wrong)


PACKAGES = sorted(
    path.parent.relative_to(SOURCE).as_posix()
    for path in SOURCE.rglob("__init__.py")
    if path.parent != SOURCE and "migrations/versions" not in path.as_posix()
)


@pytest.mark.parametrize("folder", PACKAGES)
def test_each_package_has_a_nameplate(folder: str) -> None:
    doc = ast.get_docstring(ast.parse((SOURCE / folder / "__init__.py").read_text())) or ""
    for word in ("In:", "Out:", "State:", "Never:", "Modules"):
        assert word in doc, f"{folder}/__init__.py: the nameplate lacks {word!r}"
    named = {line.split()[0] for line in doc.split("-------\n", 1)[-1].splitlines() if line.strip()}
    there = {path.stem for path in (SOURCE / folder).iterdir() if not path.name.startswith("__")}
    rooms = {
        path.stem
        for path in (SOURCE / folder).iterdir()
        if not path.name.startswith("__") and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert not rooms - named, f"{folder}/__init__.py: the nameplate has no line for {rooms - named}"
    assert not named - there, f"{folder}/__init__.py: the nameplate names {named - there}, which is not there"


WRITES = re.compile(
    r"/v5/order/(create|amend|cancel)|/v5/asset/(transfer/(inter|universal)-transfer$|withdraw/create)"
    r"|/fapi/v1/order|/api/v5/trade/|DELETE.{0,40}listenKey|/v5/position/(set-|switch-|trading-stop|add-margin)"
)


def test_nothing_outside_the_simulator_can_touch_an_account() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in modules()
        if package_of(path) != "sim"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if WRITES.search(line) or re.search(r"\.(post|put|delete|patch)\(|[\"']dcp", line)
    ]
    assert not wrong, "\n".join(wrong)


BANNED_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py"}


def test_no_drawer_for_everything() -> None:
    assert not [path for path in modules() if path.name in BANNED_NAMES]


def test_broad_except_only_in_supervisors() -> None:
    wrong: list[str] = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ExceptHandler):
                continue
            is_broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
            )
            if is_broad and "supervis" not in path.name:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong, "\n".join(wrong)


def test_no_registry_address_and_no_machine_path() -> None:
    hosts = re.compile(
        r"https?://[^ \"]*/simple([/\" ]|$)|--index-url|--extra-index-url|--find-links|\"resolved\": *\"http"
    )
    for path in [*ROOT.glob("requirements/*"), ROOT / "pyproject.toml", ROOT / "Makefile"]:
        if path.exists():
            assert not hosts.search(path.read_text()), f"{path.name} names a registry"
