"""How a moment goes to the process that reckons, and how results come back: columns as they lie in memory, nothing copied twice.

Both sides trust each other: one is the other's child, over a socket that nobody else has. What a result takes over from the
moment it is of, columns and names, comes back as a number: whoever asked has it already, and goes on using its own.
"""

import copyreg
import io
import pickle
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np

from marginwatch.engine.heavy_supervision import Attempt
from marginwatch.risk.heavy.inputs import HeavyInputs
from marginwatch.risk.margin.sheet import SheetCache

PROTOCOL = 5
COUNT = struct.Struct("!Q")


@dataclass(slots=True, frozen=True, eq=False)
class Request:
    """One measure is wanted.

    Parameters
    ----------
    name : str
        Which.
    inputs : HeavyInputs or None
        What it is reckoned from; None: the same as before.
    is_past_kept : bool
        The past prices of ``inputs`` are those of the inputs before, and are not sent again.
    """

    name: str
    inputs: HeavyInputs | None
    is_past_kept: bool = False


def _fresh_cache(of: SheetCache) -> tuple[Callable[[], SheetCache], tuple[()]]:
    """Return what stands for a cache: what models worked out of a sheet is worked out again where it is wanted."""
    del of
    return SheetCache, ()


_REDUCED = copyreg.dispatch_table | {SheetCache: _fresh_cache}


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, take: Callable[[pickle.PickleBuffer], object]) -> None:
        super().__init__(file, PROTOCOL, buffer_callback=take)
        self.dispatch_table = _REDUCED


class _ResultWriter(_Writer):
    def __init__(
        self, file: io.BytesIO, take: Callable[[pickle.PickleBuffer], object], places: dict[int, int]
    ) -> None:
        super().__init__(file, take)
        self._places = places

    def persistent_id(self, obj: object) -> int | None:
        return self._places.get(id(obj))


class _ResultReader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, buffers: Sequence[bytearray], known: Sequence[object]) -> None:
        super().__init__(file, buffers=buffers)
        self._known = known

    def persistent_load(self, pid: Any) -> object:
        # Called from C code: besides finding it, each call lets other threads have the interpreter.
        return self._known[pid]


def known_of(inputs: HeavyInputs) -> list[object]:
    """Return everything of a moment that results may take over: the same places on both sides, if each asks its own."""
    sheet = inputs.sheet
    return [
        *_columns(inputs),
        *(
            name
            for names in (sheet.account_ids, sheet.contract_names, sheet.coin_names)
            for name in names
            if name
        ),
    ]


def _columns(of: object) -> Iterator[object]:
    for field in fields(of):  # type: ignore[arg-type]  # only dataclasses come here
        value: object = getattr(of, field.name)
        if type(value) in (np.ndarray, tuple):
            yield value
        elif is_dataclass(value) and not isinstance(value, SheetCache):
            yield from _columns(value)


class Packed(NamedTuple):
    """One message: its text and the columns beside it."""

    parts: Sequence[memoryview]


def packed_request(request: Request) -> Packed:
    """Return one request to be sent; its columns go as they lie in memory."""
    return _packed(_Writer, request)


def packed_result(result: Attempt[object], known: Sequence[object]) -> Packed:
    """Return what came of a request about a moment whose columns and names ``known`` has, to be sent."""
    places = {id(one): place for place, one in enumerate(known)}
    return _packed(lambda file, take: _ResultWriter(file, take, places), result)


def _packed(writer: Callable[[io.BytesIO, Callable[[Any], object]], _Writer], what: object) -> Packed:
    text, columns = io.BytesIO(), list[pickle.PickleBuffer]()
    writer(text, columns.append).dump(what)
    return Packed([text.getbuffer(), *(one.raw() for one in columns)])


def send(to: socket.socket, message: Packed) -> None:
    """Send one message.

    Raises
    ------
    OSError
        If the other side is gone.
    """
    sizes = [len(message.parts), *(part.nbytes for part in message.parts)]
    to.sendall(b"".join(map(COUNT.pack, sizes)))
    for part in message.parts:
        to.sendall(part)


def receive_request(from_: socket.socket) -> Request:
    """Return the next request.

    Raises
    ------
    EOFError, OSError
        If the other side is gone.
    """
    text, columns = _receive(from_)
    return pickle.loads(text, buffers=columns)  # noqa: S301  # what our own parent sends


def receive_result(from_: socket.socket, known: Sequence[object]) -> Attempt[object]:
    """Return what came of the request sent last; ``known`` as of this side's own moment.

    Raises
    ------
    EOFError, OSError
        If the other side is gone.
    """
    text, columns = _receive(from_)
    return _ResultReader(io.BytesIO(text), columns, known).load()


def _receive(from_: socket.socket) -> tuple[bytearray, list[bytearray]]:
    [n_parts] = COUNT.unpack(_read(from_, COUNT.size))
    sizes = [size for (size,) in COUNT.iter_unpack(_read(from_, n_parts * COUNT.size))]
    text, *buffers = [_read(from_, size) for size in sizes]
    return text, buffers


def _read(from_: socket.socket, size: int) -> bytearray:
    found = bytearray(size)
    rest = memoryview(found)
    while rest.nbytes:
        if not (n := from_.recv_into(rest)):
            raise EOFError("the other side is gone")
        rest = rest[n:]
    return found
