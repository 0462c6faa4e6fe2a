import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CHECKLIST = tomllib.loads((ROOT / "src/marginwatch/venues/bybit/checklist.toml").read_text())

REQUIRED = {
    "read_only_key_verified",
    "reconnect_and_resync",
    "sequence_gap",
    "clock_skew",
    "rate_limit",
    "hedge_mode",
    "cross_and_isolated_margin",
    "inverse_contracts",
    "dust",
    "delisting",
    "redaction",
}


def test_nothing_is_left_out() -> None:
    assert set(CHECKLIST) == REQUIRED


@pytest.mark.parametrize("item", sorted(REQUIRED))
def test_each_item_says_where_it_stands(item) -> None:
    entry = CHECKLIST[item]
    if entry["state"] == "done":
        assert entry["tests"]
        for named in entry["tests"]:
            path, _, test = named.partition("::")
            assert f"def {test}(" in (ROOT / path).read_text() if test else (ROOT / path).exists(), named
    elif entry["state"] == "exempt":
        assert entry["reason"]
    else:
        assert (entry["state"], bool(entry["note"])) == ("todo", True)
