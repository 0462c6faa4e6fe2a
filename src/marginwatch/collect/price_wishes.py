"""Which contracts need a public price: those somebody holds, and those that price a coin in a wallet.

Nobody counts holders: each sighting of a holding renews a wish, snapshots do so for every account at every
reconciliation, and a wish that was not renewed for long is dropped. So a position that is closed and reopened keeps
its ticker, and no missed message can leave a count wrong.
"""

from collections.abc import Iterable

from marginwatch.collect.ports import StreamDialect
from marginwatch.model.balance import Balance
from marginwatch.model.ids import Asset, InstrumentId
from marginwatch.model.instrument import Instrument
from marginwatch.model.position import Position


class PriceWishes:
    """The contracts of one venue whose prices are wanted.

    Parameters
    ----------
    dialect : StreamDialect
        Knows which contract prices a coin, and which ones convert currencies.
    """

    def __init__(self, dialect: StreamDialect) -> None:
        self._dialect = dialect
        self._instruments: dict[InstrumentId, Instrument] = {}
        self._renewed_s: dict[InstrumentId, float] = {}
        self._coins: dict[Asset, Instrument | None] = {}
        self.now_s = 0.0
        """Set by the feed about every second; a sighting must not cost a look at the clock."""
        self.version = 0
        """Grows with every change of the set."""

    def note_positions(self, positions: Iterable[Position]) -> None:
        """Renew the wishes of the contracts that are held; flat rows wish nothing."""
        renewed = self._renewed_s
        for position in positions:
            if position.quantity != "0":
                key = position.instrument.instrument_id
                if key not in renewed:
                    self._add(position.instrument)
                renewed[key] = self.now_s

    def note_balances(self, balances: Iterable[Balance]) -> None:
        """Renew the wishes of the contracts that price the coins of a wallet; empty rows wish nothing."""
        for balance in balances:
            if _is_nothing(balance.wallet_balance) and _is_nothing(balance.equity):
                continue
            if balance.asset not in self._coins:
                self._coins[balance.asset] = self._dialect.collateral_instrument(balance.asset)
                self._add_conversions()
            instrument = self._coins[balance.asset]
            if instrument is not None:
                if instrument.instrument_id not in self._renewed_s:
                    self._add(instrument)
                self._renewed_s[instrument.instrument_id] = self.now_s

    def _add(self, instrument: Instrument) -> None:
        self._instruments[instrument.instrument_id] = instrument
        self.version += 1
        self._renewed_s[instrument.instrument_id] = self.now_s
        self._add_conversions()

    def _add_conversions(self) -> None:
        for instrument in self._dialect.conversion_instruments():
            if instrument.instrument_id not in self._instruments:
                self._instruments[instrument.instrument_id] = instrument
                self._renewed_s[instrument.instrument_id] = self.now_s
                self.version += 1

    def expire(self, keep_s: float) -> None:
        """Drop what nobody was seen holding for ``keep_s`` seconds; conversions stay while anything is left."""
        conversions = {one.instrument_id for one in self._dialect.conversion_instruments()}
        old = [
            key
            for key, renewed_s in self._renewed_s.items()
            if self.now_s - renewed_s > keep_s and key not in conversions
        ]
        if len(self._renewed_s) - len(old) <= len(conversions):
            old = [key for key, renewed_s in self._renewed_s.items() if self.now_s - renewed_s > keep_s]
        for key in old:
            del self._renewed_s[key]
            if self._instruments.pop(key, None) is not None:
                self.version += 1
        # A dropped coin is resolved anew when it is seen again.
        self._coins = {
            asset: one
            for asset, one in self._coins.items()
            if one is None or one.instrument_id in self._renewed_s
        }

    def wanted(self) -> tuple[Instrument, ...]:
        """Return the contracts to follow."""
        return tuple(self._instruments.values())


def _is_nothing(amount: str | None) -> bool:
    return amount is None or not amount.strip("-0.")
