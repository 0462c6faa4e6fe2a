"""Every benchmark runs at a tiny size: structure and message counts, never times."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict]:
    file = tmp_path_factory.mktemp("bench") / "result.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--size", "tiny", "--json", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(file.read_text())


def test_every_client_saw_every_message(output: tuple[str, dict]) -> None:
    records = output[1]["results"]["wire"]["records"]
    assert {(r["setting"], r["client"]) for r in records} == {
        ("1,000 accounts", "floor"),
        ("1,000 accounts", "to the book"),
        ("1,000 accounts", "marginwatch"),
        ("1,000 accounts", "with rules"),
        ("20 accounts", "floor"),
        ("20 accounts", "marginwatch"),
        ("20 accounts", "ccxt.pro"),
        ("20 accounts", "pybit"),
    }
    for record in records:
        assert record["messages"] == record["feeder"]["sent"] > 0, record["client"]


def test_all_clients_of_a_setting_were_fed_the_same_bytes(output: tuple[str, dict]) -> None:
    for setting in ("1,000 accounts", "20 accounts"):
        records = [r for r in output[1]["results"]["wire"]["records"] if r["setting"] == setting]
        assert len({r["feeder"]["sha256"] for r in records}) == 1
        assert records[0]["feeder"]["bytes"] / records[0]["feeder"]["sent"] > 850


def test_our_book_holds_twenty_positions_an_account_and_no_more(output: tuple[str, dict]) -> None:
    names = ("marginwatch", "to the book", "with rules")
    ours = [r for r in output[1]["results"]["wire"]["records"] if r["client"] in names]
    assert len(ours) == 4
    for record in ours:
        assert record["extra"]["streaming"] == record["extra"]["accounts"]
        assert record["extra"]["positions"] == 20 * record["extra"]["accounts"]


def test_lanes_and_frames_ran_over_every_account(output: tuple[str, dict]) -> None:
    ours = [
        r for r in output[1]["results"]["wire"]["records"] if r["client"] in ("marginwatch", "with rules")
    ]
    for record in ours:
        assert record["extra"]["lanes"] > 0
        assert record["extra"]["frames"] > 1
        assert record["extra"]["not_included"] == 0


def test_whoever_listened_to_the_simulator_heard_all_it_sent(output: tuple[str, dict]) -> None:
    found = output[1]["results"]["sim"]
    for record in found["records"]:
        assert record["sockets"] == 30
        # Answers to log-in and subscription, and what came before the window, are heard but not measured.
        assert record["heard"] >= record["pushes"] + 2 * 30 > 60
    assert found["work"]["calls"] > found["work"]["messages"] > 0


def test_each_message_that_endangers_an_account_ends_in_the_outbox(output: tuple[str, dict]) -> None:
    for record in output[1]["results"]["alerts"]["records"]:
        found = record["extra"]
        assert found["problem"] == ""
        assert found["not_included"] == 0
        assert len(found["message_ms"]) == found["breaches"] > 0
        assert 0 < len(found["price_ms"]) <= record["feeder"]["fallen"]
        # Measured apart from each other: the service's own figures hold each of these alerts, and those of other rules.
        assert len(found["writer_ms"]) > len(found["message_ms"])
        assert len(found["store_ms"]) == len(found["plain_ms"]) > 0
        assert found["rows"] >= 2 * found["fired"] > 0


def test_the_result_names_the_machine_and_every_promise(output: tuple[str, dict]) -> None:
    text, result = output
    assert result["machine"]["libraries"]["picows"]
    assert result["machine"]["processor"] in text
    promises = result["results"]["wire"]["promises"]
    assert len(promises) == 6
    frame = result["results"]["frame"]
    assert frame["rows"][0]["positions"] == 40 * 5
    promises = [*promises, *frame["promises"], *result["results"]["sim"]["promises"]]
    promises += result["results"]["var"]["promises"] + result["results"]["liquidation"]["promises"]
    promises += result["results"]["stress"]["promises"] + result["results"]["rules"]["promises"]
    promises += result["results"]["alerts"]["promises"] + result["results"]["pages"]["promises"]
    assert len(promises) == 17
    for promise in promises:
        assert promise["promise"] in text
        assert promise["is_kept"] in (True, False)


def test_an_unknown_benchmark_is_a_usage_error() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "none"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert (
        "no benchmark named 'none'; known: wire, frame, sim, var, liquidation, stress, rules" in done.stderr
    )
