"""The position book: events in any order, more than once or not at all, end in the exchange's true state."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from marginwatch.book.accounts import AccountEntry
from marginwatch.book.clock_setback import latest_possible_ns, take_back
from marginwatch.book.columns import Columns
from marginwatch.book.money import patch_coin, patch_state, sweep_coins
from marginwatch.book.ordering import Stamp, is_older, stamp_of
from marginwatch.book.reconcile import Sweep, check_readable, gaps_of
from marginwatch.book.snapshot import BookSnapshot
from marginwatch.clock import Clock
from marginwatch.errors import ConfigError, ProtocolError
from marginwatch.model.account import AccountSpec
from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import (
    AccountRemoved,
    AdlAlertsUpdate,
    AssetPricesUpdate,
    BalancesUpdate,
    BorrowTiersUpdate,
    CollateralInfoUpdate,
    CollateralTiersUpdate,
    ConnectivityUpdate,
    DepthsUpdate,
    Event,
    FactUnread,
    FeeRatesUpdate,
    FillsUpdate,
    GreeksUpdate,
    InstrumentsUpdate,
    InsurancePoolsUpdate,
    LiquidationsSeen,
    MarksUpdate,
    OrdersUpdate,
    PositionsUpdate,
    TiersUpdate,
)
from marginwatch.model.ids import AccountId
from marginwatch.model.notice import Notice
from marginwatch.model.snapshots import AccountSnapshot, Break

SETTLE_S = 2.0
"""How far Bybit's REST replies may lag behind its stream; its FAQ names no figure, so this is generous."""


class PositionBook:
    """Everything all accounts hold, written by :meth:`apply` alone.

    Parameters
    ----------
    clock : Clock
        For the times of frozen books.
    settle_s : float, default=2.0
        A difference younger than this, in venue time, is not overwritten by a snapshot but looked at again.

    Attributes
    ----------
    columns : Columns
        The tables, to be read only.
    sequence : int
        Grows with every event applied.
    dirty : dict of int to int or None
        Rows of accounts touched since somebody last cleared it, in order, with the moment at which the first message of
        each was received, UTC nanoseconds; None where no message touched it. Used by the fast lane.
    """

    def __init__(self, clock: Clock, *, settle_s: float = SETTLE_S) -> None:
        self.columns = Columns()
        self.sequence = 0
        self.dirty: dict[int, int | None] = {}
        self._clock = clock
        self._settle_ns = int(settle_s * 1e9)
        self._entries: dict[AccountId, AccountEntry] = {}
        self._notices: list[Notice] = []
        self._appliers = cast(
            "Mapping[type[Any], Callable[[Any], tuple[Break, ...]]]",
            {
                PositionsUpdate: self._positions,
                BalancesUpdate: self._balances,
                MarksUpdate: self._marks,
                AccountSnapshot: self._snapshot,
                ConnectivityUpdate: self._connectivity,
                InstrumentsUpdate: self._instruments,
                TiersUpdate: self._tiers,
                CollateralTiersUpdate: self._collateral_tiers,
                BorrowTiersUpdate: self._borrow_tiers,
                FeeRatesUpdate: self._fee_rates,
                CollateralInfoUpdate: self._collateral_info,
                FactUnread: self._unread,
                DepthsUpdate: self._depths,
                LiquidationsSeen: self._liquidations,
                InsurancePoolsUpdate: self._pools,
                AdlAlertsUpdate: self._alerts,
                AssetPricesUpdate: self._asset_prices,
                AccountRemoved: self._removed,
                OrdersUpdate: self._orders,
                GreeksUpdate: self._greeks,
                FillsUpdate: self._fills,
            },
        )

    def register(self, spec: AccountSpec) -> None:
        """Make room for an account, or take over its changed configuration; until heard it is *starting*."""
        entry = self._entries.get(spec.account_id)
        if entry is None:
            self._entries[spec.account_id] = self.columns.accounts.add(spec)
        elif entry.spec.venue != spec.venue:
            raise ConfigError(
                f"account {spec.account_id!r} moved from {entry.spec.venue} to {spec.venue}: remove it first",
                account_id=spec.account_id,
            )
        else:
            self.columns.accounts.write_spec(entry, spec)
            # Its owner may be another one now, whose accounts' fees it borrowed.
            self.columns.facts.forget_fees_seen(entry)
        self.sequence += 1

    def apply(self, event: Event) -> tuple[Break, ...]:
        """Apply one event and return the breaks it brought to light.

        Messages older than what is known are dropped, duplicates change nothing, and what concerns an account that is
        not registered (removed a moment ago) is ignored. Breaks come from snapshots after an account's first, and
        not from one that ends a known gap.

        Raises
        ------
        ProtocolError
            If a number is not a decimal. A snapshot is then left out whole; of an update, that row is unchanged and
            the rows before it stand.
        """
        self.sequence += 1
        return self._appliers[type(event)](event)

    def entry(self, account_id: AccountId) -> AccountEntry | None:
        """Return what is known of an account beside its columns, None if it is not registered."""
        return self._entries.get(account_id)

    def needs_second_look(self, account_id: AccountId) -> bool:
        """Return whether the last snapshot left a difference undecided: sweep again after the settle time."""
        entry = self._entries.get(account_id)
        return entry is not None and entry.is_second_look_due

    def take_notices(self) -> tuple[Notice, ...]:
        """Return what owners should hear of since the last call: a margin mode or account type that changed."""
        taken = tuple(self._notices)
        self._notices.clear()
        return taken

    def freeze(self, into: BookSnapshot | None = None) -> BookSnapshot:
        """Return the book as it is now, in the buffers of ``into`` if given."""
        frozen = BookSnapshot() if into is None else into
        frozen.fill(self.columns, self.sequence, self._clock.now_ns())
        return frozen

    def _positions(self, event: PositionsUpdate) -> tuple[Break, ...]:
        entry = self._entries.get(event.account_id)
        if entry is None:
            return ()
        made_ns = event.ts_venue_ns
        rows = entry.rows
        columns = self.columns
        table = columns.positions
        for position in event.positions:
            instrument = position.instrument
            key = (instrument.instrument_id, position.position_side)
            row = rows.get(key)
            if row is None:
                if not self._may_open(entry, key, stamp_of(position, made_ns)):
                    continue
            else:
                ours = table.positions[row]
                # The usual case, a higher sequence in the same contract, is decided here without a stamp.
                if (
                    ours is not None
                    and position.sequence is not None
                    and ours.sequence is not None
                    and position.sequence > ours.sequence
                ):
                    if instrument is ours.instrument and columns.rewrite_position(row, position, made_ns):
                        continue
                elif is_older(stamp_of(position, made_ns), columns.position_stamp(row)):
                    continue
            columns.write_position(entry, key, position, made_ns)
        if entry.suspects:
            self._clear_suspects(
                entry, [f"{p.instrument.instrument_id}/{p.position_side}" for p in event.positions], made_ns
            )
        self._heard(entry, event.ts_received_ns)
        return ()

    def _may_open(self, entry: AccountEntry, key: tuple[Any, Any], stamp: Stamp) -> bool:
        buried = entry.tombstones.get(key)
        if (buried is not None and is_older(stamp, buried)) or (
            entry.has_snapshot and stamp.made_ns <= entry.floor_ns
        ):
            return False
        if entry.has_snapshot and stamp.made_ns <= entry.floor_ns + self._settle_ns:
            # Made before the last snapshot, which did not have the row: one of the two lags.
            entry.is_second_look_due = True
        return True

    def _clear_suspects(self, entry: AccountEntry, subjects: Iterable[str], made_ns: int) -> None:
        # Only a message that was on its way while the snapshot was made explains a difference found in it.
        if made_ns <= entry.floor_ns + 2 * self._settle_ns:
            for suspect in [suspect for suspect in entry.suspects if suspect[0] in set(subjects)]:
                del entry.suspects[suspect]

    def _heard(self, entry: AccountEntry, received_ns: int) -> None:
        row = entry.row
        accounts = self.columns.accounts
        # What was held back while a snapshot was taken was heard before that snapshot, which is in already.
        if received_ns > accounts.data_at_ns_at[row]:
            accounts.data_at_ns_at[row] = received_ns
        accounts.socket_replied_at_ns_at[row] = received_ns
        self._touch(row, received_ns)

    def _touch(self, row: int, received_ns: int | None) -> None:
        if self.dirty.get(row) is None:
            self.dirty[row] = received_ns

    def _balances(self, event: BalancesUpdate) -> tuple[Break, ...]:
        entry = self._entries.get(event.account_id)
        if entry is None:
            return ()
        for balance in event.balances:
            patch_coin(self.columns, entry, balance, event.ts_venue_ns)
        if event.account is not None:
            self._notices += patch_state(self.columns, entry, event.account, event.ts_venue_ns)
        if entry.suspects:
            self._clear_suspects(entry, [balance.asset for balance in event.balances], event.ts_venue_ns)
        self._heard(entry, event.ts_received_ns)
        return ()

    def _marks(self, event: MarksUpdate) -> tuple[Break, ...]:
        for mark in event.marks:
            try:
                self.columns.instruments.write_mark(mark, event.ts_received_ns)
            except ValueError as error:
                raise ProtocolError(
                    f"{mark.instrument.instrument_id}: {error}; its prices were left as they were",
                    venue=mark.instrument.venue,
                ) from None
        return ()

    def _snapshot(self, event: AccountSnapshot) -> tuple[Break, ...]:
        entry = self._entries.get(event.account_id)
        if entry is None:
            return ()
        check_readable(event, entry)
        heard_ns = self.columns.accounts.data_at_ns_at[entry.row]
        latest_ns = latest_possible_ns(event, heard_ns)
        if latest_ns is not None:
            take_back(self.columns, entry, latest_ns, event.as_of_ns - self._settle_ns)
        sweep = Sweep(self.columns, entry, event, self._settle_ns)
        sweep.positions()
        sweep_coins(sweep)
        self._notices += patch_state(self.columns, entry, event.account, event.as_of_ns)
        if event.open_orders is not None:
            entry.orders.sweep(event.open_orders, event.as_of_ns, self._settle_ns)
            self.columns.facts.note_orders(entry)
        entry.has_snapshot = True
        link = entry.connectivity
        entry.is_gap_open = link is not None and link.link_state is not LinkState.STREAMING
        entry.is_second_look_due = bool(entry.held or entry.suspects)
        accounts = self.columns.accounts
        accounts.gaps[entry.row] = gaps_of(event)
        # As old as its oldest reply: its calls may have waited for the budget in between.
        asked_ns = event.as_of_ns if event.asked_at_ns is None else event.asked_at_ns
        accounts.reconciled_at_ns_at[entry.row] = min(asked_ns, event.ts_received_ns)
        accounts.data_at_ns_at[entry.row] = event.ts_received_ns
        self._touch(entry.row, event.ts_received_ns)
        return tuple(sweep.breaks)

    def _connectivity(self, event: ConnectivityUpdate) -> tuple[Break, ...]:
        entry = self._entries.get(event.connectivity.account_id)
        if entry is not None:
            self.columns.accounts.write_connectivity(entry, event.connectivity)
            if event.connectivity.link_state is not LinkState.STREAMING:
                entry.is_gap_open = True
            elif event.connectivity.socket_replied_at_ns is not None:
                # A book out of a file counts as heard, but no socket ever told its executions.
                entry.funding.follow(self._clock.now_ns())
            self._touch(entry.row, None)
        return ()

    def _instruments(self, event: InstrumentsUpdate) -> tuple[Break, ...]:
        table = self.columns.instruments
        for instrument in event.instruments:
            held = table.find(instrument.instrument_id)
            terms = table.terms[held]
            row = table.learn(instrument)
            if held and table.terms[row] != terms:
                self.columns.revalue_entries(row)
        return ()

    def _tiers(self, event: TiersUpdate) -> tuple[Break, ...]:
        _read("risk limits", lambda: self.columns.instruments.write_tiers(event.tiers))
        self.columns.facts.note_tiers(event.tiers)
        return ()

    def _collateral_tiers(self, event: CollateralTiersUpdate) -> tuple[Break, ...]:
        _read(f"collateral tiers of {event.venue}", lambda: self.columns.facts.take_collateral_tiers(event))
        return ()

    def _borrow_tiers(self, event: BorrowTiersUpdate) -> tuple[Break, ...]:
        _read(f"borrow tiers of {event.venue}", lambda: self.columns.facts.take_borrow_tiers(event))
        return ()

    def _fee_rates(self, event: FeeRatesUpdate) -> tuple[Break, ...]:
        entry = self._entries.get(event.account_id)
        if entry is not None:
            _read(f"fees of {event.account_id}", lambda: self.columns.facts.take_fee_rates(entry, event))
            self._touch(entry.row, None)
        return ()

    def _collateral_info(self, event: CollateralInfoUpdate) -> tuple[Break, ...]:
        entry = self._entries.get(event.account_id)
        if entry is not None:
            self.columns.facts.take_switches(entry, event)
            self._touch(entry.row, None)
        return ()

    def _depths(self, event: DepthsUpdate) -> tuple[Break, ...]:
        _read("order books", lambda: self.columns.market.take_depths(event))
        return ()

    def _liquidations(self, event: LiquidationsSeen) -> tuple[Break, ...]:
        self.columns.market.take_liquidations(event)
        return ()

    def _pools(self, event: InsurancePoolsUpdate) -> tuple[Break, ...]:
        self.columns.market.take_pools(event)
        return ()

    def _alerts(self, event: AdlAlertsUpdate) -> tuple[Break, ...]:
        self.columns.market.take_alerts(event)
        return ()

    def _unread(self, event: FactUnread) -> tuple[Break, ...]:
        self.columns.facts.take_unread(event)
        return ()

    def _asset_prices(self, event: AssetPricesUpdate) -> tuple[Break, ...]:
        assets = self.columns.assets
        for asset, text in event.prices:
            try:
                price = float(text)
            except ValueError as error:
                raise ProtocolError(f"USD price of {asset}: {error}; it was left as it was") from None
            for row in assets.rows_named(asset):
                assets.stated_price[row] = price
                assets.stated_at_ns[row] = event.ts_received_ns
        self.columns.instruments.prices_version += 1
        return ()

    def _removed(self, event: AccountRemoved) -> tuple[Break, ...]:
        entry = self._entries.pop(event.account_id, None)
        if entry is not None:
            self.columns.drop_account(entry)
            self.dirty.pop(entry.row, None)
        return ()

    def _orders(self, event: OrdersUpdate) -> tuple[Break, ...]:
        entry = self._entries.get(event.account_id)
        if entry is None:
            return ()
        for order in event.orders:
            entry.orders.hear(order, event.ts_venue_ns)
        self.columns.facts.note_orders(entry)
        self._heard(entry, event.ts_received_ns)
        return ()

    def _greeks(self, event: GreeksUpdate) -> tuple[Break, ...]:
        entry = self._entries.get(event.account_id)
        if entry is not None:
            entry.greeks.update(event.greeks)
            self._heard(entry, event.ts_received_ns)
        return ()

    def _fills(self, event: FillsUpdate) -> tuple[Break, ...]:
        entry = self._entries.get(event.account_id)
        if entry is None:
            return ()
        if not event.is_backfill:
            self._heard(entry, event.ts_received_ns)
        _read(f"funding of {event.account_id}", lambda: entry.funding.take(event.fills, event.ts_venue_ns))
        return ()


def _read(what: str, take: Callable[[], None]) -> None:
    """Take a fact; raise ProtocolError, nothing taken, if one of its numbers is no decimal."""
    try:
        take()
    except ValueError as error:
        raise ProtocolError(f"{what}: {error}; they were left as they were") from None
