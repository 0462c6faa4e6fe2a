"""Who signed in and until when: random values in cookies, of which the service keeps hashes alone."""

import hashlib
import hmac
import secrets
import stat
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from marginwatch.clock import Clock
from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.web.access.passwords import Role, replace_privately

KEY_BYTES = 32
SESSIONS_MAX = 1_000
"""Of which the oldest ends when one more signs in."""
FILE_BYTES_MAX = 4 * 1024 * 1024
NS_PER_DAY = 86_400 * 10**9

Means = Literal["password", "token"]
"""What somebody signed in with."""

log = structlog.get_logger(__name__)


class Session(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One session as it is kept.

    Parameters
    ----------
    role, means : str
        What it may do, and what it was opened with.
    seal : str
        Keyed hash of role, means and credential under the value of the cookie: fits no other credential and no other
        role, and tells nothing about either to who reads the file.
    until_ns : int
        When it ends, UTC nanoseconds.
    """

    role: Role
    means: Means
    seal: str
    until_ns: int


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """The file."""

    key: str
    sessions: dict[str, Session]


class Sessions:
    """The sessions that hold.

    Parameters
    ----------
    path : Path or None
        Their file, read once and written at each change; None keeps them in memory alone.
    clock : Clock
        Of their end.
    days : float
        How long each holds.

    Raises
    ------
    ConfigError
        If the file cannot be read. One that holds something else is replaced, and everybody signs in again.
    """

    def __init__(self, path: Path | None, clock: Clock, days: float = 30.0) -> None:
        self._path = path
        self._clock = clock
        self.duration_ns = round(days * NS_PER_DAY)
        kept = _read(path) or _Kept(key=secrets.token_hex(KEY_BYTES), sessions={})
        self._key = bytes.fromhex(kept.key)
        self._sessions = kept.sessions
        self._drop_ended()
        # From the first moment, so that pages of before a restart go on after it.
        self.save()

    @property
    def cookie_name(self) -> str:
        """Name of the cookie: one for each data folder, for cookies do not tell ports of one host apart."""
        return f"marginwatch-{self.derived('cookie')[:8]}"

    def derived(self, purpose: str) -> str:
        """Return a value that follows from the key in the file and from what it is for, as 64 hexadecimal digits."""
        return hmac.new(self._key, purpose.encode(), hashlib.sha256).hexdigest()

    def open(self, role: Role, means: Means, credential: Secret) -> str:
        """Begin a session and return the value of its cookie, which is kept nowhere else."""
        value = secrets.token_urlsafe(KEY_BYTES)
        self._drop_ended()
        while len(self._sessions) >= SESSIONS_MAX:
            del self._sessions[min(self._sessions, key=lambda one: self._sessions[one].until_ns)]
        self._sessions[_hashed(value)] = Session(
            role=role,
            means=means,
            seal=_seal(value, role, means, credential),
            until_ns=self._clock.now_ns() + self.duration_ns,
        )
        return value

    def find(self, value: str) -> Session | None:
        """Return the session of a cookie's value if it has not ended; its credential is for :func:`is_sealed_with`."""
        found = self._sessions.get(_hashed(value))
        return found if found is not None and found.until_ns > self._clock.now_ns() else None

    def end(self, value: str) -> bool:
        """End the session of a cookie's value; return whether there was one."""
        return self._sessions.pop(_hashed(value), None) is not None

    def content(self) -> bytes:
        """Return what the file should hold now."""
        return msgspec.json.encode(_Kept(key=self._key.hex(), sessions=self._sessions))

    def save(self, content: bytes | None = None) -> None:
        """Write the file; where that fails, sessions hold until the service stops, which is logged."""
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_privately(self._path, self.content() if content is None else content)
        except OSError as error:
            log.warning(
                "sessions cannot be kept: a restart forgets who signed in or out",
                file=str(self._path),
                reason=error.strerror,
            )

    def _drop_ended(self) -> None:
        now_ns = self._clock.now_ns()
        self._sessions = {name: one for name, one in self._sessions.items() if one.until_ns > now_ns}


def is_sealed_with(session: Session, value: str, credential: Secret | None) -> bool:
    """Return whether a session was opened with this credential and for this role; False for none."""
    if credential is None:
        return False
    return hmac.compare_digest(session.seal, _seal(value, session.role, session.means, credential))


def _seal(value: str, role: Role, means: Means, credential: Secret) -> str:
    text = "\n".join((role, means, credential.reveal()))
    return hmac.new(value.encode(), text.encode(), hashlib.sha256).hexdigest()


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _read(path: Path | None) -> _Kept | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
            is_private = not stat.S_IMODE(path.stat().st_mode) & 0o077
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot read who is signed in: {error.strerror}; delete it, and everybody signs in again"
        ) from error
    try:
        kept = msgspec.json.decode(content, type=_Kept)
        if is_private and len(bytes.fromhex(kept.key)) == KEY_BYTES:
            return kept
    except ValueError:
        # Longer than what was read of it is no JSON either.
        pass
    log.warning("sessions forgotten, everybody signs in again: their file was changed", file=str(path))
    return None
