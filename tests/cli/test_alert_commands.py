"""``alerts`` and ``silence`` against a service on loopback."""

import asyncio
import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.web.alerts import alert_of, small_desk
from tests.web.conftest import Picture

from marginwatch.cli import main
from marginwatch.model.alert import Subject
from marginwatch.model.ids import AccountId
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.risk.frame import Frame
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer


@pytest.fixture
def service(
    measure_desk: Callable[[], Frame], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[SimpleNamespace]:
    """A service in a loop of its own thread, named by the configuration of this folder; the token is in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MARGINWATCH_TOKEN", "t0ken")
    monkeypatch.setenv("LOGNAME", "nan")
    desk = small_desk()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = WebServer(create_app(Picture(measure_desk()), Secret("t0ken"), alerting=desk), port=0)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(20)
    port = server.url.rpartition(":")[2]
    (tmp_path / "marginwatch.toml").write_text(f"[service]\nport = {port}\n")
    yield SimpleNamespace(url=server.url, desk=desk)
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


def test_alerts_as_a_table(service: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.split("\n")
    assert lines[0].rstrip() == "Alerts · 3 firing, 1 pending, 2 unknown · 2023-11-14 22:13:20 UTC"
    subjects = ("dir-1", "mm-1", "arb-1", "calm", "old-1")
    assert [line.split()[0] for line in lines[4:9]] == ["critical", "high", "warning", "warning", "high"]
    assert all(f" {name} " in line for name, line in zip(subjects, lines[4:9], strict=True))
    assert "● firing ?" in lines[4]
    assert lines[5].split()[5:14] == ["72.3", "%", ">", "70.0", "%", "9", "min", "0", "s"]
    assert "phone ✓, mail ✗" in lines[5]
    assert "◌ pending" in lines[7]
    assert "✓ resolved" in lines[8]
    assert "→ dir-1, mm-1, margin-usage: Add collateral or reduce." in shown.out
    assert "? dir-1, margin-usage: cannot be judged: frozen" in shown.out
    assert "✗ mm-1, margin-usage: mail gave up after 3 attempts: rejected: no such mailbox" in shown.out
    assert shown.err == ""


def test_alerts_as_json_and_csv(service: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "--url", service.url, "--json", "--state", "firing", "--account", "mm-1"]) == 0
    [row] = json.loads(capsys.readouterr().out)["rows"]
    assert (row["alert_id"], row["value"]) == ("id-mm-1", 0.723)
    assert "mm-1" in row["headline"]
    assert "72.3%" in row["headline"]
    assert main(["alerts", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["subject"] for row in rows] == ["dir-1", "mm-1", "arb-1", "calm", "old-1"]
    assert rows[2]["value"] == ""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--fail-on", "critical"], 1),
        (["--fail-on", "critical", "--account", "mm-1"], 1),
        (["--fail-on", "INFO", "--json"], 1),
        ([], 0),
    ],
)
def test_the_exit_code_tells_whether_something_so_severe_fires(
    service: SimpleNamespace, arguments: list[str], code: int
) -> None:
    assert main(["alerts", *arguments]) == code


def test_what_is_pending_or_over_fails_nothing(service: SimpleNamespace) -> None:
    service.desk.alerts = [one for one in service.desk.alerts if one.state == "pending"]
    assert main(["alerts", "--fail-on", "info"]) == 0


def test_an_acknowledgement_by_id_key_or_subject(
    service: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    for which in ("id-mm-1", "margin-usage|account|mm-1", "MM-1"):
        service.desk.given = []
        assert main(["alerts", "ack", which, "--comment", "on it", "--for", "30m"]) == 0
        [given] = service.desk.given
        assert (given.author, given.comment, given.until_ns - given.at_ns) == ("nan", "on it", 1_800 * 10**9)
        assert (
            "mm-1, margin-usage (high): nan takes care of it until 11-14 22:43 UTC" in capsys.readouterr().out
        )
    assert main(["alerts"]) == 0
    shown = capsys.readouterr().out
    assert "nan until 11-14 22:43" in shown
    assert "→ dir-1, margin-usage: Add" in shown


def test_all_alerts_of_an_account_or_one_of_a_rule(service: SimpleNamespace) -> None:
    position = Subject(scope="position", name="mm-1/BTCUSDT/net", account_id=AccountId("mm-1"))
    service.desk.alerts.append(
        alert_of("x", alert_id="id-position", key="p", rule="adl-rank", subject=position)
    )
    assert main(["alerts", "ack", "mm-1"]) == 2
    assert service.desk.given == []
    assert main(["alerts", "ack", "mm-1", "--rule", "adl-rank"]) == 0
    assert [one.alert_id for one in service.desk.given] == ["id-position"]
    assert main(["alerts", "ack", "mm-1", "--all"]) == 0
    assert {one.alert_id for one in service.desk.given} == {"id-position", "id-mm-1"}


WRONG_CALLS = [
    (["alerts", "ack", "nobody"], ["no alert 'nobody' fires; these do:", "id-mm-1 high mm-1"]),
    (["alerts", "ack", "calm"], ["no alert 'calm' fires"]),
    (
        ["alerts", "ack", "twice"],
        ["'twice' has 2 alerts that fire; name one by its id or --rule, or take --all:", "id-two"],
    ),
    (["alerts", "ack", "mm-1", "--for", "soon"], ["--for: 'soon' is no duration; write one such as 30s"]),
    (["alerts", "ack", "mm-1", "--for", "200d"], ["for_s", "90 days"]),
    (["alerts", "--json", "ack", "mm-1"], ["put the options behind ack"]),
    (
        ["alerts", "--fail-on", "bad"],
        ["--fail-on: severity must be one of info, warning, high, critical"],
    ),
    (["alerts", "--state", "loud"], ["state 'loud' is unknown; there is: firing, pending"]),
    (["alerts", "--rule", "margin-usag"], ["did you mean 'margin-usage'?"]),
    (["alerts", "--json", "--csv"], ["exclude each other"]),
    (["silence"], ["add, list or end"]),
    (["silence", "add", "mm-1", "--for", "1h", "--comment", "x"], ["no matcher; write label=value"]),
    (["silence", "add", "a=b", "--for", "1h", "--comment", " "], ["comment: must not be blank"]),
    (["silence", "add", "a!=b", "--for", "1h", "--comment", "x"], ["would silence nearly everything"]),
    (["silence", "add", "a=b", "--for", "1h"], ["--comment"]),
    (["silence", "end", "s9"], ["no silence 's9' holds or will"]),
]


def test_a_wrong_call_says_what_to_do_and_changes_nothing(
    service: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    service.desk.alerts += [
        alert_of("twice", alert_id=f"id-{name}", key=name, severity=Severity.INFO) for name in ("one", "two")
    ]
    for arguments, parts in WRONG_CALLS:
        assert main(arguments) == 2, arguments
        shown = capsys.readouterr()
        assert shown.out == ""
        assert all(line.startswith("marginwatch: ") for line in shown.err.splitlines())
        for part in parts:
            assert part in shown.err
        assert (service.desk.given, service.desk.held) == ([], [])


def test_a_silence_from_beginning_to_end(
    service: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["silence", "list"]) == 0
    assert "Nothing is silenced." in capsys.readouterr().out
    assert main(["silence", "add", "account=mm-1", "--for", "2h", "--comment", "moving coins", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["author"], made["comment"], made["n_alerts"]) == ("nan", "moving coins", 1)
    asked = ["silence", "add", "desk=x", "account=~a.*", "--for", "1d", "--comment", "y", "--author", "lee"]
    assert main(asked) == 0
    shown = capsys.readouterr().out
    assert "s2: desk=x account=~a.* from now to 11-15 22:13 UTC; it covers 0 open alerts" in shown
    assert "marginwatch silence end s2" in shown
    assert main(["silence", "list"]) == 0
    first, second = capsys.readouterr().out.split("\n")[4:6]
    assert first.split() == ["s1", "now", "11-15", "00:13", "account=mm-1", "1", "nan", "moving", "coins"]
    assert second.split()[-2:] == ["lee", "y"]
    assert main(["alerts"]) == 0
    assert "silenced" in capsys.readouterr().out
    assert main(["silence", "end", "s1"]) == 0
    assert "s1 is over" in capsys.readouterr().out
    assert [one.silence_id for one in service.desk.held] == ["s2"]
    assert main(["silence", "list", "--csv"]) == 0
    [row] = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["silence_id"], row["matchers"]) == ("s2", "desk=x account=~a.*")


def test_without_a_service_it_says_which_one_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MARGINWATCH_TOKEN", "t0ken")
    assert main(["alerts"]) == 2
    assert "which service? name it with --url" in capsys.readouterr().err
    (tmp_path / "marginwatch.toml").write_text("[service]\nport = 0\n")
    assert main(["alerts"]) == 2
    assert "name the service with --url" in capsys.readouterr().err
    (tmp_path / "marginwatch.toml").write_text("[service]\nport = 1\n")
    assert main(["alerts"]) == 3
    assert "cannot reach http://127.0.0.1:1" in capsys.readouterr().err


def test_a_service_that_judges_no_rules_says_so(
    service: SimpleNamespace, measure_desk: Callable[[], Frame], capsys: pytest.CaptureFixture[str]
) -> None:
    async def serve() -> tuple[WebServer, str]:
        server = WebServer(create_app(Picture(measure_desk()), Secret("t0ken")), port=0)
        await server.start()
        code = await asyncio.to_thread(main, ["alerts", "--url", server.url])
        await server.stop()
        return code, capsys.readouterr().err

    code, said = asyncio.run(serve())
    assert code == 2
    assert "judges no rules" in said
