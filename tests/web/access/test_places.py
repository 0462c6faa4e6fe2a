"""How many of something one visitor may have beside the others."""

from typing import Any

import pytest

from marginwatch.web.access.places import Places, Who, who_of
from marginwatch.web.access.visitor import Visitor

PLACES = Places(in_all=8, each_session=2, each_address=4, viewers=5)


def session(name: str, role: Any = "viewer") -> Who:
    return Who(f"session {name}", is_session=True, role=role)


PROGRAM = Who("token 10.0.0.1", is_session=False, role="operator")


@pytest.mark.parametrize(
    ("taken", "who", "refusal"),
    [
        ([], session("a"), None),
        ([session("a")], session("a"), None),
        ([session("a")] * 2, session("a"), "you have 2 already; close one"),
        ([session("a")] * 2, session("b"), None),
        ([PROGRAM] * 3, PROGRAM, None),
        ([PROGRAM] * 4, PROGRAM, "programs of this address have 4 already; close one"),
        ([PROGRAM] * 4, session("a"), None),
        ([session(name) for name in "abcde"], session("f"), "viewers have 5 already; close one"),
        ([session(name) for name in "abcde"], session("f", "operator"), None),
        ([session(name, "operator") for name in "abcdefgh"], PROGRAM, "there are 8 already; close one"),
        ([None] * 8, None, "there are 8 already; close one"),
        ([None] * 7, None, None),
    ],
)
def test_who_gets_a_place(taken: list[Who | None], who: Who | None, refusal: str | None) -> None:
    assert PLACES.refusal(taken, who) == refusal


def scope(visitor: Visitor, address: str) -> Any:
    return {"client": (address, 5), "state": {"visitor": visitor}}


def test_one_session_is_one_wherever_it_comes_from_and_programs_are_one_by_address() -> None:
    one = Visitor("viewer", "session", "c" * 64, lambda: True)
    assert who_of(scope(one, "10.0.0.1")) == who_of(scope(one, "10.0.0.2"))
    assert who_of(scope(one, "10.0.0.1")).is_session
    token = Visitor("operator", "token", "", lambda: True)
    assert who_of(scope(token, "2001:db8:1:2::1")) == who_of(scope(token, "2001:db8:1:2::9"))
    assert who_of(scope(token, "10.0.0.1")) != who_of(scope(token, "10.0.0.2"))
    here = Visitor("operator", "open", "x", lambda: True)
    assert who_of(scope(here, "10.0.0.1")) != who_of(scope(token, "10.0.0.1"))
