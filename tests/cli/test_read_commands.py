"""``accounts``, ``positions`` and ``exposure`` as processes against a service on loopback."""

import asyncio
import csv
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from marginwatch.cli import main
from marginwatch.model.secret import Secret
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.contracts import GREEKS
from marginwatch.risk.table_rows import PositionRow
from marginwatch.risk.tables import position_rows
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer


class Picture:
    def __init__(self, frame: Frame | None) -> None:
        self.frame = frame

    def latest_frame(self) -> Frame | None:
        return self.frame

    def is_alive(self) -> bool:
        return True


@pytest.fixture
def service(
    measure_desk: Callable[[], Frame], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[SimpleNamespace]:
    """A service in a loop of its own thread, for the commands are synchronous; the token is in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MARGINWATCH_TOKEN", "t0ken")
    picture = Picture(measure_desk())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = WebServer(create_app(picture, Secret("t0ken")), port=0)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(20)
    yield SimpleNamespace(url=server.url, picture=picture)
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


def test_accounts_as_a_table(service: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "--url", service.url]) == 0
    shown = capsys.readouterr()
    lines = shown.out.split("\n")
    assert lines[0].startswith("Accounts · 4 · 2023-11-14 22:13:21 UTC")
    assert [line.split()[0] for line in lines[4:8]] == ["mm-main", "=refused", "arb-1", "cold"]
    assert "50.0 %" in lines[4]
    assert "101\u2009500" in lines[4]
    assert "—" in lines[5]
    assert "Not included in totals: 2" in shown.out
    assert "=refused: stopped: the key may trade; make a read-only one" in shown.out
    assert shown.err == ""


def test_accounts_as_json_and_csv(service: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["accounts", "--url", service.url, "--json", "--desk", "arbitrage", "--sort", "account_id"]) == 0
    )
    reply = json.loads(capsys.readouterr().out)
    assert [row["account_id"] for row in reply["rows"]] == ["arb-1", "cold"]
    assert reply["rows"][1]["equity_usd"] is None
    assert len(reply["not_included"]) == 2
    assert main(["accounts", "--url", service.url, "--csv"]) == 0
    shown = capsys.readouterr()
    rows = {row["account_id"]: row for row in csv.DictReader(io.StringIO(shown.out))}
    assert rows["cold"]["equity_usd"] == ""
    assert float(rows["mm-main"]["maintenance_margin_usage"]) == pytest.approx(0.5)
    assert "'=refused" in rows
    head = shown.out.split("\n")[0].split(",")
    assert (head[0], head[-1], head.count("reasons")) == ("account_id", "reasons", 1)
    assert (rows["cold"]["n_positions"], rows["mm-main"]["n_positions"]) == ("", "2")
    assert "Not included in totals: 2" in shown.err


def measured_positions(service: SimpleNamespace) -> list[PositionRow]:
    return position_rows(service.picture.frame)


def test_positions_in_a_wide_terminal_have_greeks_and_what_is_no_option_has_none(
    service: SimpleNamespace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert main(["positions", "--url", service.url]) == 0
    shown = capsys.readouterr().out.split("\n")
    head = next(line for line in shown if "contract" in line)
    assert [word for word in head.split() if word in GREEKS] == list(GREEKS)
    assert "—" not in next(line for line in shown if "ETHUSDT" in line)[head.index("delta") - 8 :]


def test_positions(service: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["positions", "--url", service.url, "--asset", "BTC"]) == 0
    shown = capsys.readouterr().out
    assert "Positions · 2 " in shown
    assert "−1.5" in shown
    assert "51\u2009000.00" in shown
    assert "ETHUSDT" not in shown
    assert main(["positions", "--url", service.url, "--account", "mm-main", "--json"]) == 0
    assert [row["quantity"] for row in json.loads(capsys.readouterr().out)["rows"]] == ["2", "-5"]
    assert main(["positions", "--url", service.url, "--csv", "--desk", "arbitrage"]) == 0
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["quantity"], row["desk"]) == ("-1.5", "arbitrage")


def test_exposure(service: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exposure", "--url", service.url]) == 0
    shown = capsys.readouterr().out
    assert "Exposure by asset · 3" in shown
    assert "Opposing accounts" in shown
    assert "2 of 4" in shown
    assert "Not included in totals: 2" in shown
    for by in ("account", "desk", "tag", "venue", "portfolio"):
        assert main(["exposure", "--url", service.url, "--by", by, "--json"]) == 0
        reply = json.loads(capsys.readouterr().out)
        assert {row["dimension"] for row in reply["rows"]} <= {by}
        assert reply["portfolio"]["n_accounts"] == 4
        assert main(["exposure", "--url", service.url, "--by", by]) == 0
        assert "In all" in capsys.readouterr().out
    assert main(["exposure", "--url", service.url, "--asset", "btc", "--csv"]) == 0
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["name"], row["net_usd"]) == ("BTC", "25500.0")
    held = [one for one in measured_positions(service) if one.is_included and one.underlying_asset == "BTC"]
    assert held
    assert float(row["unrealized_pnl_usd"]) == pytest.approx(
        sum(one.unrealized_pnl_usd or 0.0 for one in held)
    )
    assert main(["exposure", "--url", service.url, "--by", "account", "--csv"]) == 0
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert rows["arb-1"]["net_usd"] == "-76500.0"
    assert rows["cold"]["net_usd"] == ""
    assert main(["exposure", "--url", service.url, "--account", "arb-1", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["rows"]
    assert (row["dimension"], row["name"]) == ("account", "arb-1")
    assert main(["exposure", "--url", service.url, "--by", "portfolio", "--csv"]) == 0
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["n_included"] == "2"


def test_no_rows_of_accounts_that_are_heard_are_an_answer(
    service: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["positions", "--url", service.url, "--account", "MM-main", "--asset", "USDT", "--json"]) == 0
    reply = json.loads(capsys.readouterr().out)
    assert (reply["rows"], reply["n_included"], len(reply["not_included"])) == ([], 2, 2)


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["accounts", "--sort", "nonsense"], 2, "cannot sort by"),
        (["exposure", "--by", "moon"], 2, "exposure by 'moon'"),
        (["exposure", "--by", "desk", "--asset", "BTC"], 2, "exposure by desk has no --asset"),
        (["positions", "--account", "cold", "--sort", "nonsense"], 2, "cannot sort by"),
        (["accounts", "--account", "mm-mian"], 2, "no account 'mm-mian'; did you mean 'mm-main'?"),
        (["positions", "--account", "nobody"], 2, "there is no account 'nobody'"),
        (["accounts", "--desk", "arbitrge"], 2, "no desk 'arbitrge'; did you mean 'arbitrage'?"),
        (["positions", "--desk", "arbitrge"], 2, "no desk 'arbitrge'; did you mean 'arbitrage'?"),
        (["exposure", "--desk", "arbitrge"], 2, "no desk 'arbitrge'; did you mean 'arbitrage'?"),
        (["accounts", "--venue", "bybitt"], 2, "no venue 'bybitt'; did you mean 'bybit'?"),
        (["positions", "--venue", "okx"], 2, "no venue 'okx'; there are: bybit"),
        (["exposure", "--venue", "okx"], 2, "no venue 'okx'; there are: bybit"),
        (["positions", "--asset", "btcc"], 2, "no asset 'btcc'; did you mean 'BTC'?"),
        (["exposure", "--asset", "btcc"], 2, "no asset 'btcc'; did you mean 'BTC'?"),
        (["exposure", "--asset", "BTC", "--desk", "x"], 2, "one dimension at a time"),
        (["accounts", "--json", "--csv"], 2, "--json and --csv exclude each other"),
        (["positions", "--json", "--csv"], 2, "--json and --csv exclude each other"),
        (["exposure", "--json", "--csv"], 2, "--json and --csv exclude each other"),
        (["accounts", "--token", "wrong"], 2, "does not accept this token"),
        (["accounts", "--token", "env:MW_NOT_SET"], 2, "MW_NOT_SET is not set"),
        (["accounts", "--token", "bad\ntoken"], 2, "characters that a header cannot carry"),
    ],
)
def test_what_the_caller_got_wrong_is_2(
    service: SimpleNamespace, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, part: str
) -> None:
    assert main([*arguments, "--url", service.url]) == code
    shown = capsys.readouterr()
    assert part in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""


def test_a_service_that_is_not_ready_is_3(
    service: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    service.picture.frame = None
    assert main(["accounts", "--url", service.url]) == 3
    assert "no picture yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "code", "part"),
    [
        ("http://127.0.0.1:9", 3, "is the service running there?"),
        ("http://no-such-host.invalid", 3, "cannot reach"),
        ("127.0.0.1:8600", 2, "write http://host:port"),
        ("ftp://x", 2, "write http://host:port"),
        ("http://h:port", 2, "write http://host:port"),
    ],
)
def test_what_does_not_answer_is_3_and_what_is_no_url_2(
    url: str, code: int, part: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARGINWATCH_TOKEN", "t")
    assert main(["accounts", "--url", url]) == code
    shown = capsys.readouterr().err
    assert part in shown
    assert shown.count("\n") == 1


@pytest.mark.parametrize(
    ("answer", "code", "part"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{", 3, "went away in the middle"),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 9\r\n\r\n400: a\nb\x1b", 2, "a b\\x1b"),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 6\r\n\r\n<html>", 3, "is not a marginwatch service"),
        (b"HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n", 2, "does not accept this token"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 2, "does not accept this token"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", 3, "is not a marginwatch service"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 3, "is not a marginwatch service"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe", 3, "is not a marginwatch service"),
        (b"HTTP/1.1 302 Go\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n", 3, "it answers 302"),
        (b"HTTP/1.1 503 No\r\nContent-Length: 6\r\n\r\n<html>", 3, "it answers 503"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n", 3, "127.0.0.1"),
        (b"", 3, "cannot reach"),
        (b"SSH-2.0-x\r\n\r\n", 3, "SSH-2.0-x"),
    ],
)
def test_a_stranger_on_the_port_is_told_in_one_line(
    answer: bytes, code: int, part: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARGINWATCH_TOKEN", "t")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as stranger:
                stranger.recv(65_536)
                stranger.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert main(["accounts", "--url", f"http://127.0.0.1:{listener.getsockname()[1]}"]) == code
        thread.join(10)
    shown = capsys.readouterr().err
    assert part in shown
    assert shown.count("\n") == 1


def test_a_path_that_is_not_ours_is_3(service: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "--url", f"{service.url}/elsewhere/"]) == 3
    assert "is not a marginwatch service of this version: it answers 404" in capsys.readouterr().err


def test_the_token_is_found_beside_the_configuration(
    service: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("MARGINWATCH_TOKEN")
    assert main(["accounts", "--url", service.url]) == 2
    assert "give --token" in capsys.readouterr().err
    (tmp_path / "desk.toml").write_text("[service]\ndata_dir = 'd'\n")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "api-token").write_text("t0ken\n")
    (tmp_path / "d" / "api-token").chmod(0o600)
    assert main(["accounts", "--url", service.url, "-c", "desk.toml"]) == 0
    (tmp_path / "d").rename(tmp_path / "marginwatch-data")
    assert main(["accounts", "--url", service.url]) == 0
    monkeypatch.setenv("MW_T", "t0ken")
    assert main(["accounts", "--url", service.url, "--token", "env:MW_T"]) == 0


def test_without_anything_named_it_says_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["positions"]) == 2
    assert "no marginwatch.toml here" in capsys.readouterr().err
    assert main(["positions", "-c", "absent.toml"]) == 2
    assert "absent.toml: cannot read the configuration" in capsys.readouterr().err


def test_a_whole_process_prints_json_and_nothing_else(service: SimpleNamespace) -> None:
    code = "import sys; from marginwatch.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "accounts", "--url", service.url, "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ),
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(json.loads(done.stdout)["rows"]) == 4


def test_a_cascade_that_was_not_reckoned_is_missing_and_no_quiet_market(
    service: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stress", "--url", service.url, "--cascade"]) == 3
    shown = capsys.readouterr().out
    assert "Deaths that cause deaths · 0" in shown
    assert "Missing: " in shown
    assert main(["stress", "--url", service.url, "--cascade", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["cascade_basis"]["reason"]
