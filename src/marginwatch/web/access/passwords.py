"""The passwords of the two roles: as Argon2 hashes in a file that only its user may read, taken up when it changes."""

import os
import stat
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import argon2
import structlog
from argon2.exceptions import InvalidHashError

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret

Role = Literal["viewer", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)

CHARACTERS_MIN = 12
BYTES_MAX = 512
FILE_BYTES_MAX = 16_384

HASHER = argon2.PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
"""Argon2id of 32 MiB and three passes on one core: above the 19 MiB and two passes that OWASP asks for at least
(Password Storage Cheat Sheet), and little enough for one to run beside the service."""

MEMORY_MAX_KIB = 256 * 1024
TIME_MAX = 16
REMEDY = "delete it and set the passwords again: marginwatch web set-password --role operator"

HEADER = """\
# The passwords of the dashboard, as Argon2 hashes. Change them with: marginwatch web set-password --role operator|viewer
# A running service takes up every change at once, and ends the sessions of the role.
"""

Hashes = Mapping[Role, Secret]

log = structlog.get_logger(__name__)


def normalized(password: str) -> str:
    """Return ``password`` in the form that is hashed: the same letters are the same bytes from every keyboard."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: Secret) -> Secret:
    """Return the Argon2 hash of a password that is long enough.

    Raises
    ------
    ConfigError
        If it is too short, too long, or holds what no keyboard types.
    """
    text = normalized(password.reveal())
    if len(text) < CHARACTERS_MIN:
        raise ConfigError(
            f"the password has {len(text)} characters and needs at least {CHARACTERS_MIN}; four or five words do well"
        )
    if not text.isprintable():
        raise ConfigError("the password holds line breaks or control characters, which no page lets you type")
    if len(text.encode()) > BYTES_MAX:
        raise ConfigError(f"the password is longer than {BYTES_MAX} bytes; use a shorter one")
    return Secret(HASHER.hash(text))


def read_hashes(path: Path) -> Hashes:
    """Return the hash of each role that has a password; none if there is no such file.

    Raises
    ------
    ConfigError
        If the file cannot be read, may be read by others, or holds anything but hashes.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot read the passwords of the dashboard: {error.strerror}; make it readable for the user of the service"
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise ConfigError(f"{path}: others may read these passwords; run: chmod 600 {path}")
    try:
        return _checked(content)
    except (ValueError, TypeError) as error:
        # The message must not repeat what stands there: somebody may have written a password into it.
        what = "not valid TOML" if isinstance(error, tomllib.TOMLDecodeError) else _words(error)
        raise ConfigError(f"{path}: holds no passwords that can be used: {what}; {REMEDY}") from None


def _words(error: Exception) -> str:
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def _checked(content: bytes) -> Hashes:
    if len(content) > FILE_BYTES_MAX:
        raise ValueError("longer than any file of passwords")
    hashes: dict[Role, Secret] = {}
    for name, value in tomllib.loads(content.decode()).items():
        if name not in ROLES:
            raise ValueError("a key is neither operator nor viewer")
        if not isinstance(value, str):
            raise TypeError(f"{name} is no text")
        hashes[name] = Secret(value)
        try:
            cost = argon2.extract_parameters(value)
        except InvalidHashError:
            raise ValueError(f"{name} is no Argon2 hash") from None
        if cost.type is not argon2.Type.ID or cost.memory_cost > MEMORY_MAX_KIB or cost.time_cost > TIME_MAX:
            raise ValueError(f"{name} is no Argon2id hash of at most 256 MiB and {TIME_MAX} passes")
    return hashes


def write_password(path: Path, role: Role, hashed: Secret | None) -> bool:
    """Put the hash of one role into the file, or take it out; return whether the role had one before.

    The file is replaced in one step, so that a service that reads it sees the old one or the new one.

    Raises
    ------
    ConfigError
        If the file there cannot be used, or the new one cannot be written.
    """
    hashes = dict(read_hashes(path))
    had_one = hashes.pop(role, None) is not None
    if hashed is not None:
        hashes[role] = hashed
    elif not had_one:
        return False
    lines = [f'{name} = "{hashes[name].reveal()}"\n' for name in sorted(hashes)]
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_privately(path, (HEADER + "".join(lines)).encode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot write the passwords: {error.strerror}; mend data_dir") from error
    return had_one


def replace_privately(path: Path, content: bytes) -> None:
    """Replace a file in one step by one that only its user may read; raises OSError."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if os.geteuid() == 0:
                # Written by root for a service that runs as somebody else: whoever owns the folder must be able to read it.
                owner = path.parent.stat()
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


class Passwords:
    """The file of passwords as a running service sees it: each look notices a change.

    Parameters
    ----------
    path : Path or None
        None has no passwords, and never will.

    Raises
    ------
    ConfigError
        At the start, as :func:`read_hashes`. A file that breaks later lets nobody in by password, and is logged once.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp = self._look()
        self._hashes: Hashes | None = {} if path is None else read_hashes(path)

    def hash_of(self, role: Role) -> Secret | None:
        """Return the hash of a role's password; None if it has none, and while the file is broken."""
        hashes = self._fresh()
        return None if hashes is None else hashes.get(role)

    def is_any(self) -> bool:
        """Return whether any password is set. A broken file counts as one: it must not open the door."""
        hashes = self._fresh()
        return hashes is None or bool(hashes)

    def _fresh(self) -> Hashes | None:
        if self._path is not None and (stamp := self._look()) != self._stamp:
            self._stamp = stamp
            try:
                self._hashes = read_hashes(self._path)
            except ConfigError as error:
                self._hashes = None
                log.error("passwords cannot be used: nobody signs in by password", reason=str(error))  # noqa: TRY400  # the reason names file and fix; a traceback adds nothing
            else:
                log.info("passwords read again", roles=", ".join(sorted(self._hashes)) or "none")
        return self._hashes

    def _look(self) -> tuple[int, ...] | None:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError as error:
            return None if isinstance(error, FileNotFoundError) else (error.errno or 0,)
        return (found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size, found.st_mode)
