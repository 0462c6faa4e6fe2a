"""Further figures of an alert, which come as English texts with their units, as another language writes them."""

from marginwatch.notify.messages.catalog import Catalog
from marginwatch.notify.messages.clean import one_line
from marginwatch.notify.messages.figures import Figures
from marginwatch.notify.messages.phrases import told
from marginwatch.notify.messages.template import fill

TEXT_MAX = 600

_NOUNS = {"quantity": "contracts", "accounts": "accounts", "not_included": "accounts", "unheard": "accounts"}
"""Figures that are plain numbers → what they count."""


def context_text(name: str, text: str, words: Catalog, figures: Figures) -> str:
    """Return one figure with its unit; a text that is none of ours as it is, on one line.

    Parameters
    ----------
    name : str
        Of the figure: ``usage``, ``distance``, ….
    text : str
        As the subject told it: ``4.1 %``, ``1,234 USD``, ``1.2 ×``, a plain number, or words.
    words, figures : Catalog, Figures
        Of the language.
    """
    clean = one_line(text, TEXT_MAX)
    if retold := figures.retold(clean):
        return retold
    if known := words.sections["values"].get(clean.replace(" ", "_")):
        return known if "{" not in known else clean
    if name in _NOUNS:
        noun = _NOUNS[name]
        number = clean.removesuffix(f" {noun}")
        plain = figures.text(number)
        return fill(words.words("values", noun), {"n": plain}) if number[-1:].isdigit() else clean
    if name == "adl_rank":
        return fill(words.words("sentences", "rank"), {"n": figures.text(clean)})
    return told(words.language, clean) if " " in clean else figures.text(clean)
