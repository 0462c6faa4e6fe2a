"""The shape of a message: its fields, their types, what is blank; and how two differ."""

import json
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parent / "payloads"

BY_NAME = frozenset({"permissions", "cumFeeDetail", "availableWithdrawalMap"})
"""Objects whose keys are names of coins and abilities, not fields."""


def recorded(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def differences(theirs: Any, ours: Any, place: str = "") -> set[str]:
    """Return each key of theirs that ours lacks, has with another type or has blank where theirs is not, or not.

    Lists are judged by their first rows.
    """
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return {f"{place} type"}
        return {
            problem
            for name, value in theirs.items()
            for problem in (
                differences(value, ours[name], f".{name}") if name in ours else {f".{name} missing"}
            )
        }
    found = set() if type(theirs) is type(ours) else {f"{place} type"}
    if isinstance(theirs, list) and isinstance(ours, list):
        if theirs and ours:
            return differences(theirs[0], ours[0], place)
        return found if bool(theirs) == bool(ours) else {f"{place} empty"}
    return found | ({f"{place} blank"} if (theirs == "") != (ours == "") else set())


def places(message: Any, place: str = "") -> frozenset[str]:
    """Return where a message has fields: names joined by points, lists left out."""
    if isinstance(message, list):
        return frozenset().union(*(places(one, place) for one in message)) if message else frozenset()
    if not isinstance(message, dict):
        return frozenset()
    found: set[str] = set()
    for name, value in message.items():
        found.add(f"{place}{name}")
        if name not in BY_NAME:
            found |= places(value, f"{place}{name}.")
    return frozenset(found)
