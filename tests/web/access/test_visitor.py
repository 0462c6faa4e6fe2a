from typing import Any, cast

import pytest
from litestar.exceptions import HTTPException

from marginwatch.web.access.visitor import Visitor, require_visitor, visitor_of


def test_a_route_learns_who_asks_from_the_gate_alone() -> None:
    somebody = Visitor("viewer", "session", "csrf-of-somebody", lambda: True)
    passed = cast("Any", {"state": {"visitor": somebody}})
    assert visitor_of(passed) is require_visitor(passed) is somebody
    for state in ({}, {"visitor": "operator"}, {"visitor": None}):
        scope = cast("Any", {"state": state})
        assert visitor_of(scope) is None
        with pytest.raises(HTTPException) as caught:
            require_visitor(scope)
        assert caught.value.status_code == 401


def test_what_is_shown_of_somebody_is_no_secret() -> None:
    assert repr(Visitor("operator", "open", "csrf-of-somebody", lambda: True)) == "Visitor(operator, open)"


def test_it_is_asked_each_time_whether_it_still_holds() -> None:
    answers = iter([True, False])
    somebody = Visitor("viewer", "session", "", lambda: next(answers))
    assert [somebody.is_valid(), somebody.is_valid()] == [True, False]
