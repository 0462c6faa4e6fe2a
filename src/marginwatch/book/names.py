"""Texts counted into codes, so that columns can be grouped by them."""

from typing import Generic, TypeVar

Name = TypeVar("Name", bound=str)


class Names(Generic[Name]):
    """Codes from 1 for texts in the order of their first use; 0 is *none*. Codes are never given back."""

    def __init__(self) -> None:
        self._codes: dict[Name, int] = {}
        self.texts: list[Name | None] = [None]

    def code(self, text: Name | None) -> int:
        """Return the code of a text, a new one if it is new; 0 for None."""
        if text is None:
            return 0
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = len(self.texts)
            self.texts.append(text)
        return code

    def find(self, text: Name) -> int:
        """Return the code of a text, 0 if it was never counted."""
        return self._codes.get(text, 0)

    def __len__(self) -> int:
        return len(self.texts)
