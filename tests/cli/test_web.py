"""``web set-password`` as a process: from a terminal, a pipe and a file."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import argon2
import pytest

from marginwatch.cli import main
from marginwatch.web.access.passwords import Passwords, read_hashes

PROGRAM = [sys.executable, "-c", "import sys; from marginwatch.cli import main; sys.exit(main())"]
GOOD, OTHER = "correct horse battery", "staple and then some"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "marginwatch.toml").write_text('[service]\ndata_dir = "data"\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def set_password(folder: Path, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "web", "set-password", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
    )


def is_password(folder: Path, role: str, password: str) -> bool:
    hashed = {
        str(name): one.reveal() for name, one in read_hashes(folder / "data" / "web-passwords.toml").items()
    }
    return argon2.PasswordHasher().verify(hashed[role], password)


def test_from_a_pipe_and_from_a_file(folder: Path) -> None:
    ended = set_password(folder, "--role", "operator", typed=f"{GOOD}\n")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "the operator has a password, kept as a hash in" in ended.stdout
    (folder / "secret").write_text(f"{OTHER}\r\nmore\n")
    assert set_password(folder, "--role", "viewer", "--password-file", "secret").returncode == 0
    assert set_password(folder, "--role", "viewer", "--password-file", "-", typed=OTHER).returncode == 0
    assert is_password(folder, "operator", GOOD)
    assert is_password(folder, "viewer", OTHER)
    file = folder / "data" / "web-passwords.toml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert GOOD not in file.read_text() + ended.stdout


def test_it_is_taken_away(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert set_password(folder, "--role", "viewer", typed=GOOD).returncode == 0
    seen = Passwords(folder / "data" / "web-passwords.toml")
    assert main(["web", "set-password", "--role", "operator", "--remove"]) == 0
    assert capfd.readouterr().out == "the operator had no password\n"
    assert seen.is_any()
    assert main(["web", "set-password", "--role", "viewer", "--remove"]) == 0
    said = capfd.readouterr().out
    assert said.startswith(
        "the viewer has no password any more; nobody has one now: on this machine nobody need sign in"
    )
    assert not seen.is_any()


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (["--role", "operator"], "tooshort\n", "has 8 characters and needs at least 12"),
        (["--role", "operator"], "", "no password in the first line"),
        (["--role", "operator"], "\n" + GOOD, "no password in the first line"),
        (["--role", "root"], GOOD, "there are operator and viewer"),
        (["--role", "viewer", "--password-file", "absent"], "", "absent: cannot be read"),
        (["--role", "viewer", "--password-file", "x", "--remove"], "", "leave --password-file out"),
        (["--role", "viewer", "-c", "absent.toml"], GOOD, "absent.toml"),
        ([], GOOD, "--role"),
    ],
)
def test_what_will_not_do_is_one_line_and_changes_nothing(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    typed: str,
    said: str,
) -> None:
    (folder / "typed").write_text(typed)
    with (folder / "typed").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(["web", "set-password", *arguments]) == 2
    shown = capfd.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert "tooshort" not in shown.err
    assert not (folder / "data").exists()


def test_a_broken_file_is_told_before_anything_is_typed(folder: Path) -> None:
    (folder / "data").mkdir()
    file = folder / "data" / "web-passwords.toml"
    file.write_text("operator = ")
    file.chmod(0o600)
    ended = set_password(folder, "--role", "operator", typed=GOOD)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"marginwatch: {file}: ")
    assert file.read_text() == "operator = "


def test_alone_it_says_what_there_is(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["web"]) == 2
    assert "set-password" in capfd.readouterr().err


def type_on_terminal(folder: Path, *lines: str) -> tuple[int, str]:
    """Type each line when it is asked for; return the exit code and all that the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execv(PROGRAM[0], [*PROGRAM, "web", "set-password", "--role", "operator"])
    shown, left, asked = b"", list(lines), 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break
        if left and shown.count(b": ") > asked:
            asked = shown.count(b": ")
            os.write(terminal, left.pop(0).encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_on_a_terminal_it_is_typed_twice_and_not_shown(folder: Path) -> None:
    code, shown = type_on_terminal(folder, GOOD, GOOD)
    assert code == 0, shown
    assert "New password of the operator: " in shown
    assert "The same again: " in shown
    assert GOOD not in shown
    assert is_password(folder, "operator", GOOD)
    code, shown = type_on_terminal(folder, OTHER, GOOD)
    assert code == 2
    assert "the two passwords differ; nothing was changed" in shown
    assert is_password(folder, "operator", GOOD)
