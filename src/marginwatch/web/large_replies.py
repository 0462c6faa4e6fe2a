"""Replies of thousands of rows: made and encoded in a thread, some rows at a time, so that the loop goes on."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import msgspec
from litestar import Response

from marginwatch.risk.frame import Frame
from marginwatch.risk.kept_frame import kept_frame
from marginwatch.web.replies import Reply

ROWS_AT_ONCE = 500
"""Encoding holds the interpreter; so many rows do for about a millisecond."""

R = TypeVar("R", bound=Reply)


async def large_reply(frame: Frame, make: Callable[[Frame], R]) -> Response[R]:
    """Return what ``make`` makes of a frame, encoded.

    Parameters
    ----------
    frame : Frame
        The latest; a copy of it is used, for the frame itself is soon overwritten.
    make : callable
        Frame → reply with ``rows``, in a thread.
    """
    kept = kept_frame(frame)
    body = await asyncio.to_thread(lambda: encoded(make(kept)))
    # It is encoded already; the type stands for the API's document.
    return cast("Response[R]", Response[bytes](body, media_type="application/json"))


def encoded(reply: Reply) -> bytes:
    """Return a reply with ``rows`` as JSON."""
    every: tuple[msgspec.Struct, ...] = getattr(reply, "rows", ())
    bare = msgspec.json.encode(msgspec.structs.replace(reply, rows=()))
    # Within a text the quotes would be escaped: this is the field itself.
    before, _, after = bare.partition(b'"rows":[]')
    return before + b'"rows":[' + b",".join(_pieces(every)) + b"]" + after


def _pieces(rows: Sequence[Any]) -> list[bytes]:
    return [
        msgspec.json.encode(rows[first : first + ROWS_AT_ONCE])[1:-1]
        for first in range(0, len(rows), ROWS_AT_ONCE)
    ]
