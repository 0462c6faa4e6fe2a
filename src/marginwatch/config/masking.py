"""A word of the file that may be a secret in the wrong place is shown by its beginning alone."""

import re

SHOWN = 4
"""Characters shown of what may be a secret: enough to find it in the file."""

MIXED_FROM = 12
"""Keys of exchanges have 18 and more characters of several kinds; words of people seldom have 12."""

LONG_FROM = 24
"""No name of ours has a word that long."""

KINDS = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))


def shown(name: str) -> str:
    """Return ``name`` in quotes, or its first characters and its length if it looks like a secret.

    A long run of letters and digits of several kinds is taken for one; words joined by ``_``, ``-``, ``.`` or blanks
    are judged one by one, unless the whole is as mixed and as long as a secret.
    """
    words = re.split(r"[_\-.\s]+", name)
    is_suspicious = any(_is_random(word) for word in words) or (len(name) >= LONG_FROM and _kinds(name) == 3)
    return f"{name[:SHOWN]!r}… ({len(name)} characters)" if is_suspicious else repr(name)


def _is_random(word: str) -> bool:
    return len(word) >= LONG_FROM or (len(word) >= MIXED_FROM and _kinds(word) >= 2)


def _kinds(text: str) -> int:
    return sum(kind.search(text) is not None for kind in KINDS)
