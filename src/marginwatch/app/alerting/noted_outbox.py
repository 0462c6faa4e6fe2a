"""The outbox, which says of which alerts the messages change."""

from collections.abc import Callable, Iterable, Sequence

from marginwatch.clock import Clock
from marginwatch.model.delivery import Delivery, OutboxRow, RowOutcome, Told
from marginwatch.store import Store
from marginwatch.store.outbox import StoredOutbox

CLAIMED_MAX = 50_000
"""Rows that were claimed and never finished, because somebody else did that, are forgotten at last."""


class NotedOutbox(StoredOutbox):
    """A stored outbox with listeners.

    Parameters
    ----------
    store : Store
        Where it is.
    clock : Clock
        For when rows were finished.
    on_rows : callable
        Hears of rows that were added.
    on_finished : callable
        Hears of which alerts messages went out, were put off or will never go out, by their ids.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        on_rows: Callable[[Sequence[OutboxRow]], None],
        on_finished: Callable[[Iterable[str]], None],
    ) -> None:
        super().__init__(store, clock)
        self._on_rows = on_rows
        self._on_finished = on_finished
        self._claimed: dict[int, str] = {}

    async def add(self, rows: Sequence[OutboxRow]) -> None:
        """Add rows that no transition caused."""
        await super().add(rows)
        self._on_rows(rows)

    async def claim(
        self, owner: str, channel: str, now_ns: int, lease_ns: int, limit: int
    ) -> tuple[OutboxRow, ...]:
        """Lease to ``owner`` the waiting rows of a channel that are due."""
        rows = await super().claim(owner, channel, now_ns, lease_ns, limit)
        self._claimed.update((row.row_id, row.alert.alert_id) for row in rows)
        while len(self._claimed) > CLAIMED_MAX:
            del self._claimed[next(iter(self._claimed))]
        return rows

    async def finish(
        self,
        owner: str,
        outcomes: Sequence[RowOutcome],
        *,
        deliveries: Sequence[Delivery] = (),
        told: Sequence[Told] = (),
        rows: Sequence[OutboxRow] = (),
    ) -> None:
        """Record what became of claimed rows, with the log, the memory and new rows at once."""
        await super().finish(owner, outcomes, deliveries=deliveries, told=told, rows=rows)
        found = (self._claimed.pop(one.row_id, None) for one in outcomes)
        self._on_rows(rows)
        self._on_finished([one for one in found if one is not None])
