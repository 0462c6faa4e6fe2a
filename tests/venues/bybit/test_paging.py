import pytest

from marginwatch.errors import ProtocolError
from marginwatch.model.failure import Failure
from marginwatch.venues.bybit import paging
from marginwatch.venues.bybit.paging import Listing, collect_pages
from marginwatch.venues.bybit.parse.page import Page


async def listing(pages: dict[str | None, Page[int]], stamps: list[int] | None = None) -> Listing[int]:
    times = iter(stamps or range(1, 100))

    async def fetch(cursor: str | None) -> tuple[Page[int], int]:
        return pages[cursor], next(times)

    return await collect_pages(fetch, what="/v5/list")


async def test_pages_are_read_to_the_empty_cursor() -> None:
    found = await listing({None: Page((1, 2), (), "a"), "a": Page((3,), (), None)})
    assert (found.rows, found.n_pages, found.as_of_ns) == ((1, 2, 3), 2, 1)


async def test_an_empty_page_ends_it_though_it_has_a_cursor() -> None:
    found = await listing({None: Page((1,), (), "a"), "a": Page((), (), "b")})
    assert (found.rows, found.n_pages) == ((1,), 2)


async def test_a_page_of_unreadable_rows_is_not_an_empty_one() -> None:
    bad = Failure("protocol", "row 0", "no")
    found = await listing({None: Page((), (bad,), "a"), "a": Page((2,), (), None)})
    assert (found.rows, found.failures) == ((2,), (bad,))


async def test_a_cursor_that_comes_again_ends_it() -> None:
    found = await listing({None: Page((1,), (), "a"), "a": Page((2,), (), "a")})
    assert found.rows == (1, 2)


async def test_the_earliest_stamp_is_the_time_of_the_list() -> None:
    found = await listing({None: Page((1,), (), "a"), "a": Page((2,), (), None)}, [20, 10])
    assert found.as_of_ns == 10


async def test_cursors_without_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGES_MAX", 5)
    with pytest.raises(ProtocolError, match="more than 5 pages"):
        await listing({None if n == 0 else str(n): Page((n,), (), str(n + 1)) for n in range(10)})
