"""What every channel was told, kept in memory beside the store for the stages of all channels."""

from marginwatch.model.delivery import Told
from marginwatch.notify.ports import Outbox


class Memory:
    """What each channel was last told about each alert; filled from the store once, kept up by the dispatcher."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], Told] = {}

    async def load(self, outbox: Outbox) -> None:
        """Read the memory of an earlier life.

        Raises
        ------
        ConnectivityError
            If the store cannot be read now.
        """
        self._told = {(one.channel, one.key): one for one in await outbox.told()}

    def of(self, channel: str, key: str) -> Told | None:
        """Return what a channel was last told about an alert, of whichever occurrence."""
        return self._told.get((channel, key))

    def keep(self, told: Told) -> None:
        """Remember what was told, once the store does."""
        self._told[told.channel, told.key] = told

    def forget(self, open_ids: frozenset[str], before_ns: int) -> None:
        """Forget what was told as over before a moment and is not open: another occurrence is news anyway."""
        gone = [
            at
            for at, one in self._told.items()
            if not one.is_firing and one.at_ns < before_ns and one.alert_id not in open_ids
        ]
        for at in gone:
            del self._told[at]
