"""Words and sentences of a language, read from ``words/``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

LANGUAGES = ("en", "zh", "vi", "th")


@dataclass(slots=True, frozen=True)
class Catalog:
    """The words of one language.

    Parameters
    ----------
    language : str
        Of the words.
    sections : mapping
        Section → key → words with ``{placeholders}``.
    rules : mapping
        Name of a built-in rule → its ``message`` and ``action``.
    """

    language: str
    sections: Mapping[str, Mapping[str, str]]
    rules: Mapping[str, Mapping[str, str]]

    def words(self, section: str, key: str) -> str:
        """Return the words of a key that every catalog has."""
        return self.sections[section][key]

    def name(self, section: str, key: str) -> str:
        """Return the words of a key, the key itself with blanks where nobody has named it."""
        return self.sections[section].get(key) or key.replace("_", " ")

    def rule_text(self, rule: str, field: str, english: str | None) -> str | None:
        """Return a rule's text in this language, ``english`` where it is not a built-in rule's own.

        Somebody who writes a text of their own for a built-in rule is told in those words, in every language.
        """
        if english is None or not self.is_built_in(rule, field, english):
            return english
        return self.rules.get(rule, {}).get(field, english)

    def is_built_in(self, rule: str, field: str, english: str | None) -> bool:
        """Return whether a rule's text is a built-in rule's own, not written by somebody for it."""
        return english is not None and catalog("en").rules.get(rule, {}).get(field) == english


@lru_cache(maxsize=len(LANGUAGES))
def catalog(language: str) -> Catalog:
    """Return the catalog of a language; English for one that there is none of."""
    known = language if language in LANGUAGES else "en"
    file = files("marginwatch.notify.messages").joinpath("words", f"{known}.toml")
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    rules = tables.pop("rules", {})
    return Catalog(known, tables, rules)
