"""The read commands without a service: one reading of simulated accounts, as processes over real sockets."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-c", "import sys; from marginwatch.cli import main; sys.exit(main())"]


def account_table(entry: dict[str, str], simulator: dict, folder: Path) -> str:
    for key in ("api_key", "api_secret"):
        path = folder / f"{entry['id']}.{key}"
        path.write_text(entry[key])
        path.chmod(0o600)
    public = ", ".join(f'{category} = "{url}"' for category, url in simulator["public"].items())
    return f"""
[[account]]
id = "{entry["id"]}"
venue = "bybit"
urls = {{ rest = "{simulator["rest"]}", private = "{simulator["private"]}", public = {{ {public} }} }}
api_key = "file:{entry["id"]}.api_key"
api_secret = "file:{entry["id"]}.api_secret"
desk = "sim"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with ``marginwatch.toml`` of three simulated accounts that run meanwhile."""
    folder = tmp_path_factory.mktemp("desk")
    simulator = subprocess.Popen(
        [*PROGRAM, "sim", "bybit", "--accounts", "3", "--seed", "7", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert simulator.stdout is not None
    told = json.loads(simulator.stdout.readline())
    tables = [account_table(entry, told, folder) for entry in told["accounts"]]
    (folder / "marginwatch.toml").write_text("".join(tables))
    yield folder
    simulator.terminate()
    simulator.wait(20)
    simulator.stdout.close()


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=60, cwd=folder)


@pytest.mark.parametrize("command", ["accounts", "positions", "exposure"])
def test_one_reading_prints_one_json_object_and_nothing_else(folder: Path, command: str) -> None:
    done = run(folder, command, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    reply = json.loads(done.stdout)
    assert reply["rows"]
    assert not (folder / "marginwatch-data").exists(), "a single reading leaves nothing behind"


def test_every_account_is_in_and_priced(folder: Path) -> None:
    reply = json.loads(run(folder, "accounts", "--json").stdout)
    assert len(reply["rows"]) == 3
    assert reply["not_included"] == []
    assert all(row["equity_usd"] > 0 for row in reply["rows"])


def test_an_account_whose_key_is_gone_stands_in_not_included(folder: Path) -> None:
    text = (folder / "marginwatch.toml").read_text()
    path = folder / "one-gone.toml"
    path.write_text(text.replace('.api_key"', '.nowhere"', 1))
    done = run(folder, "accounts", "-c", "one-gone.toml", "--json")
    assert done.returncode == 0
    reply = json.loads(done.stdout)
    assert [entry["state"] for entry in reply["not_included"]] == ["stopped"]
    assert "No such file" in reply["not_included"][0]["reason"]
    assert sum(row["is_included"] for row in reply["rows"]) == 2
