"""Names of alerts and transitions: unique for ever, in the order in which they were given."""

import secrets


class Identifiers:
    """Gives names that sort by time: 16 hex digits of nanoseconds, 4 of a counter, 8 that tell processes apart.

    Parameters
    ----------
    suffix : str or None
        The last part; random by default, fixed for what must come out the same twice.
    """

    def __init__(self, suffix: str | None = None) -> None:
        self._suffix = suffix if suffix is not None else secrets.token_hex(4)
        self._last_ns = 0
        self._count = 0

    def __call__(self, now_ns: int) -> str:
        """Return the next name; never before an earlier one, even if the clock was set back."""
        if now_ns > self._last_ns:
            self._last_ns, self._count = now_ns, 0
        else:
            self._count += 1
            if self._count > 0xFFFF:
                self._last_ns, self._count = self._last_ns + 1, 0
        return f"{self._last_ns:016x}{self._count:04x}{self._suffix}"
