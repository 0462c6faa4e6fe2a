"""The columns of a struct: what each holds, so that every form of a file can hold it properly."""

import types
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

Kind = Literal["text", "texts", "number", "count", "flag", "moment", "object"]
"""``moment`` is UTC nanoseconds, ``texts`` a list of them, ``object`` anything nested, which is written as JSON."""

LAST = "reasons"
"""Who opens a file looks for the name of a row first, and for why a cell is empty last."""


class Column(msgspec.Struct, frozen=True):
    """One field of the rows of a file."""

    name: str
    kind: Kind


def plain(value: object) -> str:
    """Return a text as it is written into a file."""
    return str(value.value) if isinstance(value, Enum) else str(value)


def columns_of(shape: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Return the columns of rows of a struct, in the order of its fields, the reasons last."""
    hints = get_type_hints(shape, include_extras=True)
    found = [
        Column(one.encode_name, kind_of(one.name, hints[one.name])) for one in msgspec.structs.fields(shape)
    ]
    return tuple(sorted(found, key=lambda one: one.name == LAST))


def kind_of(name: str, hint: Any) -> Kind:
    """Return what a field of this name and type holds."""
    for plain in _alternatives(hint):
        if get_origin(plain) is tuple:
            return "texts" if {*get_args(plain)} - {...} == {str} else "object"
        if get_origin(plain) is Literal:
            return "text"
        if not isinstance(plain, type):
            return "object"
        if issubclass(plain, bool):
            return "flag"
        if issubclass(plain, str) or issubclass(plain, Enum):
            return "text"
        if issubclass(plain, int):
            return "moment" if name.endswith("_ns") else "count"
        if issubclass(plain, float):
            return "number"
    return "object"


def _alternatives(hint: Any) -> list[Any]:
    """Return what a field may be beside None, wrappings taken off."""
    if hasattr(hint, "__supertype__"):
        return _alternatives(hint.__supertype__)
    if get_origin(hint) is Annotated:
        return _alternatives(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return [one for part in get_args(hint) if part is not types.NoneType for one in _alternatives(part)]
    return [hint]
