"""Replies of thousands of rows: made and encoded in a thread, some rows at a time, so that the loop goes on."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

import msgspec
from litestar import Response
from litestar.datastructures import State

from marginwatch.risk.frame import Frame
from marginwatch.web.kept_frames import latest_kept

ROWS_AT_ONCE = 500
"""Encoding holds the interpreter; so many rows do for about a millisecond."""

MEDIA_TYPE = "application/json"

R = TypeVar("R", bound=msgspec.Struct)


class EncodedResponse(Response[bytes]):
    """A reply that is encoded already.

    Parameters
    ----------
    body : bytes
        JSON.
    took_s : float, default=0
        What it took of the processor beside the loop, seconds.
    """

    def __init__(self, body: bytes, took_s: float = 0.0) -> None:
        super().__init__(body, media_type=MEDIA_TYPE)
        self.body = body
        self.took_s = took_s


async def large_reply(state: State, make: Callable[[Frame], R]) -> Response[R]:
    """Return what ``make`` makes of the latest frame, encoded.

    Parameters
    ----------
    state : State
        Of the application; a copy of its latest frame is used, one for all replies that are made of it.
    make : callable
        Frame → reply, in a thread.

    Raises
    ------
    HTTPException
        503 while there is no picture, or one that stands still.
    """
    kept = await latest_kept(state)
    return await made_beside(lambda: make(kept))


async def made_beside(make: Callable[[], R]) -> Response[R]:
    """Return what ``make`` makes in a thread, of what nobody changes meanwhile, encoded."""

    def work() -> EncodedResponse:
        began_s = time.thread_time()
        body = encoded(make())
        return EncodedResponse(body, time.thread_time() - began_s)

    # The type stands for the API's document.
    return cast("Response[R]", await asyncio.to_thread(work))


def small_reply(reply: R) -> Response[R]:
    """Return a reply of few rows, encoded here, for routes whose other answers are large."""
    return cast("Response[R]", EncodedResponse(msgspec.json.encode(reply)))


def encoded(reply: msgspec.Struct) -> bytes:
    """Return a reply as JSON: the same as in one go, but long lists in it some rows at a time."""
    return b"".join(_pieces(reply))


def _pieces(value: object) -> Iterator[bytes]:
    if isinstance(value, tuple | list):
        yield from _pieces_of_list(cast("Sequence[object]", value))
    elif isinstance(value, msgspec.Struct) and _is_plain(value):
        yield from _pieces_of_struct(value)
    else:
        yield msgspec.json.encode(value)


def _pieces_of_list(rows: Sequence[object]) -> Iterator[bytes]:
    yield b"["
    for first in range(0, len(rows), ROWS_AT_ONCE):
        if first:
            yield b","
        if len(rows) > ROWS_AT_ONCE or not any(map(_holds_lists, rows)):
            yield msgspec.json.encode(rows[first : first + ROWS_AT_ONCE])[1:-1]
            continue
        for place, one in enumerate(rows):
            if place:
                yield b","
            yield from _pieces(one)
    yield b"]"


def _pieces_of_struct(value: msgspec.Struct) -> Iterator[bytes]:
    names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
    for place, (name, field) in enumerate(names):
        yield (b"," if place else b"{") + msgspec.json.encode(name) + b":"
        yield from _pieces(getattr(value, field))
    yield b"}" if value.__struct_fields__ else b"{}"


def _is_plain(value: msgspec.Struct) -> bool:
    """Return whether a struct is encoded as all of its fields and nothing else."""
    config: Any = value.__struct_config__
    return not (config.array_like or config.omit_defaults) and config.tag is None


def _holds_lists(value: object) -> bool:
    """Return whether something may be long although it is one."""
    if not isinstance(value, msgspec.Struct):
        return isinstance(value, tuple | list)
    held = (getattr(value, field) for field in value.__struct_fields__)
    return any(
        isinstance(one, tuple | list) and len(cast("Sequence[object]", one)) > ROWS_AT_ONCE for one in held
    )
