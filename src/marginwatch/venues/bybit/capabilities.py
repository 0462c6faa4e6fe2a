"""Endpoints that a key may not use or a host does not have: learned, told once, and asked again when the key is judged."""

from collections.abc import Callable

from marginwatch.errors import AuthError, MarginwatchError, RejectedError
from marginwatch.model.ids import AccountId
from marginwatch.model.notice import Notice

NOT_FOUND = 404
"""The host lacks the endpoint, as demo and regional hosts do (documents: demo service); code 10017 says the same."""


class Capabilities:
    """What one caller has learned that it cannot ask.

    Parameters
    ----------
    account_id : AccountId or None
        Whose calls; None for public ones.
    on_notice : callable
        Told once of each endpoint that turned out to be closed.
    """

    def __init__(self, account_id: AccountId | None, on_notice: Callable[[Notice], None]) -> None:
        self._account_id = account_id
        self._on_notice = on_notice
        self._missing: dict[str, MarginwatchError] = {}
        self._told: set[str] = set()

    @property
    def missing(self) -> dict[str, str]:
        """A sentence for each call that is closed."""
        return {name: error.message for name, error in self._missing.items()}

    def check(self, name: str) -> None:
        """Raise the error remembered for a call, if any, so that the venue is not asked again."""
        error = self._missing.get(name)
        if error is not None:
            raise error.with_traceback(None)

    def learn(self, name: str, error: MarginwatchError) -> None:
        """Remember ``error`` if it means that this call, and it alone, is closed."""
        if not is_closed(error) or name in self._missing:
            return
        self._missing[name] = error
        if name in self._told:
            return
        self._told.add(name)
        text = f"{name} is closed to this account and is not asked until its key is judged again: {error.message}"
        self._on_notice(Notice("endpoint_closed", self._account_id, text))

    def reopen(self) -> None:
        """Let every call be asked again: rights are changed at the venue without a word to us, and venues err."""
        self._missing.clear()


def is_closed(error: MarginwatchError) -> bool:
    """Return whether an error closes one call for good while the others go on."""
    if isinstance(error, AuthError):
        return error.reason == "permission"
    return isinstance(error, RejectedError) and (error.code == NOT_FOUND or error.reason == "not_offered")
