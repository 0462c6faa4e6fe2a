"""One figure of the overview: short on the screen, exact with its age and reason on the status line."""

from dataclasses import dataclass

from rich.text import Text


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure.

    Parameters
    ----------
    label : str
        What it is called on the screen.
    text : Text
        What is shown of it; ``—`` where it is missing.
    exact : str
        The same for the status line, in full.
    age_s : float or None
        Seconds since the moment that it is of, when it came; None where nobody knows.
    reason : str or None
        Why it is missing, or what it leaves out.
    """

    label: str
    text: Text
    exact: str
    age_s: float | None = None
    reason: str | None = None


def reason_words(reason: str | None) -> str | None:
    """Return a reason as a person reads it."""
    known = {
        "not_applicable": "does not apply here",
        "none_in_range": "none: no move within the range liquidates anything",
    }
    return None if reason is None else known.get(reason, reason)
