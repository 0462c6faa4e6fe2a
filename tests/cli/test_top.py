"""``marginwatch top`` before it takes the screen, and on a terminal of its own."""

import asyncio
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path

import pytest
from tests.web.alerts import Desk, small_desk
from tests.web.conftest import Picture

from marginwatch.cli import main
from marginwatch.model.secret import Secret
from marginwatch.risk.frame import Frame
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer


@pytest.fixture
def served() -> Iterator[Callable[..., str]]:
    """Serve a picture in a loop of its own thread and return where."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    servers: list[WebServer] = []

    def serve(picture: Picture, desk: Desk | None = None) -> str:
        server = WebServer(create_app(picture, Secret("t0ken"), alerting=desk), port=0)
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(20)
        servers.append(server)
        return server.url

    yield serve
    for server in servers:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


def test_nothing_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--url", "http://127.0.0.1:9", "--token", "x"]) == 3
    assert "cannot reach http://127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--every", "0"], "--every"),
        (["--token", "x"], "which service? name it with --url"),
        (["--url", "ftp://x", "--token", "x"], "is not usable; write http://host:port"),
        (["--url", "http://127.0.0.1:9"], "no token for the service"),
    ],
)
def test_usage(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MARGINWATCH_TOKEN", raising=False)
    assert main(["top", *arguments]) == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_without_a_terminal_it_names_what_programs_read(
    served: Callable[..., str], measure_desk: Callable[[], Frame], capsys: pytest.CaptureFixture[str]
) -> None:
    url = served(Picture(measure_desk()))
    assert main(["top", "--url", url, "--token", "t0ken"]) == 2
    assert "top needs a terminal; programs read marginwatch accounts --json" in capsys.readouterr().err
    assert main(["top", "--url", url, "--token", "wrong"]) == 2
    assert "does not accept this token" in capsys.readouterr().err


@pytest.mark.parametrize("is_colored", [True, False])
def test_on_a_terminal_until_q(
    served: Callable[..., str], measure_desk: Callable[[], Frame], is_colored: bool
) -> None:
    url = served(Picture(measure_desk()), small_desk())
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    variables = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    variables |= {"TERM": "xterm-256color", "MARGINWATCH_TOKEN": "t0ken"}
    variables |= {} if is_colored else {"NO_COLOR": "1"}
    command = [sys.executable, "-m", "marginwatch", "top", "--url", url]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = _read_until(ours, b"not included")
        os.write(ours, b"q")
        code = _end(process, ours)
    os.close(ours)
    assert code == 0
    assert b"t0ken" not in shown
    has_color = re.search(rb"\x1b\[[\d;]*[34]8;[25];", shown) is not None
    assert has_color is is_colored


def _read_until(terminal: int, wanted: bytes) -> bytes:
    seen, give_up_at = b"", time.monotonic() + 60.0
    while wanted not in seen and time.monotonic() < give_up_at:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65_536)
    assert wanted in seen
    return seen


def _end(process: "subprocess.Popen[bytes]", terminal: int) -> int:
    """Read on until the program has ended: it waits for whoever reads its terminal."""
    give_up_at = time.monotonic() + 30.0
    while process.poll() is None and time.monotonic() < give_up_at:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                os.read(terminal, 65_536)
            except OSError:
                break
    if process.poll() is None and time.monotonic() >= give_up_at:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait(30)
