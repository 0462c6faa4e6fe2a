"""Holds what a replica shows equal to the rows of the same frame, field by field."""

import json
import math
import re
from typing import Any

import msgspec

from marginwatch.risk.frame import Frame
from marginwatch.risk.tables import account_rows, position_rows

MOMENTS = {
    "data_at_s": "data_age_s",
    "margin_at_s": "margin_age_s",
    "model_error_at_s": "model_error_age_s",
    "liquidation_distance_at_s": "liquidation_distance_age_s",
}
"""Column → the field that is an age."""

PASSING = re.compile(r"last reckoned \d+ s ago, good for (\d+) s")


def kind_of(value: float) -> str | None:
    """Return which kind of answer a special value stands for; None for a number."""
    if math.isnan(value):
        return "missing"
    return None if math.isfinite(value) else "none_in_range" if value > 0 else "not_applicable"


def assert_alike(shown: dict[str, Any], row: msgspec.Struct, at_ns: int) -> None:
    """Raise if a row as shown differs anywhere from the row of the same frame."""
    expected = json.loads(msgspec.json.encode(row))
    reasons = expected.pop("reasons")
    told = shown.pop("reasons")
    for column, field in MOMENTS.items():
        if column in shown:
            shown[field] = shown.pop(column)
            if column in told:
                told[field] = told.pop(column)
            if math.isfinite(shown[field]):
                shown[field] = max(0.0, at_ns / 1e9 - shown[field])
    if "ts_venue_s" in shown:
        seconds = shown.pop("ts_venue_s")
        shown["ts_venue_ns"] = None if math.isnan(seconds) else round(seconds * 1e9)
    assert shown.keys() == expected.keys()
    for name, value in expected.items():
        here, where = shown[name], (expected["account_id"], name)
        if not isinstance(here, float):
            assert here == value, where
        elif value is not None:
            assert math.isclose(
                here, value, rel_tol=1e-12, abs_tol=2e-3 if name.endswith("_age_s") else 0.0
            ), where
        else:
            assert kind_of(here) == reasons.get(name, "missing").partition(":")[0], where
    missing = {name: reason for name, reason in reasons.items() if reason.startswith("missing")}
    lasting = {name: PASSING.sub(r"last reckoned more than \1 s ago", one) for name, one in missing.items()}
    assert told == lasting, expected["account_id"]


def assert_accounts(rows: dict[int, dict[str, Any]], frame: Frame) -> None:
    """Raise if the accounts shown are not those of the frame."""
    shown = {row["account_id"]: row for row in rows.values()}
    expected = {row.account_id: row for row in account_rows(frame)}
    assert shown.keys() == expected.keys()
    for name, row in expected.items():
        assert_alike(shown[name], row, frame.at_ns)


def assert_positions(rows: dict[int, dict[str, Any]], frame: Frame) -> None:
    """Raise if the positions shown are not those of the frame."""

    def key(row: dict[str, Any]) -> tuple[str, ...]:
        return (row["account_id"], row["instrument_id"], row["position_side"])

    shown = {key(row): row for row in rows.values()}
    expected = {key(msgspec.structs.asdict(row)): row for row in position_rows(frame)}
    assert len(shown) == len(rows)
    assert shown.keys() == expected.keys()
    for name, row in expected.items():
        assert_alike(shown[name], row, frame.at_ns)
