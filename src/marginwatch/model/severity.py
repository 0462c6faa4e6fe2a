"""How urgent an alert is."""

from enum import IntEnum


class Severity(IntEnum):
    """Rises with urgency; a rule names it by its lower-case word.

    ``INFO`` is worth knowing, ``WARNING`` wants a look today, ``HIGH`` wants one now, ``CRITICAL`` wakes somebody.
    """

    INFO = 10
    WARNING = 20
    HIGH = 30
    CRITICAL = 40

    @property
    def word(self) -> str:
        """The word of configuration, API and labels."""
        return self.name.lower()

    @classmethod
    def of_word(cls, word: str) -> "Severity":
        """Return the severity of a word.

        Raises
        ------
        ValueError
            If there is none of that word.
        """
        for one in cls:
            if one.word == word:
                return one
        raise ValueError(f"severity must be one of {', '.join(one.word for one in cls)}, got {word!r}")
