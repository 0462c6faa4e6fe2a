import msgspec
import pytest
from tests.risk.conftest import random_world

from marginwatch.errors import ConfigError
from marginwatch.risk.tables import position_rows
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


def test_rows_alike_in_what_they_are_sorted_by_keep_their_places_whatever_the_market_does() -> None:
    world = random_world(2, 25)
    now, later = (position_rows(world.frame()) for _ in range(2))
    later.sort(key=lambda row: row.mark_price or 0.0)
    assert [row.instrument_id for row in now] != [row.instrument_id for row in later]
    for by in ("account_id", "-account_id", "desk", "settle_asset", "-is_included"):
        one, other = ordered(now, by), ordered(later, by)
        assert one == other
    assert [row.account_id for row in ordered(now, "-account_id")] == sorted(
        (row.account_id for row in now), reverse=True
    )
