"""The words of a language for pages: the glossary that messages use, so that both say the same."""

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import QueryParameter

from marginwatch.notify.messages.catalog import catalog
from marginwatch.notify.messages.figures import Language
from marginwatch.notify.messages.phrases import pairs

InLanguage = Annotated[Language, QueryParameter(description="Of the words.")]


class PhraseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence of the service in English and in the language; see :mod:`marginwatch.notify.messages.phrases`."""

    english: str
    told: str


class WordsReply(msgspec.Struct, frozen=True, kw_only=True):
    """Words of one language.

    ``measures`` are by the name of a measure without its scope, ``context`` and ``values`` name further figures of
    alerts and what they may be instead of a number; ``phrases`` are empty for English.
    """

    language: Language
    measures: dict[str, str]
    context: dict[str, str]
    values: dict[str, str]
    phrases: tuple[PhraseRow, ...]


@get("/api/v1/words", sync_to_thread=False)
def words(language: InLanguage = "en") -> WordsReply:
    """Return the words of a language: names of measures and figures, and the service's sentences with their translations."""
    sections = catalog(language).sections
    return WordsReply(
        language=language,
        measures=dict(sections["measures"]),
        context=dict(sections["context"]),
        values=dict(sections["values"]),
        phrases=tuple(PhraseRow(english=english, told=told) for english, told in pairs(language)),
    )


WORDS_ROUTES = (words,)
