"""What somebody hears who has pressed a button in a chat."""

from marginwatch.notify.messages.catalog import catalog
from marginwatch.notify.messages.clean import one_line
from marginwatch.notify.messages.figures import Figures
from marginwatch.notify.messages.template import fill

AUTHOR_MAX = 80


def acknowledged_answer(language: str, author: str, for_s: float) -> str:
    """Return that an alert is acknowledged: by whom, for how many seconds, and what is told all the same."""
    values = {"author": one_line(author, AUTHOR_MAX), "duration": Figures(language, "UTC").duration(for_s)}
    return fill(catalog(language).words("answers", "acknowledged"), values)


def over_answer(language: str) -> str:
    """Return that there is nothing left to acknowledge."""
    return catalog(language).words("answers", "over")
