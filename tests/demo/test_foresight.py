from types import SimpleNamespace

import numpy as np
from tests.conftest import contract

from marginwatch.demo.foresight import Foresight
from marginwatch.model.activity import Fill
from marginwatch.model.events import FillsUpdate
from marginwatch.risk.heavy.parts import Heavy, Part

S = 1_000_000_000


def frame(at_s, *shocks):
    figures = SimpleNamespace(
        common=SimpleNamespace(shock=np.array(shocks)),
        distances=SimpleNamespace(sheet=SimpleNamespace(account_ids=("a", "b"))),
    )
    part = Part(at_ns=at_s * S, value=figures, reason=None)
    return SimpleNamespace(at_ns=at_s * S, heavy=Heavy(distance=part))


def liquidation(account_id, at_s):
    fill = Fill(
        fill_id="1",
        instrument=contract("BTCUSDT"),
        side="sell",
        quantity="1",
        price="1",
        fee=None,
        kind="liquidation",
    )
    return FillsUpdate(account_id, (fill,), at_s * S, at_s * S)


def test_each_threshold_is_dated_by_the_first_frame_below_it():
    watch = Foresight()
    for at_s, a, b in ((1, -0.3, np.nan), (2, -0.19, 0.5), (3, -0.25, 0.5), (4, -0.07, 0.5), (5, -0.04, 0.5)):
        watch.look(frame(at_s, a, b))
    watch.hear(liquidation("a", 9))
    watch.hear(liquidation("a", 11))
    watch.hear(liquidation("b", 10))
    lines = watch.lines()
    assert lines[0].endswith("distance first below 20%: 7.0 s before, 10%: 5.0 s before, 5%: 4.0 s before")
    assert lines[1].startswith("b liquidated at 00:00:10; ")
    assert lines[1].endswith("20%: not before, 10%: not before, 5%: not before")


def test_a_distance_that_only_came_afterwards_is_not_before():
    watch = Foresight()
    watch.hear(liquidation("a", 3))
    watch.look(frame(4, -0.01, 0.5))
    assert "20%: not before" in watch.lines()[0]


def test_without_distances_nothing_is_dated():
    watch = Foresight()
    watch.look(SimpleNamespace(at_ns=S, heavy=Heavy()))
    assert watch.lines() == []
    assert watch.first_below == {}
