"""Slow facts that margins are computed from, as columns: collateral, borrowing, fees, orders; and why one is missing."""

from collections.abc import Iterable

from marginwatch.book.accounts import AccountEntry, AccountTable
from marginwatch.book.assets import AssetTable
from marginwatch.book.fees import UNKNOWN_FEE, Fees, TakerFee
from marginwatch.book.holdings import HoldingTable
from marginwatch.book.instruments import InstrumentTable
from marginwatch.book.leg_facts import CoinFacts, LegFacts, number_or_nan
from marginwatch.book.order_value import order_value
from marginwatch.book.positions import PositionTable
from marginwatch.book.table import NAN
from marginwatch.book.tiers import BorrowSteps, CollateralBands, Steps
from marginwatch.model.events import (
    BorrowTiersUpdate,
    CollateralInfoUpdate,
    CollateralTiersUpdate,
    FactUnread,
    FeeRatesUpdate,
)
from marginwatch.model.ids import AccountId, Asset, InstrumentId, VenueId
from marginwatch.model.instrument import MarginTier
from marginwatch.model.position import Position, PositionSide
from marginwatch.model.venue_facts import FactKind

LEGS: tuple[PositionSide, ...] = ("net", "long", "short")

FACT_NAMES: dict[FactKind, str] = {
    "collateral_tiers": "collateral tiers",
    "borrow_tiers": "borrow tiers",
    "margin_tiers": "risk limits",
    "fee_rates": "fee rates",
    "collateral_switches": "collateral switches",
}
"""How people call them."""

SEIZED = frozenset({"liquidating", "adl"})
"""Statuses of a position that the venue is taking away."""


class MarginFacts:
    """Facts beside the tables of the book. :meth:`sync` before reading; only the book writes.

    Parameters
    ----------
    accounts, assets, instruments, holdings, positions
        The tables of the book.

    Attributes
    ----------
    legs : LegFacts
        By row of the position table.
    coins : CoinFacts
        By row of the holding table.
    collateral : CollateralBands
        By row of the asset table; a coin that its venue does not list has one band that counts nothing.
    borrow : BorrowSteps
        By row of the asset table.
    fees : Fees
        By account and category.
    """

    def __init__(
        self,
        accounts: AccountTable,
        assets: AssetTable,
        instruments: InstrumentTable,
        holdings: HoldingTable,
        positions: PositionTable,
    ) -> None:
        self._accounts = accounts
        self._assets = assets
        self._instruments = instruments
        self._holdings = holdings
        self._positions = positions
        self.legs = LegFacts()
        self.coins = CoinFacts()
        self.collateral = CollateralBands()
        self.borrow = BorrowSteps()
        self.fees = Fees()
        self._bands: dict[VenueId, dict[Asset, Steps]] = {}
        self._borrows: dict[VenueId, dict[Asset, Steps]] = {}
        self._unread: dict[tuple[VenueId, AccountId | None, FactKind], str] = {}
        self._n_assets = 1
        self._order_news: dict[AccountId, AccountEntry] = {}
        self._fee_news: dict[AccountId, AccountEntry] = {}

    # ---- what is read ---------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Bring every column up to date. Cost: linear in the rows of which something new was said, about 1 µs each."""
        self._sync_assets()
        self._sync_coins()
        self._sync_orders()
        self._sync_legs()
        self._sync_fees()

    def is_known(self, venue: VenueId, kind: FactKind) -> bool:
        """Return whether a venue's collateral or borrow tiers were ever told."""
        return venue in (self._bands if kind == "collateral_tiers" else self._borrows)

    def why_missing(self, venue: VenueId, kind: FactKind, account_id: AccountId | None = None) -> str:
        """Return in words why a fact is missing: not read yet, or what came of asking for it."""
        name = FACT_NAMES[kind]
        reason = self._unread.get((venue, account_id, kind))
        whose = "of this account" if account_id is not None else f"of {venue}"
        if reason is None:
            return f"the {name} {whose} have not been read yet"
        return f"the {name} {whose} could not be read: {reason}"

    # ---- what the book writes -------------------------------------------------------------------------------

    def take_collateral_tiers(self, event: CollateralTiersUpdate) -> None:
        """Replace the collateral bands of a venue; ValueError if a number is no decimal."""
        self._bands[event.venue] = self.collateral.steps(event.tiers)
        self._unread.pop((event.venue, None, "collateral_tiers"), None)
        self._n_assets = 1

    def take_borrow_tiers(self, event: BorrowTiersUpdate) -> None:
        """Replace the borrow tiers of a venue; ValueError if a number is no decimal."""
        self._borrows[event.venue] = self.borrow.steps(event.tiers)
        self._unread.pop((event.venue, None, "borrow_tiers"), None)
        self._n_assets = 1

    def take_fee_rates(self, entry: AccountEntry, event: FeeRatesUpdate) -> None:
        """Replace an account's fees in one category; ValueError if a number is no decimal."""
        account_id = entry.spec.account_id
        if event.is_standard:
            self.fees.take_standard(account_id, event.category, event.rates)
        elif self.fees.take(account_id, self._owner(entry), event.category, event.rates):
            # The accounts of this owner that have none of their own borrow these from now on.
            for other in self._accounts.entries:
                if other is not None and self._owner(other) == self._owner(entry):
                    self.forget_fees_seen(other)
        self._unread.pop((entry.spec.venue, account_id, "fee_rates"), None)
        self.forget_fees_seen(entry)

    def take_switches(self, entry: AccountEntry, event: CollateralInfoUpdate) -> None:
        """Note which coins of an account count; what the wallet itself says later goes before."""
        for coin in event.coins:
            row = entry.coins.get(coin.asset)
            says = coin.is_switched_on if coin.is_allowed else coin.is_allowed
            if row is not None and says is not None:
                self._holdings.note_switch(row, says)
        self._unread.pop((entry.spec.venue, entry.spec.account_id, "collateral_switches"), None)

    def note_tiers(self, tiers: Iterable[MarginTier]) -> None:
        """Learn that risk limits came."""
        for tier in tiers:
            instrument = self._instruments.instruments[self._instruments.find(tier.instrument_id)]
            if instrument is not None:
                self._unread.pop((instrument.venue, None, "margin_tiers"), None)
                return

    def take_unread(self, event: FactUnread) -> None:
        """Remember why a fact did not come."""
        self._unread[event.venue, event.account_id, event.kind] = event.reason

    def note_orders(self, entry: AccountEntry) -> None:
        """Learn that orders of an account changed."""
        if entry.orders.news:
            self._order_news[entry.spec.account_id] = entry

    def forget_fees_seen(self, entry: AccountEntry) -> None:
        """Look up the fees of an account's positions anew."""
        entry.schedules.clear()
        self._fee_news[entry.spec.account_id] = entry

    def forget_account(self, entry: AccountEntry) -> None:
        """Drop what belongs to an account that was removed."""
        account_id = entry.spec.account_id
        self.fees.forget(account_id)
        self._order_news.pop(account_id, None)
        self._fee_news.pop(account_id, None)
        for key in [key for key in self._unread if key[1] == account_id]:
            del self._unread[key]

    # ---- columns --------------------------------------------------------------------------------------------

    def _owner(self, entry: AccountEntry) -> tuple[VenueId, int]:
        return entry.spec.venue, int(self._accounts.owner[entry.row])

    def _sync_assets(self) -> None:
        size = self._assets.size
        self.collateral.reach(size)
        self.borrow.reach(size)
        for row in range(self._n_assets, size):
            venue, asset = self._assets.names[row]
            bands = self._bands.get(venue)
            if bands is not None:
                self.collateral.fill(row, bands.get(asset, CollateralBands.NOTHING))
            borrows = self._borrows.get(venue)
            if borrows is not None:
                self.borrow.fill(row, borrows.get(asset, []))
        self._n_assets = size

    def _sync_coins(self) -> None:
        holdings, coins = self._holdings, self.coins
        coins.reach(holdings.size)
        for row in holdings.take_changes():
            balance = holdings.balances[row]
            if balance is None:
                coins.blank(row)
                continue
            coins.write(row, balance, holdings.switches[row])

    def _sync_orders(self) -> None:
        if not self._order_news:
            return
        news, self._order_news = self._order_news, {}
        for entry in news.values():
            if entry.orders.is_complete:
                rows = [
                    row
                    for key in entry.orders.news
                    for leg in LEGS
                    if (row := entry.rows.get((key, leg))) is not None
                ]
            else:
                rows = list(entry.rows.values())
            entry.orders.news.clear()
            for row in rows:
                self._positions.touch(row)

    def _sync_legs(self) -> None:
        positions, legs = self._positions, self.legs
        legs.reach(positions.size)
        for row in positions.take_news():
            position = positions.positions[row]
            entry = self._accounts.entries[positions.account_at[row]]
            if position is None or entry is None:
                legs.blank(row)
            else:
                self._write_leg(row, position, entry)

    def _write_leg(self, row: int, position: Position, entry: AccountEntry) -> None:
        legs, instrument = self.legs, self._positions.instrument_at[row]
        legs.leverage_setting_at[row] = number_or_nan(position.leverage_setting)
        legs.session_average_price_at[row] = number_or_nan(position.session_average_price)
        legs.taker_fee_at[row], legs.fee_source_at[row] = self._fee(entry, instrument)
        legs.adl_rank_at[row] = -1 if position.adl_rank is None else position.adl_rank
        legs.margin_change_at_ns_at[row] = position.margin_change_at_ns or 0
        legs.is_seized_at[row] = position.status in SEIZED
        legs.is_reduce_only_at[row] = bool(position.is_reduce_only)
        key, orders = position.instrument.instrument_id, entry.orders
        has_orders = not orders.is_complete or bool(orders.of(key))
        self._positions.has_orders_at[row] = has_orders
        if not has_orders:
            legs.order_value_at[row] = 0.0
        elif not orders.is_complete:
            legs.order_value_at[row] = NAN
        else:
            self._write_orders(entry, key, instrument)

    def _write_orders(self, entry: AccountEntry, key: InstrumentId, instrument: int) -> None:
        """Write the value of a contract's orders to both of its legs: what it is depends on what they hold together."""
        rows = [row for leg in LEGS if (row := entry.rows.get((key, leg))) is not None]
        net = sum(self._positions.quantity_at[row] for row in rows)
        multiplier, is_inverse = self._instruments.terms[instrument]
        try:
            value = order_value(entry.orders.of(key), net, multiplier, is_inverse)
        except ValueError:
            value = NAN
        for row in rows:
            self.legs.order_value_at[row] = value

    def _sync_fees(self) -> None:
        """Write the fees of accounts whose own or whose owner's came: all accounts of a desk, when its first ones do."""
        news, self._fee_news = self._fee_news, {}
        rates, sources, instruments = (
            self.legs.taker_fee_at,
            self.legs.fee_source_at,
            self._positions.instrument_at,
        )
        for entry in news.values():
            for row in entry.rows.values():
                rates[row], sources[row] = self._fee(entry, instruments[row])

    def _fee(self, entry: AccountEntry, row: int) -> TakerFee:
        """Return an account's fee in the contract of a row of the instrument table."""
        instrument = self._instruments.instruments[row]
        if instrument is None:
            return UNKNOWN_FEE
        schedules, category = entry.schedules, instrument.category
        if category not in schedules:
            schedules[category] = self.fees.schedule(entry.spec.account_id, self._owner(entry), category)
        schedule = schedules[category]
        return UNKNOWN_FEE if schedule is None else schedule.fee(instrument)
