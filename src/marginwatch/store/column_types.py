"""Types of columns that mean the same on SQLite and PostgreSQL."""

from sqlalchemy import BigInteger, Dialect, Integer, Text, TypeDecorator

RisingId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite hands out ids for a column of type INTEGER alone, which holds 64 bits there."""


class StorableText(TypeDecorator[str]):
    """Text without NUL, which PostgreSQL refuses: a name or answer from outside that has one must not stop the writer."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text to store: NUL becomes the replacement character."""
        del dialect
        return value.replace("\x00", "\ufffd") if value and "\x00" in value else value
