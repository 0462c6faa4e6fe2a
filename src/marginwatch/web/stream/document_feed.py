"""A document as its subscribers have it: made anew while somebody subscribes, sent when it says something else."""

import asyncio
import re
import time
from collections.abc import Hashable
from inspect import isawaitable
from typing import Any

import msgspec
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from marginwatch.errors import MarginwatchError
from marginwatch.risk.frame import Frame
from marginwatch.web.large_replies import EncodedResponse
from marginwatch.web.stream.documents import Document
from marginwatch.web.stream.own_time import OwnTime

SHARE_OF_TIME = 0.02
"""Of the time, at most so much is spent on making one document; one that takes long is made less often."""

TAKES_S = 0.005
"""What a document is thought to take that was never made."""

RENEW_EVERY_S = 5.0
"""A document that was made anew and says the same is sent again after so many seconds, for the sake of its ages."""

PROMPT_S = 0.1
"""What somebody waits for is made after so many seconds, however soon that is after the last time."""

MOMENTS = re.compile(
    rb'"(?:sequence|(?:taken_|value_|frame_)?at_ns|[a-z_]*age_s|wire_to_frame_ms|took_ms)":[^,}\]]*'
)
"""What is another in every document although it says the same."""

REFUSED_BELOW = 500

BYTES_MAX = 8 * 1024 * 1024
"""Larger ones are for the route: each subscriber would be sent all of it again and again."""

FEWER_ROWS = (1_000, 250, 50)
"""Of a larger one so many rows are sent, where its route can be asked for some of them and the client has not said how many."""

PIECE_BYTES = 32 * 1024
"""What is searched at once; searching holds the interpreter."""

_encoder = msgspec.json.Encoder()


class RefusedError(Exception):
    """The route refused: there is no such document, as its message says."""


class DocumentFeed:
    """One document with its sequence.

    Parameters
    ----------
    topic : str
        As it is subscribed to.
    document : Document
        Whose.
    arguments : dict
        What the route is called with.

    Attributes
    ----------
    sequence : int
        Of the last message; 0 before the first.
    is_busy : bool
        It is being made.
    made_at_s : float
        When it was made last, monotonic seconds.
    took_s : float
        What that took of the processor at most, seconds; before, what it may take.
    """

    def __init__(self, topic: str, document: Document, arguments: dict[str, Any]) -> None:
        self.topic = topic
        self.sequence = 0
        self.is_busy = False
        self._document = document
        self._arguments = arguments
        self._version: Hashable = None
        self._prompt: Hashable = None
        self._next_at_s = float("-inf")
        self.made_at_s = float("-inf")
        self.took_s = TAKES_S
        self._sent_at_s = float("-inf")
        self._said = b""
        self._message = ""
        self._trouble = ""
        self._is_cut = False

    def is_due(self, state: State, frame: Frame | None, now_s: float) -> bool:
        """Return whether it is to be made now."""
        if self.is_busy:
            return False
        pace = self._document.pace
        if now_s < self._next_at_s:
            return now_s - self.made_at_s >= PROMPT_S and pace.prompt(state) != self._prompt
        if pace.at_least_every_s is not None and now_s - self.made_at_s >= pace.at_least_every_s:
            return True
        return frame is not None and pace.version(frame, state) != self._version

    async def make(self, state: State, frame: Frame | None, now_s: float) -> bool:
        """Make the document; return whether there is a message to send.

        Raises
        ------
        RefusedError
            If the route refuses for good.
        """
        self.is_busy = True
        own_s = 0.0
        # Of before: what changes while the route waits for the store may be missing in its answer.
        version = None if frame is None else self._document.pace.version(frame, state)
        self._prompt = self._document.pace.prompt(state)
        making = OwnTime(self._made(state))
        try:
            body, own_s = await making
        except HTTPException as error:
            if error.status_code < REFUSED_BELOW:
                raise RefusedError(error.detail) from None
            # No picture yet, or none any more: the beat tells, and the document comes when there is one.
            return False
        finally:
            self.is_busy = False
            # Of the processor: a busy machine makes everything last longer, and documents are not to pay for that.
            self.took_s = making.took_s + own_s
            self.made_at_s = now_s
            self._next_at_s = now_s + max(self._document.pace.every_s, self.took_s / SHARE_OF_TIME)
        self._version = version
        self._trouble = ""
        return self._news(*body, now_s)

    async def _made(self, state: State) -> tuple[tuple[bytes, bytes], float]:
        """Return the document and what it says, and what they took beside the loop."""
        beside_s = 0.0
        while True:
            reply = self._document.reply(state, self._arguments)
            found = await reply if isawaitable(reply) else reply
            if not isinstance(found, EncodedResponse):
                body = _encoder.encode(found)
                return (body, said_in(body)), beside_s
            beside_s += found.took_s
            if len(found.body) <= BYTES_MAX:
                break
            self._ask_for_fewer(len(found.body))
        if len(found.body) <= PIECE_BYTES:
            return (found.body, said_in(found.body)), beside_s
        said, took_s = await asyncio.to_thread(_timed, found.body)
        return (found.body, said), beside_s + took_s

    def _ask_for_fewer(self, n_bytes: int) -> None:
        """From now on ask for some rows of a document that is too large; raise where that is impossible."""
        limit = self._arguments.get("limit")
        if self._document.takes("limit") and (limit is None or self._is_cut):
            fewer = next((one for one in FEWER_ROWS if limit is None or one < limit), None)
            if fewer is not None:
                self._is_cut = True
                self._arguments = self._arguments | {"limit": fewer}
                return
        size_mb = n_bytes / 1e6
        raise RefusedError(
            f"this document of {size_mb:.0f} MB is too large to be followed; ask for a part of it, or its route"
        )

    def _news(self, body: bytes, said: bytes, now_s: float) -> bool:
        if said == self._said and now_s - self._sent_at_s < RENEW_EVERY_S:
            return False
        self._said, self._sent_at_s = said, now_s
        self.sequence += 1
        topic = msgspec.json.encode(self.topic).decode()
        self._message = f'{{"topic":{topic},"sequence":{self.sequence},"document":{body.decode()}}}'
        return True

    def is_ready(self, has: int | None) -> bool:
        """Return True: what is sent was made before."""
        del has
        return True

    @property
    def told(self) -> int:
        """Sequence that whoever gets a message has then: the last one."""
        return self.sequence

    def message(self, has: int | None) -> str | None:
        """Return the document if a client that has sequence ``has`` lacks it."""
        return self._message if self.sequence and has != self.sequence else None

    def trouble(self, error: MarginwatchError) -> str | None:
        """Return what to tell of trouble that may pass; None if that has been told."""
        before, self._trouble = self._trouble, str(error)
        return None if before == self._trouble else self._trouble


def said_in(body: bytes) -> bytes:
    """Return a document without its moments, some of it at a time."""
    pieces: list[bytes] = []
    begin = 0
    while begin < len(body):
        end = begin + PIECE_BYTES
        if end < len(body):
            # No moment contains a brace: none is cut in two.
            end = brace if (brace := body.rfind(b"{", begin + 1, end)) > 0 else len(body)
        pieces.append(MOMENTS.sub(b"", body[begin:end]))
        begin = end
    return b"".join(pieces)


def _timed(body: bytes) -> tuple[bytes, float]:
    began_s = time.thread_time()
    return said_in(body), time.thread_time() - began_s
