"""Texts from elsewhere, made fit for one line of a message; and texts cut where nothing is broken."""

import re
import unicodedata

# Marks that turn the direction of what follows (Unicode TR 9), that hide (soft hyphen, zero-width space, tags), or that are
# none. Joiners stay: some scripts need them.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_FIGURE = re.compile(r"(?:[+\-−]|US|\$|¤|US\$)*\d[\d.,:/E\xa0]*(?:\s?(?:%|×|US\$)|\s?[^\W\d_]{1,12})?")
"""A number with its sign, currency and unit, roughly: what must not be torn."""

ELLIPSIS = "…"


def visible(text: str) -> str:
    """Return ``text`` on one line, without control and invisible characters; half characters become U+FFFD.

    No-break spaces between digits and units are kept.
    """
    shown = _SURROGATES.sub("\ufffd", _INVISIBLE.sub("", text))
    return _BLANKS.sub(lambda found: "\xa0" if found.group() == "\xa0" else " ", shown).strip()


def one_line(text: str, most: int = 500) -> str:
    """Return what is visible of ``text`` on one line of at most ``most`` characters."""
    return cut(visible(text), most)


def cut(text: str, most: int) -> str:
    """Return ``text`` shortened to ``most`` characters with an ellipsis, never inside a figure or between a figure and its unit.

    A word is kept whole where one ends in the last third; scripts without blanks are cut between letters, a mark never
    from its letter.
    """
    if len(text) <= most:
        return text
    if most <= len(ELLIPSIS):
        return ELLIPSIS[:most]
    end = most - len(ELLIPSIS)
    blank = text.rfind(" ", 0, end + 1)
    if blank > most * 2 // 3:
        end = blank
    while end and (unicodedata.category(text[end]).startswith("M") or text[end] == "\u200d"):
        end -= 1
    for found in _FIGURE.finditer(text):
        if found.start() < end < found.end() or (found.end() == end and found.end() < len(text)):
            end = found.start()
            break
    return text[:end].rstrip(" ,;:–—(") + ELLIPSIS
