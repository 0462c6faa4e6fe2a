"""The benchmarks of the stream run: what is counted, never times."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.stream_clients import DEAF, STEADY, promises

ROOT = Path(__file__).resolve().parents[2]


def run(tmp_path: Path, name: str, *options: str) -> tuple[str, dict[str, Any]]:
    file = tmp_path / "result.json"
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *options, "--json", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(file.read_text())["result"]


def test_four_tabs_get_what_their_pages_show(tmp_path: Path) -> None:
    text, found = run(tmp_path, "dashboard", "--rows", "40", "--seconds", "0.7")
    assert [one["tab"] for one in found["tabs"]] == [
        "overview",
        "accounts",
        "positions",
        "alerts",
        "all four",
    ]
    assert found["positions"] >= 38
    assert len(found["none"]) == 2
    four = found["tabs"][-1]
    assert len(four["per_s"]) == 4
    assert not any("error" in one for one in four["per_s"])
    assert four["per_s"][2].keys() >= {"positions", "overview"}
    assert "at most 5% of a core more" in text


def test_listeners_are_served_while_one_does_not_read(tmp_path: Path) -> None:
    text, found = run(tmp_path, "stream_clients", "--rows", "40", "--clients", "4", "--minutes", "0.05")
    assert (found["clients"], found["n_open"], found["n_errors"]) == (4, 3, 0)
    assert found["n_whole"] >= 3 * 2
    assert found["windows"].keys() == {STEADY, DEAF}
    assert all(one["least_tables_per_s"] > 0.0 for one in found["windows"].values())
    assert "3 listen, 0 errors" in text


def test_a_listener_that_is_lost_or_kept_waiting_breaks_a_promise() -> None:
    window = {"p99_ms": 120.0}
    found = {
        "clients": 50,
        "n_open": 49,
        "n_errors": 0,
        "windows": {STEADY: window, DEAF: window},
        "memory": {"growth": 0.01},
    }
    assert [kept for _, _, kept in promises(found, is_timed=True)] == [True, True, True]
    assert [kept for _, _, kept in promises(found | {"n_open": 48}, is_timed=True)] == [False, True, True]
    late = found | {"windows": {STEADY: window, DEAF: {"p99_ms": 200.0}}, "memory": {"growth": 0.2}}
    assert [kept for _, _, kept in promises(late, is_timed=True)] == [True, False, False]
    assert [kept for _, _, kept in promises(late, is_timed=False)] == [True, None, None]


def test_the_steps_of_the_loop_are_told_apart(tmp_path: Path) -> None:
    text, found = run(
        tmp_path, "web_loop", "--accounts", "30", "--positions", "3", "--rounds", "1", "--seconds", "1"
    )
    assert [one["asked"] for one in found] == ["tables, first whole", "documents", "routes"]
    tables, documents, routes = (one["got"] for one in found)
    assert tables["whole"][0] >= 2
    assert tables["errors"][0] == documents["errors"][0] == 0
    assert min(tables[topic][0] for topic in ("overview", "accounts", "positions")) >= 1
    assert min(documents[topic][0] for topic in ("margin", "levels", "summary")) >= 1
    assert {status for status, _, _ in routes.values()} == {200}
    assert all(one["frame_ms"] > 0.0 for one in found)
    assert "web held the loop" in text
