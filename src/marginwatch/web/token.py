"""The generated token of the API: made once, kept in a file that only its user may read."""

import os
import secrets
from pathlib import Path

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret

TOKEN_BYTES = 32


def ensure_token(path: Path) -> Secret:
    """Return the token kept in ``path``, made there first if there is none.

    Raises
    ------
    ConfigError
        If the file cannot be made or read, is empty, or may be read by others.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Exclusive, so that two services starting at once agree on one token.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        if path.exists():
            return read_token(path)
        raise ConfigError(
            f"{path}: cannot keep the token of the API: {error.strerror}; mend data_dir"
        ) from error
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(TOKEN_BYTES) + "\n")
    return read_token(path)


def read_token(path: Path) -> Secret:
    """Return the token in ``path``.

    Raises
    ------
    ConfigError
        As :func:`ensure_token`.
    """
    try:
        mode = path.stat().st_mode
        value = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot read the token of the API; start the service once, or name a token"
        ) from error
    if mode & 0o077:
        raise ConfigError(f"{path}: others may read this token; delete it and start the service again")
    if not value:
        raise ConfigError(f"{path}: holds no token; delete it and start the service again")
    return Secret(value)
