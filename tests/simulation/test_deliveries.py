"""What the auditor takes for delivered: rows of every whole page, and the end of a list only at its last one."""

from decimal import Decimal

import msgspec
import pytest
from simulation.deliveries import POSITIONS, Deliveries, Told
from simulation.wire import Question

LINEAR = (POSITIONS, "linear", "USDT")


class Desk:
    """One account that is told pages of its positions, at whatever time a test sets."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._deliveries = Deliveries(lambda: self.now_s, lambda key: "1", lambda line: None)

    @property
    def told(self) -> Told:
        return self._deliveries.of["1"]

    def page(self, at_s: float, *symbols: str, cursor: str = "", following: str = "") -> None:
        self.now_s = at_s
        query = {"category": "linear", "settleCoin": "USDT", "cursor": cursor}
        rows = [
            {"symbol": symbol, "positionIdx": 0, "side": "Buy", "size": "2", "avgPrice": "10", "seq": 1}
            for symbol in symbols
        ]
        body = {"retCode": 0, "retMsg": [], "result": {"list": rows, "nextPageCursor": following}}
        self._deliveries.on_reply(Question(at_s, "key", POSITIONS, query), 200, msgspec.json.encode(body))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_row_is_gone_when_the_last_page_has_come_without_it(desk: Desk) -> None:
    desk.page(1.0, "A", "B")
    desk.page(2.0, "A", following="next")
    assert desk.told.rows["B", 0].values == [(2, 10)], "the list is not complete"
    desk.page(3.0, cursor="next")
    assert desk.told.rows["B", 0].values == [(2, 10), None]
    assert desk.told.answered_s[LINEAR] == 2.0


def test_a_last_page_asked_for_again_tells_its_rows_and_ends_no_list(desk: Desk) -> None:
    desk.page(1.0, "A", following="next")
    desk.page(1.1, cursor="next")
    desk.page(1.2, "B", cursor="next")
    assert desk.told.rows["B", 0].was_told((Decimal(2), Decimal(10)), 1.2)
    assert desk.told.rows["A", 0].values == [(2, 10)], "not told to be gone"
    assert desk.told.answered_s[LINEAR] == 1.0
