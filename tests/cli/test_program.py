import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import marginwatch
from marginwatch.cli import main
from marginwatch.cli.program import COMMANDS, command_in, load_command

SOURCE = Path(marginwatch.__file__).parent / "cli"


MAIN = "import sys; from marginwatch.cli import main; sys.exit(main())"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import sys; from marginwatch.cli import main; sys.exit(main())", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_help_lists_every_command_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        assert main(arguments) == 0
        shown = " ".join(capsys.readouterr().out.split())
        for command, line in COMMANDS.items():
            assert f"{command} {line}" in shown


def test_help_imports_no_command_and_nothing_heavy() -> None:
    code = (
        "import sys; from marginwatch.cli import main; main(['--help']);"
        "print('IMPORTED', *sorted(name.split('.')[0] for name in sys.modules));"
        "print('OURS', *(name for name in sys.modules if name.startswith('marginwatch')))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    imported = set(shown.split("IMPORTED")[1].split("OURS")[0].split())
    assert imported.isdisjoint(
        {"numpy", "rich", "litestar", "sqlalchemy", "aiohttp", "structlog", "msgspec", "asyncio"}
    )
    assert set(shown.split("OURS")[1].split()) == {
        "marginwatch",
        "marginwatch.errors",
        "marginwatch.cli",
        "marginwatch.cli.file_limit",
        "marginwatch.cli.program",
        "marginwatch.cli.supervision",
        "marginwatch.terminal",
        "marginwatch.terminal.texts",
    }


@pytest.mark.parametrize("command", [name for name in COMMANDS if (SOURCE / f"{name}.py").exists()])
def test_every_command_has_help_of_its_own(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert load_command(command).__name__ == command
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"marginwatch {command}" in shown
    assert re.search(r"\n  \S.+\.", shown), "it says what it does"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"marginwatch {marginwatch.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--nonsense"],
        ["accounts", "--nonsense"],
        ["accounts", "extra"],
        ["decode"],
        ["accounts", "-c"],
    ],
)
def test_a_wrong_call_is_one_line_and_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("marginwatch: ")
    assert "help" in shown.err


def test_the_command_is_the_first_word() -> None:
    assert command_in(["--version"]) is None
    assert command_in(["accounts", "-c", "run"]) == "accounts"


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = "import sys; from marginwatch.cli import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(30) == 0
    process.stderr.close()


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", "2>&-", "2>/dev/full >&-"])
def test_the_exit_code_does_not_depend_on_who_listens(redirection: str) -> None:
    command = [sys.executable, "-c", MAIN, "decode", "kraken", "-"]
    shown = subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *command], capture_output=True, text=True, timeout=60
    )
    assert shown.returncode == 2
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_output_to_a_pipe_is_utf_8_whatever_the_locale(encoding: str) -> None:
    code = (
        "import sys; from marginwatch.cli.supervision import supervised;"
        "sys.exit(supervised(lambda: print('\\u2014 \\u65e5') or 0))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert shown.stdout.decode() == "— 日\n"


def test_the_limit_of_open_files_is_raised_to_what_the_system_allows() -> None:
    code = (
        "import resource; from marginwatch.cli.file_limit import raise_file_limit as up; kind = resource.RLIMIT_NOFILE;"
        "resource.setrlimit(kind, (64, 256)); print(up(), resource.getrlimit(kind))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout == "256 (256, 256)\n"
