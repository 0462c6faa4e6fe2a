"""Appending messages to a local file."""

import asyncio
import fcntl
import os
from pathlib import Path

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.notify.channels.base import Outgoing, Receipt
from marginwatch.notify.channels.payload import document_bytes
from marginwatch.notify.channels.plain_text import message_text

RULE = "─" * 72


class InboxChannel:
    """One file. It is opened anew for each message, so that it may be moved away or rotated at any time.

    Parameters
    ----------
    name : str
        Of the channel.
    path : Path
        The file.
    is_json : bool
        One JSON object a line instead of readable blocks.
    timeout_s : float
        After this long, a disk that does not answer counts as a failed attempt.
    """

    can_edit = False

    def __init__(self, name: str, path: Path, *, is_json: bool, timeout_s: float) -> None:
        if path.is_dir():
            raise ConfigError(f"path: {path} is a folder; name a file, such as {path / 'inbox.txt'}")
        self._name = name
        self._path = path
        self._is_json = is_json
        self._timeout_s = timeout_s

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Append the message and wait until it is on the disk.

        Raises
        ------
        DeliveryError
            If the file cannot be written; always retryable, for disks are emptied and permissions mended.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.to_thread(append, self._path, self._block(outgoing))
        except TimeoutError:
            raise DeliveryError(
                f"{self._path} was not written within {self._timeout_s:g} s", reason="timeout", retryable=True
            ) from None
        except OSError as error:
            raise DeliveryError(
                f"cannot write {self._path}: {error.strerror}", reason="connection", retryable=True
            ) from error
        return Receipt(detail=str(self._path))

    async def close(self) -> None:
        """Do nothing: no file is held open."""

    def _block(self, outgoing: Outgoing) -> bytes:
        if self._is_json:
            return document_bytes(self._name, outgoing) + b"\n"
        text = message_text(outgoing.message)
        return f"{RULE}\n{text}{outgoing.message.message_id}\n".encode("utf-8", "replace")


def append(path: Path, block: bytes) -> None:
    """Append ``block`` as a whole and wait for the disk.

    What a full disk left of an earlier block is ended by a line break first, so that it spoils no other.

    Raises
    ------
    OSError
        If the file cannot be opened, locked or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            block = b"\n" + block
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
