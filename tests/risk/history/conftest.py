"""Recorded closes of six coins."""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from marginwatch.risk.history.closes import DAY_S, CloseSeries, close_table
from marginwatch.risk.history.returns import log_returns

DATA = Path(__file__).parents[1] / "var" / "data" / "daily_close.csv"


@pytest.fixture(scope="session")
def recorded_series():
    with DATA.open() as file:
        rows = list(csv.DictReader(file))
    ends = [
        int(dt.datetime.fromisoformat(row["date"]).replace(tzinfo=dt.UTC).timestamp()) + DAY_S for row in rows
    ]
    names = [name for name in rows[0] if name != "date"]
    return [
        CloseSeries(
            name,
            np.array([end for end, row in zip(ends, rows, strict=True) if row[name]], np.int64),
            np.array([float(row[name]) for row in rows if row[name]]),
        )
        for name in names
    ]


@pytest.fixture(scope="session")
def recorded_returns(recorded_series):
    return log_returns(close_table(recorded_series, DAY_S))
