import subprocess
import sys

import pytest
import typer

from marginwatch.cli.supervision import exit_code_of, supervised
from marginwatch.errors import AuthError, ConfigError, ConnectivityError, ProtocolError, RateLimitedError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (ProtocolError("x"), 2),
        (ConnectivityError("x"), 3),
        (RateLimitedError("x"), 3),
        (AuthError("x"), 3),
    ],
)
def test_the_exit_code_says_who_must_act(error, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise error

    assert exit_code_of(error) == code
    assert supervised(fail) == code
    assert capsys.readouterr().err == "marginwatch: x\n"


def test_each_complaint_of_a_configuration_has_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise ConfigError("desk.toml:1: a\ndesk.toml:9: b")

    assert supervised(fail) == 2
    assert capsys.readouterr().err == "marginwatch: desk.toml:1: a\nmarginwatch: desk.toml:9: b\n"


def test_a_defect_is_one_line_and_its_traceback_is_there_for_who_asks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        return {}["not there"]

    monkeypatch.delenv("MARGINWATCH_DEBUG", raising=False)
    assert supervised(fail) == 3
    assert capsys.readouterr().err == "marginwatch: defect in marginwatch: KeyError: 'not there'\n"
    monkeypatch.setenv("MARGINWATCH_DEBUG", "1")
    assert supervised(fail) == 3
    assert "Traceback" in capsys.readouterr().err


def test_a_message_of_others_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise ConfigError("a\x1b[31mb — é\u202e")

    assert supervised(fail) == 2
    assert capsys.readouterr().err == "marginwatch: a\\x1b[31mb — é\\u202e\n"


def test_a_refusing_system_is_no_defect(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise OSError(28, "No space left on device")

    assert supervised(fail) == 3
    assert capsys.readouterr().err == "marginwatch: the system refuses: [Errno 28] No space left on device\n"


def test_a_reader_of_tables_that_goes_away_is_no_error() -> None:
    code = (
        "import sys; from marginwatch.cli.output import Column, write_table;"
        "from marginwatch.cli.supervision import supervised; column = Column('n', str);"
        "sys.exit(supervised(lambda: [write_table('t', [column], range(500)) for _ in range(20)] and 0))"
    )
    shown = subprocess.run(
        ["bash", "-c", '"$@" | head -1; exit ${PIPESTATUS[0]}', "bash", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (shown.returncode, shown.stderr) == (0, "")


def test_an_interrupt_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    def stopped() -> int:
        raise typer.Exit(1)

    assert supervised(interrupted) == 130
    assert supervised(stopped) == 1
    assert capsys.readouterr().err == ""
