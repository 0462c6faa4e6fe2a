"""Reasons that stay as they are while nothing changes: a text that counts seconds would be sent every second."""

import re

TOO_OLD = re.compile(r"last reckoned \d+ s ago, good for (\d+) s")


def lasting(reason: str | None) -> str | None:
    """Return a reason without the seconds that have passed; what was reckoned when is a column of its own."""
    return None if reason is None else TOO_OLD.sub(r"last reckoned more than \1 s ago", reason)
