"""Texts of others, made harmless for a terminal."""

from unicodedata import category


def printable(text: str) -> str:
    """Return ``text`` with control characters written out: names and messages of others never steer a terminal."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or category(sign) == "Zs" else ascii(sign)[1:-1] for sign in text
    )
