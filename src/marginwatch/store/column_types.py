"""Types of columns that mean the same on SQLite and PostgreSQL."""

from sqlalchemy import BigInteger, Dialect, Integer, Text, TypeDecorator

RisingId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite hands out ids for a column of type INTEGER alone, which holds 64 bits there."""


def storable(text: str) -> str:
    """Return what is stored of a text: who looks up by a name what was stored under it asks with this."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


class StorableText(TypeDecorator[str]):
    """Text without NUL, which PostgreSQL refuses: a name or answer from outside that has one must not stop the writer."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text to store: NUL becomes the replacement character."""
        del dialect
        return storable(value) if value else value
