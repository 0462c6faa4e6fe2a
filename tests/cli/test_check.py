"""``marginwatch check`` as a person and a program meet it: tables, JSON, exit codes, no secret."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from marginwatch.cli import main
from marginwatch.cli.check_table import coins_beside, key_words, name_words
from marginwatch.cli.check_view import maintenance_words, section_lines, venue_lines
from marginwatch.model.account import KeyReport
from marginwatch.model.check_report import AccountCheck, CheckReport, ClosedEndpoint, VenueCheck
from marginwatch.model.venue_facts import Maintenance, Withdrawable

COMMAND = [sys.executable, "-c", "import sys; from marginwatch.cli import main; sys.exit(main())"]
DAY_NS = 86_400_000_000_000
NOW_NS = 1_790_000_000_000_000_000


@pytest.fixture(scope="module")
def exchange() -> Iterator[dict[str, Any]]:
    process = subprocess.Popen(
        [*COMMAND, "sim", "bybit", "--accounts", "5", "--seed", "4", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())
    process.terminate()
    process.communicate(timeout=10)


@pytest.fixture
def write_config(exchange, tmp_path, monkeypatch) -> Callable[..., Path]:
    """Write a configuration of some simulated accounts; ``secrets`` replaces the secret of some by number."""

    def write(*numbers: int, secrets: dict[int, str | None] | None = None, rest: str | None = None) -> Path:
        tables: list[str] = []
        for position, number in enumerate(numbers):
            account = exchange["accounts"][number]
            secret = (secrets or {}).get(number, account["api_secret"])
            monkeypatch.setenv(f"KEY_{position}", account["api_key"])
            if secret is not None:
                monkeypatch.setenv(f"SECRET_{position}", secret)
            public = ", ".join(f'{name} = "{url}"' for name, url in exchange["public"].items())
            tables.append(
                f'[[account]]\nid = "{account["id"]}"\nvenue = "bybit"\n'
                f'urls = {{ rest = "{rest or exchange["rest"]}", private = "{exchange["private"]}", '
                f"public = {{ {public} }} }}\n"
                f'api_key = "env:KEY_{position}"\napi_secret = "env:SECRET_{position}"\n'
            )
        path = tmp_path / "marginwatch.toml"
        path.write_text("\n".join(tables))
        return path

    return write


def test_a_fine_desk_is_shown_and_exits_0(exchange, write_config, capsys) -> None:
    path = write_config(0, 1, 2, 3, 4)
    assert main(["check", "-c", str(path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for account in exchange["accounts"]:
        assert account["id"] in out
        assert account["api_secret"] not in out
    for word in (
        "UTA2.0",
        "cross",
        "reads, 1 IP",
        "clock",
        "180 calls per 5 s",
        "30 % of the limit",
        "5 fine",
    ):
        assert word in out
    table = [line for line in out.splitlines() if "UTA2.0" in line]
    assert len(table) == 5
    assert max(len(line.rstrip()) for line in table) <= 100


def test_json_is_one_object_with_the_same_facts(exchange, write_config, capsys) -> None:
    assert main(["check", "-c", str(write_config(0, 1)), "--json"]) == 0
    out, _ = capsys.readouterr()
    report = json.loads(out)
    assert report.keys() >= {"accounts", "venues", "ok"}
    assert report["ok"] is True
    assert [one["account_id"] for one in report["accounts"]] == [
        one["id"] for one in exchange["accounts"][:2]
    ]
    assert report["accounts"][0]["rows"].keys() == {"linear/USDT", "linear/USDC", "inverse", "option"}
    assert len(report["accounts"][0]["unmonitored"]) == 3
    assert exchange["accounts"][0]["api_key"] not in out


def test_one_bad_account_exits_1_and_the_others_are_shown(exchange, write_config, capsys) -> None:
    path = write_config(0, 1, 2, secrets={1: "Wr0ngSecretWr0ng", 2: None})
    assert main(["check", "-c", str(path)]) == 1
    out, err = capsys.readouterr()
    assert "refused: error sign!" in out
    assert "SECRET_2 is not set" in out
    assert "1 fine" in out
    assert "2 refused" in out
    assert "Wr0ngSecretWr0ng" not in out + err
    assert exchange["accounts"][1]["api_key"] not in out + err


def test_no_host_that_answers_exits_3(write_config, capsys) -> None:
    path = write_config(1, rest="http://127.0.0.1:9")
    assert main(["check", "-c", str(path), "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert report["venues"][0]["is_reachable"] is False


@pytest.mark.parametrize("text", ["", "[[account]]\nid = 1\n", "not toml"])
def test_a_bad_configuration_exits_2_with_a_line(tmp_path, capsys, text) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert main(["check", "-c", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "bad.toml" in err
    assert "Traceback" not in err


def test_a_sentence_on_many_accounts_is_written_once() -> None:
    accounts = tuple(
        AccountCheck(
            account_id=f"a{i}",
            venue="bybit",
            warnings=("bind the key",),
            closed=(ClosedEndpoint("/x", "denied", "Wallet"),),
        )
        for i in range(9)
    )
    lines = section_lines(CheckReport(accounts=accounts, venues=(), ok=True))
    assert lines == [
        "! a0, a1, a2, a3, a4, a5 and 3 more  bind the key",
        "- a0, a1, a2, a3, a4, a5 and 3 more  /x: denied Grant: Wallet (read-only).",
        "",
    ]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "—"),
        (KeyReport(uid="1", is_read_only=False), "TRADES, any IP"),
        (KeyReport(uid="1", is_read_only=True, bound_ips=("a", "b"), is_master=True), "reads, 2 IPs"),
        (
            KeyReport(uid="1", is_read_only=True, bound_ips=("a",), expires_at_ns=NOW_NS + 5 * DAY_NS),
            "reads, 1 IP, 5 d",
        ),
        (
            KeyReport(uid="1", is_read_only=True, bound_ips=("a",), expires_at_ns=NOW_NS - 1),
            "reads, 1 IP, expired",
        ),
    ],
)
def test_a_key_in_few_words(key, words) -> None:
    assert key_words(AccountCheck(account_id="a", venue="bybit", key=key), NOW_NS) == words


def test_a_main_account_is_marked_and_long_lists_of_coins_are_cut() -> None:
    key = KeyReport(uid="1", is_read_only=True, is_master=True)
    assert name_words(AccountCheck(account_id="a", venue="bybit", key=key)) == "a (main)"
    rich = [
        AccountCheck(
            account_id=f"a{i}",
            venue="bybit",
            withdrawable=(
                Withdrawable(asset="USDT", amount="1500.5"),
                Withdrawable(asset="BTC", amount="0.0"),
            ),
        )
        for i in range(22)
    ]
    lines = coins_beside(rich)
    assert lines[0] == "· a0  withdrawable 1\u2009500.5 USDT"
    assert lines[-1] == "· and 2 more accounts; --json lists all"
    assert len(lines) == 21


def test_a_venue_that_is_silent_says_only_that() -> None:
    facts = {"share_of_limit": 0.3, "calls_used": 0, "calls_allowed": 180, "window_s": 5.0, "calls": 1}
    plan = {"poll_s": 5.0, "reconcile_s": 60.0, "n_accounts": 1}
    silent = VenueCheck(venue="bybit", host="http://h", is_reachable=False, error="refused", **facts, **plan)
    assert venue_lines(silent) == ["✗ bybit  http://h", "    refused", ""]


def test_maintenance_is_told_with_its_times() -> None:
    one = Maintenance(maintenance_id="1", title="Upgrade", state="scheduled", begins_at_ns=NOW_NS)
    assert maintenance_words(one) == "scheduled maintenance 2026-09-21 14:13 to ? UTC: Upgrade"
