"""A password as somebody types it, unseen, or from a file or a pipe; never from the command line, which others can list."""

import getpass
import sys
from pathlib import Path

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret

BYTES_MAX = 4_096


def read_password(role: str, file: str | None) -> Secret:
    """Return a password: the first line of ``file`` or of a pipe, else typed twice on the terminal.

    Raises
    ------
    ConfigError
        If there is none, the two differ, or the file cannot be read.
    """
    piped = sys.stdin
    if file is None and piped is not None and piped.isatty():
        return _typed(role)
    try:
        if file is not None and file != "-":
            with Path(file).open("rb") as opened:
                content = opened.read(BYTES_MAX + 1)
        else:
            content = b"" if piped is None else piped.buffer.read(BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"--password-file {file}: cannot be read: {error}") from error
    first = content.split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        text = first.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("the password is not UTF-8; save its file as UTF-8") from None
    if not text:
        raise ConfigError("there is no password in the first line; write one, or type it on a terminal")
    return Secret(text)


def _typed(role: str) -> Secret:
    first = getpass.getpass(f"New password of the {role}: ")
    if getpass.getpass("The same again: ") != first:
        raise ConfigError("the two passwords differ; nothing was changed")
    return Secret(first)
