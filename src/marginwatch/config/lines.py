"""The line of each key in a TOML text, which the standard parser does not tell."""

import re
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""``("account", 1, "desk")``: key ``desk`` of the second ``[[account]]``."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_KEY = re.compile(r"""[ \t]*(?:([A-Za-z0-9_-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*""")
_VALUE_PART = re.compile(
    r'"""(?:[^\\]|\\.)*?"""+'
    r"|'''.*?'''+"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'|#[^\n]*|[\[{\]}\n]|[^\"'#\[\]{}\n]+|.",
    re.DOTALL,
)


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """Return the line, counted from 1, at which each table and key of a valid TOML text stands.

    Keys inside inline tables and elements of arrays are not listed; :func:`line_of` gives the line of what holds
    them. Text that is not TOML gives the lines up to the fault.
    """
    return _Scanner(text).scan()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line of ``path``, or of the nearest table or key around it; 1 for the file itself."""
    for length in range(len(path), 0, -1):
        if (line := lines.get(path[:length])) is not None:
            return line
    return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._table: KeyPath = ()
        self._lines: dict[KeyPath, int] = {}
        self._array_lengths: dict[KeyPath, int] = {}
        self._counted_to = 0
        self._line_there = 1

    def scan(self) -> Mapping[KeyPath, int]:
        while self._skip_blank() < len(self._text):
            start = self._at
            if self._text.startswith("[", start):
                self._header()
            else:
                self._assignment()
            if self._at == start:
                break
        return self._lines

    def _line(self) -> int:
        """Return the line of the current place; counted on from the last one, so the whole stays linear."""
        self._line_there += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._line_there

    def _skip_blank(self) -> int:
        if found := _BLANK.match(self._text, self._at):
            self._at = found.end()
        return self._at

    def _dotted_key(self) -> list[str]:
        keys: list[str] = []
        while found := _KEY.match(self._text, self._at):
            bare, basic, literal = found.groups()
            keys.append(next(part for part in (bare, basic, literal, "") if part is not None))
            self._at = found.end()
            if not self._text.startswith(".", self._at):
                break
            self._at += 1
        return keys

    def _header(self) -> None:
        line = self._line()
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        keys = self._dotted_key()
        self._at = self._end_of_line()
        path = self._resolve(keys)
        if is_array:
            index = self._array_lengths.get(path, 0)
            self._array_lengths[path] = index + 1
            self._lines.setdefault(path, line)
            path = (*path, index)
        self._lines.setdefault(path, line)
        self._table = path

    def _resolve(self, keys: list[str]) -> KeyPath:
        """Return the path of a header; inside an array of tables it means the last element."""
        path: KeyPath = ()
        for key in keys:
            if path in self._array_lengths:
                path = (*path, self._array_lengths[path] - 1)
            path = (*path, key)
        return path

    def _assignment(self) -> None:
        line = self._line()
        keys = self._dotted_key()
        if not keys or not self._text.startswith("=", self._at):
            return
        for length in range(1, len(keys) + 1):
            self._lines.setdefault((*self._table, *keys[:length]), line)
        self._at += 1
        self._skip_value()

    def _skip_value(self) -> None:
        depth = 0
        for part in _VALUE_PART.finditer(self._text, self._at):
            piece = part.group()
            depth += (piece in "[{") - (piece in "]}")
            self._at = part.end()
            if piece == "\n" and depth <= 0:
                return

    def _end_of_line(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end
