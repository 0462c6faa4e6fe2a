"""Plain numbers as a source of columns."""

import numpy as np
import pytest
from tests.rules.desk import MEASURES, START_NS

from marginwatch.risk.answers import Answer
from marginwatch.rules.series import Doubtful, SeriesRows, SeriesSource, scope_of


def test_each_kind_of_value_is_the_answer_that_it_says() -> None:
    values = {"account.usage": {"a": 0.5, "b": None, "c": Answer.NOT_APPLICABLE, "d": Doubtful(0.2)}}
    source = SeriesSource(START_NS, values, rows=SeriesRows())
    column = source.column(MEASURES["account.usage"])
    assert column is not None
    assert column.answers.tolist() == [Answer.NUMBER, Answer.MISSING, Answer.NOT_APPLICABLE, Answer.NUMBER]
    assert np.array_equal(column.values, [0.5, np.nan, np.nan, 0.2], equal_nan=True)
    assert column.is_doubtful is not None
    assert column.is_doubtful.tolist() == [False, False, False, True]
    assert source.column(MEASURES["account.distance"]) is None
    assert source.rows("account") is None
    assert (source.at_ns, source.is_judged("account")) == (START_NS, None)


def test_a_name_keeps_its_row_and_who_is_not_named_is_not_there() -> None:
    rows = SeriesRows()
    first = SeriesSource(START_NS, {"account.usage": {"a": 0.5, "b": 0.1}}, rows=rows)
    second = SeriesSource(START_NS, {"account.usage": {"c": 0.5, "b": 0.1}}, rows=rows)
    before, after = first.subjects("account"), second.subjects("account")
    assert (before.identities != 0).tolist()[:2] == [True, True]
    assert (after.identities != 0).tolist() == [False, True, True]
    assert before.identities[1] == after.identities[1]
    assert [after.subject(row).name for row in (1, 2)] == ["b", "c"]


def test_who_one_measure_leaves_out_is_missing_in_it() -> None:
    values = {"account.usage": {"a": 0.5}, "account.distance": {"a": 0.1, "b": 0.2}}
    column = SeriesSource(START_NS, values, rows=SeriesRows()).column(MEASURES["account.usage"])
    assert column is not None
    assert column.answers.tolist() == [Answer.NUMBER, Answer.MISSING]
    assert column.reason(1) == "missing in the series"


def test_a_lane_speaks_of_its_accounts_alone() -> None:
    values = {"account.usage": {"a": 0.5, "b": 0.1, "c": 0.3}, "asset.net": {"BTC": 1.0}}
    source = SeriesSource(START_NS, values, lane=["c", "a"], rows=SeriesRows())
    column = source.column(MEASURES["account.usage"])
    assert column is not None
    rows = source.rows("account")
    assert rows is not None
    assert (rows.tolist(), column.values.tolist()) == ([2, 0], [0.3, 0.5])
    assert source.rows("asset") is not None
    assert len(source.rows("asset")) == 0  # type: ignore[arg-type]
    assert len(source.subjects("account").identities) == 3


def test_positions_belong_to_the_account_before_the_slash_and_have_its_label() -> None:
    values = {"position.loss": {"mm-1/BTCUSDT/net": 0.5}}
    subjects = SeriesSource(
        START_NS, values, {"mm-1/BTCUSDT/net": {"symbol": "BTCUSDT"}}, rows=SeriesRows()
    ).subjects("position")
    assert subjects.subject(0).account_id == "mm-1"
    assert subjects.labels(0) == {"account": "mm-1", "symbol": "BTCUSDT"}


def test_a_name_of_no_scope_is_refused() -> None:
    assert scope_of("desk.bias") == "desk"
    with pytest.raises(ValueError, match=r"'planet\.size' is no measure"):
        SeriesSource(START_NS, {"planet.size": {"a": 1.0}})
