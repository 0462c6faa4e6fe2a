"""The read commands without a service: one reading of simulated accounts, as processes over real sockets."""

import io
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from marginwatch.cli import main

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


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def deaf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose exchange refuses every connection."""
    monkeypatch.setenv("MW_KEY", "k")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        there = f"127.0.0.1:{taken.getsockname()[1]}"
    path = tmp_path / "deaf.toml"
    path.write_text(
        '[[account]]\nid = "main"\nvenue = "bybit"\napi_key = "env:MW_KEY"\napi_secret = "env:MW_KEY"\n'
        f'urls = {{ rest = "http://{there}", private = "ws://{there}/p", public = "ws://{there}/u" }}\n'
    )
    return path


@pytest.mark.parametrize("is_watched", [True, False])
def test_an_exchange_that_refuses_everybody_is_given_up_early_and_named(
    deaf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_watched: bool
) -> None:
    monkeypatch.setattr("marginwatch.app.reading.UNREACHABLE_AFTER_S", 1.5)
    if is_watched:
        monkeypatch.setattr(sys, "stderr", Terminal())
    assert main(["accounts", "-c", str(deaf)]) == 3
    told = sys.stderr.getvalue() if isinstance(sys.stderr, Terminal) else capsys.readouterr().err
    assert re.search(r"no account answered within [1-5] s \(.*Cannot connect to host 127\.0\.0\.1", told)
    # The line of who is awaited is for a terminal alone, and is taken away before the error.
    assert ("waiting for main: " in told) is is_watched
    assert ("\r\x1b[2Kmarginwatch: no account" in told) is is_watched


@pytest.mark.parametrize("command", ["accounts", "positions", "exposure", "check"])
def test_a_reading_of_accounts_that_are_all_disabled_is_refused(
    deaf: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    deaf.write_text(deaf.read_text() + "enabled = false\n")
    assert main([command, "-c", str(deaf)]) == 2
    shown = capsys.readouterr()
    assert "every account is disabled" in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)
