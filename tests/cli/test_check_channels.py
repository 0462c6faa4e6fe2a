"""``check --notify`` with real channels: a file, and a web server of our own that refuses."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from marginwatch.cli import main


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    """A web server that keeps what it is sent and answers as its ``status`` says."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.heard.append(json.loads(body))  # pyright: ignore[reportAttributeAccessIssue]
            self.send_response(self.server.status)  # pyright: ignore[reportAttributeAccessIssue]
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    server.heard, server.status = [], 200  # pyright: ignore[reportAttributeAccessIssue]
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join(10)
    server.server_close()


def configuration(folder: Path, receiver: HTTPServer, more: str = "") -> str:
    path = folder / "marginwatch.toml"
    path.write_text(
        f"""
[[channel]]
name = "file"
type = "inbox"
path = "inbox.txt"

[[channel]]
name = "hook"
type = "webhook"
url = "http://127.0.0.1:{receiver.server_port}/alerts"

[[channel]]
name = "later"
type = "inbox"
path = "later.txt"
enabled = false
{more}"""
    )
    return str(path)


def test_each_channel_gets_a_test_and_shows_what_came_of_it(
    tmp_path: Path, receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configuration(tmp_path, receiver)
    assert main(["check", "--notify", "-c", path]) == 0
    shown = capsys.readouterr()
    assert "Channels · 2 of 2 took the test" in shown.out
    lines = [line.split() for line in shown.out.splitlines() if line.strip()]
    assert [line[:3] for line in lines[-3:]] == [
        ["✓", "file", "inbox"],
        ["✓", "hook", "webhook"],
        ["·", "later", "—"],
    ]
    assert "not tried: enabled = false" in shown.out
    assert "test" in (tmp_path / "inbox.txt").read_text().lower()
    assert len(receiver.heard) == 1
    assert not (tmp_path / "later.txt").exists()
    assert not (tmp_path / "marginwatch-data").exists(), "it needs no store"


def test_a_channel_that_fails_is_exit_code_1(
    tmp_path: Path, receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.status = 500
    (tmp_path / "dir").mkdir()
    more = '[[channel]]\nname = "folder"\ntype = "inbox"\npath = "dir"\n'
    assert main(["check", "--notify", "-c", configuration(tmp_path, receiver, more), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    rows = {row["channel"]: row for row in report["rows"]}
    assert not report["ok"]
    assert rows["file"]["is_delivered"]
    assert (rows["hook"]["is_delivered"], rows["hook"]["reason"]) == (False, "server")
    assert rows["later"]["reason"] == "disabled"
    assert rows["folder"]["reason"] == "config"
    assert "is a folder; name a file" in rows["folder"]["detail"]


def test_without_channels_or_with_wrong_ones_nothing_is_sent(
    tmp_path: Path, receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.toml").write_text("")
    assert main(["check", "--notify", "-c", str(tmp_path / "none.toml")]) == 2
    assert "there is no [[channel]] to test" in capsys.readouterr().err
    path = configuration(tmp_path, receiver, '[[channel]]\nname = "x"\ntype = "pigeon"\n')
    assert main(["check", "--notify", "-c", path]) == 2
    assert "marginwatch.toml:19: " in capsys.readouterr().err
    assert receiver.heard == []
