"""Sentences that the service writes in English (reasons, advice, assumptions), in another language.

Whoever makes them knows no language, and they are told by many: so they are known again by their words, as a catalog of
translations does. What is none of ours, an exchange's own message or somebody's name, stays as it is.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple, TypeAlias

from marginwatch.notify.messages.figures import Figures
from marginwatch.notify.messages.template import PLACEHOLDER, fill

TEXT_MAX = 2_000
"""Characters; what is longer is none of ours."""

DEPTH_MAX = 8
"""Sentences within sentences."""

OURS = "why_ours"
"""The placeholder of a sentence that has to be one of ours: else what stands there is part of a name."""

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


Known: TypeAlias = dict[tuple[str, int], str]
"""Text and how deep it may still be looked into → told."""


class Phrase(NamedTuple):
    """One sentence.

    Parameters
    ----------
    english : str
        With ``{placeholders}``: ``{n…}`` is a number, ``{why…}`` a sentence again (``{why_ours}`` one of these), any other
        stays as it is.
    literals, names : tuple of str
        What stands around the placeholders, one more than these, and their names.
    told : str
        The same in the language.
    """

    english: str
    literals: tuple[str, ...]
    names: tuple[str, ...]
    told: str

    def found_in(self, text: str) -> dict[str, str] | None:
        """Return what stands for each placeholder; None if the text is another.

        Each placeholder ends where what comes after it stands first: no way is tried twice, whatever the text.
        """
        first, last = self.literals[0], self.literals[-1]
        if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
            return None
        found: dict[str, str] = {}
        at, end = len(first), len(text) - len(last)
        for name, literal in zip(self.names[:-1], self.literals[1:-1], strict=True):
            until = text.find(literal, at, end)
            if until < 0:
                return None
            found[name], at = text[at:until], until + len(literal)
        found[self.names[-1]] = text[at:end]
        is_whole = all(found.values()) and all(
            _NUMBER.fullmatch(part) for name, part in found.items() if is_number(name)
        )
        return found if is_whole else None


class PhraseBook:
    """The sentences of one language.

    Parameters
    ----------
    language : str
        ``zh``, ``vi`` or ``th``; of any other every text stays as it is.
    """

    def __init__(self, language: str) -> None:
        phrases = [_phrase(row["en"], row[language]) for row in _rows() if language in row]
        self._whole = {one.english: one.told for one in phrases if not one.names}
        # The one that says most itself is the one that is meant.
        self._others = sorted(
            (one for one in phrases if one.names), key=lambda one: -len("".join(one.literals))
        )
        self._figures = Figures(language, "UTC")

    def told(self, text: str) -> str:
        """Return a text in this language; as it is where it is none of ours."""
        return text if len(text) > TEXT_MAX else self._told(text, DEPTH_MAX, {})

    def _told(self, text: str, depth: int, known: Known) -> str:
        if (whole := self._whole.get(text)) is not None:
            return whole
        # A text made for that can be taken apart in many ways, which have the same parts.
        if depth and (text, depth) not in known:
            known[text, depth] = text
            for phrase in self._others:
                found = phrase.found_in(text)
                if (
                    found is not None
                    and (values := self._values(phrase, found, depth - 1, known)) is not None
                ):
                    known[text, depth] = fill(phrase.told, values)
                    break
        return known.get((text, depth), text)

    def _values(
        self, phrase: Phrase, found: Mapping[str, str], depth: int, known: Known
    ) -> dict[str, str] | None:
        """Return what to fill in; None where what is to be ours is not, as in mere punctuation around others' words."""
        values = {name: self._part(name, text, depth, known) for name, text in found.items()}
        foreign = [name for name in found if is_sentence(name) and values[name] == found[name]]
        if OURS in foreign or (foreign and not phrase.literals[0] and is_all_foreign(found, foreign)):
            return None
        return values

    def _part(self, name: str, text: str, depth: int, known: Known) -> str:
        if is_sentence(name):
            return self._told(text, depth, known)
        return self._figures.text(text) if is_number(name) else text


def is_all_foreign(found: Mapping[str, str], foreign: Sequence[str]) -> bool:
    """Return whether no sentence within a text is one of ours."""
    return len(foreign) == sum(map(is_sentence, found))


def is_sentence(name: str) -> bool:
    """Return whether a placeholder stands for a sentence: ``{why}``, ``{why_…}``."""
    return name.partition("_")[0] == "why"


def is_number(name: str) -> bool:
    """Return whether a placeholder stands for a number: ``{n}``, ``{n_…}``."""
    return name.partition("_")[0] == "n"


def pairs(language: str) -> tuple[tuple[str, str], ...]:
    """Return each sentence in English and in a language; none for English."""
    return tuple((row["en"], row[language]) for row in _rows() if language != "en" and language in row)


@lru_cache(maxsize=4_096)
def told(language: str, text: str) -> str:
    """Return one of the service's sentences in a language, as it is where it is none of them."""
    return text if language == "en" else _book(language).told(text)


@lru_cache(maxsize=8)
def _book(language: str) -> PhraseBook:
    return PhraseBook(language)


@lru_cache(maxsize=1)
def _rows() -> tuple[dict[str, str], ...]:
    file = files("marginwatch.notify.messages").joinpath("words", "phrases.toml")
    return tuple(tomllib.loads(file.read_text(encoding="utf-8"))["phrase"])


def _phrase(english: str, other: str) -> Phrase:
    parts = PLACEHOLDER.split(english)
    return Phrase(english, tuple(parts[::2]), tuple(parts[1::2]), other)
