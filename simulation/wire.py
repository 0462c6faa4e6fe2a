"""What went over each connection, read from the bytes that were written to it: calls with their replies, and messages."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from simulation.virtual_time import Line

END = b"\r\n\r\n"
SWITCHING = 101
TEXT = 1


@dataclass(frozen=True, slots=True)
class Question:
    """One call as it was sent: when, with which key, and for what."""

    asked_s: float
    key: str
    path: str
    query: dict[str, str]


class Listener(Protocol):
    """Hears what arrived whole."""

    def on_reply(self, question: Question, status: int, body: bytes) -> None:
        """Take a reply that was written to its last byte."""
        ...

    def on_message(self, line: Line, payload: bytes) -> None:
        """Take a message of a socket, by the exchange's end of it."""
        ...

    def on_alive(self, line: Line) -> None:
        """Learn that a whole frame of any kind was written to a socket."""
        ...


@dataclass(slots=True)
class _Talk:
    """One connection: what is not complete yet, and the calls that wait for their replies."""

    asked: bytearray = field(default_factory=bytearray)
    told: bytearray = field(default_factory=bytearray)
    waiting: list[Question] = field(default_factory=list)
    is_socket: bool = False


class Wire:
    """Reads all connections of a loop; give :meth:`hear` to it as its tap.

    Parameters
    ----------
    listener : Listener
        Hears of whole replies and messages.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._talks: dict[int, _Talk] = defaultdict(_Talk)

    def hear(self, line: Line, data: bytes) -> None:
        """Take bytes that one end wrote."""
        talk = self._talks[line.number]
        if not line.is_server:
            talk.asked += data
            self._read_questions(line, talk)
            return
        talk.told += data
        while self._read_frame(line, talk) if talk.is_socket else self._read_reply(talk):
            pass

    def _read_questions(self, line: Line, talk: _Talk) -> None:
        while (end := talk.asked.find(END)) >= 0:
            first, *rest = bytes(talk.asked[:end]).decode("latin-1").split("\r\n")
            del talk.asked[: end + len(END)]
            headers = _headers(rest)
            url = urlsplit(first.split(" ")[1])
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            key = headers.get("x-bapi-api-key", "")
            talk.waiting.append(Question(line.now_s, key, url.path, query))

    def _read_reply(self, talk: _Talk) -> bool:
        end = talk.told.find(END)
        if end < 0:
            return False
        first, *rest = bytes(talk.told[:end]).decode("latin-1").split("\r\n")
        status, length = int(first.split(" ")[1]), int(_headers(rest).get("content-length", "0"))
        start = end + len(END)
        if len(talk.told) < start + length:
            return False
        body = bytes(talk.told[start : start + length])
        del talk.told[: start + length]
        if status == SWITCHING:
            talk.is_socket = True
        elif talk.waiting:
            self._listener.on_reply(talk.waiting.pop(0), status, body)
        return True

    def _read_frame(self, line: Line, talk: _Talk) -> bool:
        """Read one unmasked frame (RFC 6455, section 5.2)."""
        told = talk.told
        if len(told) < 2:
            return False
        length, start = told[1] & 127, 2
        if length > 125:
            start = 4 if length == 126 else 10
            if len(told) < start:
                return False
            length = int.from_bytes(told[2:start], "big")
        if len(told) < start + length:
            return False
        opcode, payload = told[0] & 15, bytes(told[start : start + length])
        del told[: start + length]
        self._listener.on_alive(line)
        if opcode == TEXT:
            self._listener.on_message(line, payload)
        return True


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
