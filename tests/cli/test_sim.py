"""The command as a program of its own: first line, clients, clean stop, bad arguments."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pybit.unified_trading
import pytest

COMMAND = [sys.executable, "-c", "import sys; from marginwatch.cli import main; sys.exit(main())", "sim"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30)


@pytest.fixture
def program() -> Iterator[Any]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
            )
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_where_it_is_serves_pybit_and_stops(program, number) -> None:
    process = program("bybit", "--accounts", "3", "--seed", "5", "--json")
    line = json.loads(process.stdout.readline())
    assert line.keys() == {"venue", "rest", "private", "public", "status", "accounts"}
    assert line["venue"] == "bybit"
    assert line["public"].keys() == {"linear", "inverse", "option", "spot"}
    assert line["status"].endswith("/v5/public/misc/status")
    assert line["private"].startswith("ws://127.0.0.1:")
    assert len(line["accounts"]) == 3
    for account in line["accounts"]:
        assert account.keys() == {"id", "api_key", "api_secret", "passphrase"}
        assert account["passphrase"] is None
        session = pybit.unified_trading.HTTP(api_key=account["api_key"], api_secret=account["api_secret"])
        session.endpoint = line["rest"]
        wallet = session.get_wallet_balance(accountType="UNIFIED")["result"]["list"][0]
        assert float(wallet["totalEquity"]) > 0
    process.send_signal(number)
    rest, complaints = process.communicate(timeout=10)
    assert (process.returncode, rest, complaints) == (0, "", "")


def test_the_same_seed_gives_the_same_keys(program) -> None:
    first, second = (
        json.loads(program("bybit", "--seed", "9", "--json").stdout.readline()) for _ in range(2)
    )
    assert first["accounts"] == second["accounts"]
    assert len(first["accounts"]) == 12


def test_people_get_a_listing(program) -> None:
    process = program("bybit", "--accounts", "2")
    lines = [process.stdout.readline() for _ in range(11)]
    assert "Simulated Bybit with 2 accounts" in lines[0]
    assert any("/v5/private" in line for line in lines)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("kraken",), "'kraken' cannot be simulated; known are bybit"),
        (("bybit", "--scenario", "boom"), "'boom' is not a scenario; known are calm"),
        (("bybit", "--market", "dream"), "market must be one of model, history, got 'dream'"),
        (("bybit", "--market", "history", "--pace", "0"), "pace must be positive, got 0.0"),
        (("bybit", "--faults", "drop=often"), "'drop=often': it is not a number"),
        (("bybit", "--faults", "gremlins=1"), "'gremlins' is not a fault"),
        (("bybit", "--manual-clock"), "nothing can move time without --control"),
        (("bybit", "--certificate", "sim.pem"), "there is none without --tls"),
        (("bybit", "--tls", "--certificate", "/no/such/folder/sim.pem"), "--certificate: cannot write"),
        (("bybit", "--accounts", "0"), "greater than or equal to 1"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(arguments, said) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_taken_port_is_named(program) -> None:
    line = json.loads(program("bybit", "--accounts", "1", "--json").stdout.readline())
    done = run("bybit", "--accounts", "1", "--port", line["rest"].rpartition(":")[2])
    assert done.returncode == 2
    assert "--port: cannot listen on 127.0.0.1:" in done.stderr


def ask(control: dict[str, str], path: str, body: object) -> dict[str, Any]:
    request = urllib.request.Request(
        control["url"] + path,
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {control['token']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def test_time_and_faults_are_controlled_from_another_program(program) -> None:
    process = program("bybit", "--accounts", "2", "--control", "0", "--manual-clock", "--json")
    line = json.loads(process.stdout.readline())
    session = pybit.unified_trading.HTTP()
    session.endpoint = line["rest"]
    before = session.get_server_time()["time"]
    assert ask(line["control"], "/advance", {"seconds": 90})["now_ms"] == before + 90_000
    assert session.get_server_time()["time"] == before + 90_000
    ask(line["control"], "/break", {"faults": "rest_busy=1"})
    with pytest.raises(pybit.exceptions.FailedRequestError):
        session.get_server_time()
    ask(line["control"], "/mend", {})
    assert session.get_server_time()["retCode"] == 0
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_tls_tells_its_certificate_and_our_own_client_trusts_it_by_the_environment(program, tmp_path) -> None:
    pem = tmp_path / "sim.pem"
    process = program("bybit", "--accounts", "2", "--tls", "--certificate", str(pem), "--json")
    line = json.loads(process.stdout.readline())
    assert line["certificate"] == pem.read_text()
    account = line["accounts"][1]
    public = ", ".join(f'{category} = "{url}"' for category, url in line["public"].items())
    file = tmp_path / "marginwatch.toml"
    file.write_text(
        f"""
[[account]]
id = "{account["id"]}"
venue = "bybit"
urls = {{ rest = "{line["rest"]}", private = "{line["private"]}", public = {{ {public} }} }}
api_key = "env:KEY"
api_secret = "env:SECRET"
"""
    )
    keys = {"KEY": account["api_key"], "SECRET": account["api_secret"]}
    command = [*COMMAND[:-1], "check", "-c", str(file)]
    trusting, doubting = (
        subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        for environment in ({**os.environ, **keys, "SSL_CERT_FILE": str(pem)}, {**os.environ, **keys})
    )
    assert trusting.returncode == 0, trusting.stdout + trusting.stderr
    assert doubting.returncode != 0
