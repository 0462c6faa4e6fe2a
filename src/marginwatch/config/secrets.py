"""References to secrets: ``env:NAME``, ``file:PATH`` or ``keyring:SERVICE/NAME``, never the secret itself."""

import importlib
import os
import re
import stat
from pathlib import Path
from typing import Any

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret

SECRET_BYTES_MAX = 64 * 1024
FORMS = '"env:NAME", "file:PATH" or "keyring:SERVICE/NAME"'
_LIKE_A_KEY = re.compile(r"(?=.*[0-9])(?=.*[A-Z])[A-Za-z0-9]{16,}|(?=.*[0-9])[a-z0-9]{16,}")
"""Keys of exchanges are long runs of letters and digits; names of variables and files have separators."""


class SecretReference(msgspec.Struct, frozen=True):
    """Where a secret is kept: ``source`` is ``env``, ``file`` or ``keyring``, ``name`` what it is called there."""

    source: str
    name: str

    def __str__(self) -> str:
        return f"{self.source}:{self.name}"


def parse_reference(text: str) -> SecretReference:
    """Return the reference that ``text`` is.

    Raises
    ------
    ConfigError
        If it is anything else; the message never repeats the text, which may be the secret itself.
    """
    source, colon, name = text.partition(":")
    name = name.strip()
    if not colon or source not in ("env", "file", "keyring"):
        raise ConfigError(
            f"holds a value, and a secret does not belong into this file; keep it elsewhere and write {FORMS}"
        )
    if not name or (source == "keyring" and not all(name.partition("/"))):
        raise ConfigError(f"the reference after {source!r} is incomplete; write {FORMS}")
    return SecretReference(source, name)


def resolve(reference: SecretReference, folder: Path) -> tuple[Secret, str | None]:
    """Return the secret and a warning about how it is kept, or None.

    Parameters
    ----------
    reference : SecretReference
        Where to look.
    folder : Path
        What a relative ``file:`` starts from: the folder of the configuration.

    Raises
    ------
    ConfigError
        If there is none, with the remedy.
    """
    if reference.source == "env":
        return _from_environment(reference), None
    if reference.source == "file":
        return _from_file(reference, folder)
    return _from_keyring(reference), None


def _shown(name: str) -> str:
    """Return a name, hidden where it looks like a key: ``env:`` in front of the secret itself is a common slip."""
    if _LIKE_A_KEY.fullmatch(name):
        return "*** (what stands there looks like the secret itself; write the name of where it is kept)"
    return name


def _from_environment(reference: SecretReference) -> Secret:
    value = os.environ.get(reference.name, "").strip()
    if not value:
        raise ConfigError(
            f"environment variable {_shown(reference.name)} is not set; export it before the start"
        )
    return Secret(value)


def _from_file(reference: SecretReference, folder: Path) -> tuple[Secret, str | None]:
    path = folder / Path(reference.name).expanduser()
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            content = file.read(SECRET_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError(
            f"cannot read the secret file {path.parent / _shown(path.name)}: {error.strerror}; create it with mode 600"
        ) from error
    try:
        value = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        # The cause is left out on purpose: it carries the bytes.
        raise ConfigError(f"the secret file {path} is not text; save it as UTF-8") from None
    if not value or len(content) > SECRET_BYTES_MAX:
        raise ConfigError(f"the secret file {path} is empty or longer than 64 KiB; it holds one secret")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Secret(value), f"others may read the secret file {path}; run chmod 600 on it"
    return Secret(value), None


def _from_keyring(reference: SecretReference) -> Secret:
    service, _, name = reference.name.partition("/")
    try:
        keyring: Any = importlib.import_module("keyring")
        errors: Any = importlib.import_module("keyring.errors")
    except ImportError as error:
        raise ConfigError(
            "the keyring package is not installed; install marginwatch[keyring], or use env: or file:"
        ) from error
    try:
        value: str | None = keyring.get_password(service, name)
    except errors.KeyringError as error:
        raise ConfigError(
            f"the keyring does not answer ({type(error).__name__}); unlock it, or use file:"
        ) from error
    if not value:
        raise ConfigError(
            f"the keyring has no {name!r} of {service!r}; store it with: keyring set {service} {name}"
        )
    return Secret(value.strip())
