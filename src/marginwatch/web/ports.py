"""What the routes are given to read from; the service fits its engine and its store to these."""

from collections.abc import Sequence
from typing import Protocol

from marginwatch.bookfile.writing import Gathered
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.snapshots import Break
from marginwatch.risk.frame import Frame


class ReadModel(Protocol):
    """The live picture."""

    def latest_frame(self) -> Frame | None:
        """Return the latest full frame; None before the first."""
        ...

    def is_alive(self) -> bool:
        """Return whether frames still come; false makes ``/healthz`` answer 503."""
        ...

    def gather_book(self) -> Gathered:
        """Return references to all that the book holds now."""
        ...


class BreakRecord(Protocol):
    """A stored break."""

    @property
    def id(self) -> int:
        """Rises with every row."""
        ...

    @property
    def value(self) -> Break:
        """What was stored."""
        ...


class NoticeRecord(Protocol):
    """A stored notice."""

    @property
    def id(self) -> int:
        """Rises with every row."""
        ...

    @property
    def value(self) -> Notice:
        """What was stored."""
        ...

    @property
    def at_ns(self) -> int:
        """When it was given, UTC nanoseconds."""
        ...


class PayloadRecord(Protocol):
    """A stored payload that did not decode."""

    @property
    def id(self) -> int:
        """Rises with every row."""
        ...

    @property
    def value(self) -> Quarantined:
        """What was stored."""
        ...


class History(Protocol):
    """What was stored, newest first; ``store.Store`` is one."""

    async def breaks(
        self, *, account_id: str | None = None, before_id: int | None = None, limit: int = 100
    ) -> Sequence[BreakRecord]:
        """Return breaks."""
        ...

    async def quarantined(
        self, *, account_id: str | None = None, before_id: int | None = None, limit: int = 100
    ) -> Sequence[PayloadRecord]:
        """Return payloads that did not decode."""
        ...

    async def notices(
        self, *, account_id: str | None = None, before_id: int | None = None, limit: int = 100
    ) -> Sequence[NoticeRecord]:
        """Return notices."""
        ...
