"""Typed reading of one TOML table against a struct; every complaint names file, line, key and remedy."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from marginwatch.config.lines import KeyPath, line_of
from marginwatch.config.masking import shown
from marginwatch.errors import ConfigError


class Complaints:
    """What is wrong with one file, gathered so that all of it is told at once.

    Parameters
    ----------
    path : Path
        The file, as the user named it.
    lines : mapping
        Line of each key, from :func:`marginwatch.config.lines.key_lines`.
    """

    def __init__(self, path: Path, lines: Mapping[KeyPath, int]) -> None:
        self.path = path
        self.lines = lines
        self._errors: list[tuple[int, str]] = []
        self._warnings: list[tuple[int, str]] = []

    def place(self, path: KeyPath) -> str:
        """Return ``file:line`` of a key."""
        return f"{self.path}:{line_of(self.lines, path)}"

    def refuse(self, path: KeyPath, message: str) -> None:
        """Note an error at a key."""
        self._errors.append((line_of(self.lines, path), f"{self.place(path)}: {message}"))

    def warn(self, path: KeyPath, message: str) -> None:
        """Note something that works but should be mended."""
        self._warnings.append((line_of(self.lines, path), f"{self.place(path)}: {message}"))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings in the order of the file."""
        return tuple(message for _, message in sorted(self._warnings))

    def raise_if_any(self) -> None:
        """Raise all errors as one, a line each in the order of the file.

        Raises
        ------
        ConfigError
            If anything was refused.
        """
        if self._errors:
            raise ConfigError("\n".join(message for _, message in sorted(self._errors)))


def nearest(word: str, known: list[str]) -> str:
    """Return the remedy for an unknown word: the most similar known one, or all of them."""
    similar = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f"did you mean {similar[0]!r}?" if similar else f"known are: {', '.join(sorted(known))}"


def label(path: KeyPath) -> str:
    """Return a table's name as written in the file: ``[collect]``, ``[[account]]``."""
    names = ".".join(str(part) for part in path if not isinstance(part, int))
    return f"[[{names}]]" if path and isinstance(path[-1], int) else f"[{names}]"


def read_table(
    complaints: Complaints, path: KeyPath, values: object, shape: type[msgspec.Struct]
) -> dict[str, Any]:
    """Return the keys of one table that are right, converted to the types of ``shape``.

    Unknown keys, wrong types, values out of bounds and missing required keys are noted in ``complaints``. Types are
    strict: ``"5"`` is not 5 and ``true`` is not 1.

    Parameters
    ----------
    complaints : Complaints
        Where to note what is wrong.
    path : tuple
        Where the table stands in the file.
    values : object
        The parsed table.
    shape : type
        A struct whose fields, with their ``msgspec.Meta``, are the keys of the table.
    """
    if not isinstance(values, dict):
        complaints.refuse(path, f"{label(path)} must be a table of keys and values")
        return {}
    given: dict[str, object] = {str(key): value for key, value in values.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # TOML keys are texts
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    good: dict[str, Any] = {}
    for key, value in given.items():
        if (field := fields.get(key)) is None:
            complaints.refuse(
                (*path, key), f"{label(path)} has no key {shown(key)}; {nearest(key, list(fields))}"
            )
            continue
        try:
            good[field.name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            problem = str(error).split(" - at ")[0]
            complaints.refuse((*path, key), f"{label(path)} {key}: {problem}{_remedy(key, field, value)}")
    for key, field in fields.items():
        if field.required and key not in given:
            complaints.refuse(path, f"{label(path)} lacks {key!r}{_remedy(key, field)}")
    return good


def _remedy(key: str, field: msgspec.structs.FieldInfo, value: object = None) -> str:
    if get_origin(field.type) is Literal:
        choices = [str(choice) for choice in get_args(field.type)]
        return f"; {nearest(str(value), choices)}"
    if described := [one.description for one in getattr(field.type, "__metadata__", ()) if one.description]:
        return f"; give it {described[0]}"
    if isinstance(field.default, str | int | float):
        return f"; the default is {key} = {msgspec.json.encode(field.default).decode()}"
    if isinstance(value, str) and _takes(1, field):
        return f"; write a number without quotes or signs, such as {key} = 0.5"
    if not isinstance(value, str) and _takes("text", field):
        return f'; write a text in quotes, such as {key} = "…"'
    return ""


def _takes(value: object, field: msgspec.structs.FieldInfo) -> bool:
    try:
        msgspec.convert(value, field.type)
    except msgspec.ValidationError:
        return False
    return True
