"""One Argon2 verification at a time, in a thread of its own: each takes a tenth of a second and tens of megabytes."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from argon2.exceptions import InvalidHashError, VerificationError

from marginwatch.model.secret import Secret
from marginwatch.web.access.passwords import HASHER, normalized

NOBODYS = "$argon2id$v=19$m=32768,t=3,p=1$FM7JHGOmwLBU1oFCzCOioA$2gdGXF3SK4t2XWmUeXOUT+5UgSIw0G/hc63MFJpLxQg"
"""Stands in where a role has no password, so that an answer takes as long: the hash of random bytes that nobody kept."""


class Verifier:
    """Compares what was typed with hashes.

    Parameters
    ----------
    nobodys : str
        Hash that is compared with where there is none.
    """

    def __init__(self, nobodys: str = NOBODYS) -> None:
        self._nobodys = nobodys
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="password")

    async def matches(self, typed: Secret, hashes: Sequence[Secret | None]) -> tuple[bool, ...]:
        """Return for each hash whether it is that of what was typed; all are compared, whichever matches."""
        work = partial(_compare, normalized(typed.reveal()), [self._text(one) for one in hashes])
        found = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        return tuple(is_same and one is not None for is_same, one in zip(found, hashes, strict=True))

    async def beside(self, work: Callable[[bytes], None], content: bytes) -> None:
        """Do what writes a file in the same thread, one after the other in the order asked for."""
        await asyncio.get_running_loop().run_in_executor(self._thread, work, content)

    def _text(self, hashed: Secret | None) -> str:
        return self._nobodys if hashed is None else hashed.reveal()


def _compare(typed: str, hashes: Sequence[str]) -> list[bool]:
    return [_is_same(one, typed) for one in hashes]


def _is_same(hashed: str, typed: str) -> bool:
    try:
        return HASHER.verify(hashed, typed)
    except (VerificationError, InvalidHashError):
        return False
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can hold and no password does.
        return False
