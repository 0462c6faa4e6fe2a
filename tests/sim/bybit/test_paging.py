from urllib.parse import unquote

import pytest

from marginwatch.sim.bybit.envelope import RefusalError
from marginwatch.sim.bybit.paging import page, read_limit


def test_pages_join_to_the_whole_list() -> None:
    rows = list(range(7))
    seen: list[int] = []
    cursors: list[str] = [""]
    while len(cursors) == 1 or cursors[-1]:
        chosen, following = page(rows, unquote(cursors[-1]), 3, str)
        seen += chosen
        cursors.append(following)
    assert seen == rows
    assert cursors == ["", "2%2C3", "5%2C6", ""]


def test_some_lists_hand_out_a_cursor_with_the_last_page() -> None:
    chosen, cursor = page([1, 2], "", 5, str, cursor_on_last=True)
    assert (list(chosen), cursor) == ([1, 2], "2%2C2")
    assert page([1, 2], "2,2", 5, str, cursor_on_last=True) == ([], "")


def test_a_cursor_encoded_twice_is_refused() -> None:
    with pytest.raises(RefusalError, match="cursor"):
        page([1, 2, 3], "1%2C1", 1, str)


@pytest.mark.parametrize("text", ["0", "-1", "many"])
def test_limits_are_cut_to_the_largest_and_must_be_numbers(text: str) -> None:
    assert read_limit("", default=20, largest=200) == 20
    assert read_limit("999", default=20, largest=200) == 200
    with pytest.raises(RefusalError, match="limit"):
        read_limit(text, default=20, largest=200)
