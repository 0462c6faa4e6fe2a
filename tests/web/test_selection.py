import msgspec
import pytest

from marginwatch.errors import ConfigError
from marginwatch.web.selection import ordered, select


class Sample(msgspec.Struct):
    name: str
    size: float | None = None
    tags: tuple[str, ...] = ()


ROWS = [Sample("B", 2.0, ("x",)), Sample("a", None, ("x", "Y")), Sample("c", -3.0)]


def test_any_wanted_value_must_match_without_regard_to_case() -> None:
    assert [row.name for row in select(ROWS, name="b")] == ["B"]
    assert [row.name for row in select(ROWS, tags="y")] == ["a"]
    assert [row.name for row in select(ROWS, tags="x", name="B")] == ["B"]
    assert select(ROWS, name=None) == ROWS
    assert select(ROWS, size="2.0") == []


def test_order_puts_missing_last_either_way() -> None:
    assert [row.name for row in ordered(ROWS, "size")] == ["c", "B", "a"]
    assert [row.name for row in ordered(ROWS, "-size")] == ["B", "c", "a"]
    assert ordered(ROWS, None) == ROWS
    assert [row.name for row in ordered(ROWS, "tags")] == ["c", "B", "a"]


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ConfigError, match="no 'nme'"):
        select(ROWS, nme="x")
    with pytest.raises(ConfigError, match="there are: name, size, tags"):
        ordered(ROWS, "sze")
    assert ordered([], "sze") == []
