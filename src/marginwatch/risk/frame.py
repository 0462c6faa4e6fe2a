"""Everything measured at one moment, frozen; and the press that makes such frames in reused buffers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES, AccountEntry
from marginwatch.book.columns import Columns
from marginwatch.book.position_book import PositionBook
from marginwatch.book.snapshot import BookSnapshot
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.account_margins import MarginBasis, venue_margins
from marginwatch.risk.account_measures import (
    AccountMeasures,
    HoldingMeasures,
    RowMeasures,
    Valued,
    measure_accounts,
    value,
)
from marginwatch.risk.group_measures import (
    AssetMeasures,
    GroupMeasures,
    measure_all,
    measure_assets,
    measure_groups,
    summable,
)
from marginwatch.risk.heavy.parts import Heavy
from marginwatch.risk.margin.accounts import CoinRules
from marginwatch.risk.margin.build import Calibrations, SheetBuilder
from marginwatch.risk.margin.lacking import Lacks, models_by_venue
from marginwatch.risk.margin.model_error import Compared, ErrorColumns, ModelErrors
from marginwatch.risk.margin.row_plan import contracts_at
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.terms import TermsKeeper
from marginwatch.risk.measures.contracts import ContractValues, contract_values
from marginwatch.risk.measures.exposure import direction_bias
from marginwatch.risk.measures.freshness import Inclusion, InclusionArray, inclusion
from marginwatch.risk.measures.prices import Ages, AssetPrices, price_ages, usd_prices
from marginwatch.risk.rows import LocalNumbers, Rows, all_rows, rows_of
from marginwatch.risk.settings import RiskSettings
from marginwatch.risk.workspace import Workspace

PORTFOLIO = MARGIN_MODES["portfolio"]
NO_HEAVY = Heavy()

LANE_PRICES_FOR_NS = 20_000_000
"""How old the prices of a fast lane may be. Valuing all coins and contracts costs as much as a lane; within 20 ms a mark
moves less than it does on its way to us."""

LACKS_FOR_NS = 200_000_000
"""How old a frame may be whose findings on what is missing a margin sheet takes over: two intervals of frames. Whatever came
to be missing since is not a number by itself."""

LANE_AGES_FOR_NS = 100_000_000
"""As above while no price has come at all: then only ages grow, and a price becomes stale a moment later."""


@dataclass(slots=True, frozen=True)
class _Moment:
    """What contracts and coins were worth, and of which state of the tables."""

    at_ns: int
    state: tuple[int, ...]
    version: int
    ages: Ages
    prices: AssetPrices
    values: ContractValues
    basis: MarginBasis

    def is_good_at(self, now_ns: int, state: tuple[int, ...], version: int) -> bool:
        """Return whether a lane may use it; never at the very same instant, so that a lane then equals a frame."""
        limit_ns = LANE_AGES_FOR_NS if version == self.version else LANE_PRICES_FOR_NS
        return 0 < now_ns - self.at_ns <= limit_ns and state == self.state


@dataclass(slots=True)
class Frame:
    """One moment of everything; all numbers in it belong together.

    Its arrays are safe to read until the second frame after it is made, then they are overwritten: whoever keeps a
    frame longer, or hands it to a thread, copies what is needed or asks :meth:`is_intact` afterwards.

    Parameters
    ----------
    sequence : int
        Of frames, from 1.
    at_ns : int
        The moment, UTC nanoseconds.
    book : BookSnapshot
        What was held; its row numbers index everything here.
    prices, values : AssetPrices, ContractValues
        Of coins and of contracts.
    rows, holdings, accounts : RowMeasures, HoldingMeasures, AccountMeasures
        Of each position, coin of an account, and account.
    model_errors : ErrorColumns
        How far our margins were from the venue's last figures, by account.
    inclusion : ndarray of shape (n_accounts,), uint8
        Which accounts count, and why the others do not.
    data_age_s : ndarray of shape (n_accounts,), float64
        Seconds since the last message or snapshot; NaN if there was none.
    assets : AssetMeasures
        By coin.
    desks, tags, venues, portfolio : GroupMeasures
        By the names of ``desk_names`` and so on; the portfolio is group 1 of its own.
    direction_bias_by_count, direction_bias_by_delta : float
        (long − short) ÷ (long + short) over positions that count; NaN without any.
    book_sequence : int
        The last event in it.
    wire_to_frame_ms : float or None
        Age of the oldest message first shown in this frame; None if there was none.
    build_ms : float
        What it took to make it.
    first_at_ns : int
        The moment of the first frame.
    heavy : Heavy
        The latest of what is too heavy for a frame, each part with its own moment.
    heard_ns : mapping of int to int or None
        Of accounts touched since the last frame or lane: as in :class:`LaneResult`.
    coin_rules : CoinRules or None
        What coins count as collateral, by row of the asset table; never overwritten, replaced when a fact changes.
    """

    sequence: int
    at_ns: int
    book: BookSnapshot
    prices: AssetPrices
    values: ContractValues
    rows: RowMeasures
    holdings: HoldingMeasures
    accounts: AccountMeasures
    model_errors: ErrorColumns
    inclusion: InclusionArray
    data_age_s: FloatArray
    assets: AssetMeasures
    desks: GroupMeasures
    tags: GroupMeasures
    venues: GroupMeasures
    portfolio: GroupMeasures
    desk_names: list[str | None]
    tag_names: list[str | None]
    venue_names: list[str | None]
    direction_bias_by_count: float
    direction_bias_by_delta: float
    book_sequence: int
    wire_to_frame_ms: float | None = None
    build_ms: float = 0.0
    first_at_ns: int = 0
    heavy: Heavy = NO_HEAVY
    heard_ns: Mapping[int, int | None] = field(default_factory=dict[int, int | None])
    coin_rules: CoinRules | None = None

    def is_intact(self) -> bool:
        """Return whether the buffers still hold this frame."""
        return self.book.sequence == self.book_sequence and self.book.at_ns == self.at_ns


@dataclass(slots=True, frozen=True)
class LaneResult:
    """A few accounts, measured between two frames.

    Parameters
    ----------
    at_ns : int
        The moment, UTC nanoseconds.
    entries : tuple of AccountEntry
        The accounts, in the order of the measures.
    accounts : AccountMeasures
        Shape (len(entries),); safe to keep.
    inclusion : ndarray of shape (len(entries),), uint8
        Which of them count, and why the others do not.
    heard_ns : mapping of int to int or None
        By row of each account, when the first message since it was last measured was received, UTC nanoseconds; None
        where no message touched it.
    """

    at_ns: int
    entries: tuple[AccountEntry, ...]
    accounts: AccountMeasures
    inclusion: InclusionArray
    heard_ns: Mapping[int, int | None] = field(default_factory=dict[int, int | None])


@dataclass(slots=True)
class _Buffer:
    book: BookSnapshot = field(default_factory=BookSnapshot)
    work: Workspace = field(default_factory=Workspace)


class FramePress:
    """Makes frames, in two buffers by turns, and lane results, in a third.

    Parameters
    ----------
    book : PositionBook
        Read, never written.
    settings : RiskSettings
        Limits of age.
    """

    def __init__(self, book: PositionBook, settings: RiskSettings | None = None) -> None:
        self._book = book
        self._settings = settings or RiskSettings()
        self._buffers = (_Buffer(), _Buffer())
        self._lane_work = Workspace()
        self._numbers = LocalNumbers()
        self._sequence = 0
        self._first_at_ns = 0
        self._last: _Moment | None = None
        self._terms = TermsKeeper()
        self._sheets = SheetBuilder()
        self._errors = ModelErrors()
        nothing = np.zeros(0, np.int64)
        self._last_lacks: tuple[int, tuple[int, ...], Lacks] = (0, (), Lacks(nothing, nothing))
        self._tags: tuple[int, CodeArray, CodeArray] = (-1, np.zeros(0, np.int64), np.zeros(0, np.int64))

    def _moment(self, columns: Columns, now_ns: int) -> _Moment:
        instruments, assets, accounts = columns.instruments, columns.assets, columns.accounts
        ages = price_ages(instruments, now_ns, self._settings)
        prices = usd_prices(assets, instruments, ages, now_ns, self._settings)
        values = contract_values(instruments, ages, prices)
        basis = MarginBasis(
            self._terms.terms(columns),
            contracts_at(instruments, ages, now_ns),
            models_by_venue(accounts.venues.texts),
        )
        state = (instruments.size, assets.size, len(accounts.venues), *basis.terms.version)
        version = instruments.prices_version
        self._last = moment = _Moment(now_ns, state, version, ages, prices, values, basis)
        return moment

    def _lane_moment(self, columns: Columns, now_ns: int) -> _Moment:
        last, instruments = self._last, columns.instruments
        sizes = (instruments.size, columns.assets.size, len(columns.accounts.venues))
        state = (*sizes, *self._terms.terms(columns).version)
        if last is not None and last.is_good_at(now_ns, state, instruments.prices_version):
            return last
        return self._moment(columns, now_ns)

    def lane(
        self,
        entries: tuple[AccountEntry, ...],
        now_ns: int,
        heard_ns: Mapping[int, int | None] | None = None,
    ) -> LaneResult:
        """Measure some accounts alone, through the same functions as a frame."""
        columns = self._book.columns
        columns.facts.sync()
        moment = self._lane_moment(columns, now_ns)
        rows = rows_of(columns, entries, self._numbers)
        included = inclusion(columns.accounts, now_ns, rows.account_row)
        measured = self._measured(rows, moment, self._lane_work)[1]
        return LaneResult(now_ns, entries, measured, included, heard_ns or {})

    def frame(self, now_ns: int) -> Frame:
        """Measure everything and freeze it. The frame before the last one is overwritten."""
        columns = self._book.columns
        columns.facts.sync()
        self._sequence += 1
        self._first_at_ns = self._first_at_ns or now_ns
        buffer = self._buffers[self._sequence % 2]
        buffer.book.fill(columns, self._book.sequence, now_ns)
        moment, rows = self._moment(columns, now_ns), all_rows(columns)
        valued, accounts = self._measured(rows, moment, buffer.work)
        lacks = Lacks(accounts.lack, accounts.lack_subject)
        self._last_lacks = (now_ns, self._facts_version(columns), lacks)
        return self._assembled(buffer.book, moment, rows, valued, accounts)

    def _measured(self, rows: Rows, moment: _Moment, work: Workspace) -> tuple[Valued, AccountMeasures]:
        valued = value(rows, moment.values, moment.prices, moment.basis, work)
        self._note_errors(rows, valued, moment.at_ns)
        calibration = self._errors.calibration(rows.account_row)
        return valued, measure_accounts(rows, valued, moment.values, moment.basis, calibration, work)

    def _note_errors(self, rows: Rows, valued: Valued, now_ns: int) -> None:
        accounts = self._book.columns.accounts
        if not self._errors.has_news(accounts, rows.account_row):
            return
        found, coin_usd = valued.margins.found, valued.margins.coin_usd
        theirs = venue_margins(rows, coin_usd)
        self._errors.note(
            accounts,
            rows.account_row,
            now_ns,
            Compared(found.equity, found.balance, found.initial_margin, found.maintenance_margin),
            Compared(theirs.equity, theirs.adjusted_equity, theirs.initial_margin, theirs.maintenance_margin),
            rows.margin_mode == PORTFOLIO,
        )

    def _facts_version(self, columns: Columns) -> tuple[int, ...]:
        return (columns.accounts.groups_version, *self._terms.terms(columns).version)

    def sheet(self, now_ns: int) -> MarginSheet:
        """Return the margin sheet of all accounts at this moment, calibrated, for what is too heavy for a frame."""
        columns = self._book.columns
        columns.facts.sync()
        ages = price_ages(columns.instruments, now_ns, self._settings)
        prices = usd_prices(columns.assets, columns.instruments, ages, now_ns, self._settings)
        every: CodeArray = np.arange(columns.accounts.size)
        calibrations = Calibrations(*self._errors.calibration(every))
        at_ns, version, lacks = self._last_lacks
        is_good = 0 <= now_ns - at_ns <= LACKS_FOR_NS and version == self._facts_version(columns)
        return self._sheets.build(columns, ages, prices, now_ns, calibrations, lacks if is_good else None)

    def _assembled(
        self,
        book: BookSnapshot,
        moment: _Moment,
        rows: Rows,
        valued: Valued,
        of: AccountMeasures,
    ) -> Frame:
        now_ns, prices = moment.at_ns, moment.prices
        columns, accounts = self._book.columns, self._book.columns.accounts
        n = accounts.size
        included = inclusion(accounts, now_ns)
        counts = included == Inclusion.INCLUDED
        everyone = np.flatnonzero(included != Inclusion.NONE)
        tag_accounts, tags = self._memberships()
        data_at = accounts.data_at_ns[:n]
        # Every account has one desk, the one without a name included.
        block = summable(of)
        desks = measure_groups(block, everyone, accounts.desk[everyone], len(accounts.desks), counts)
        portfolio = measure_all(desks)
        n_long, n_short = self._counts_by_side(counts, int(portfolio.n_left_out[1]))
        return Frame(
            sequence=self._sequence,
            at_ns=now_ns,
            book=book,
            prices=prices._replace(is_cash=prices.is_cash.copy(), coin=prices.coin.copy()),
            values=moment.values,
            rows=valued.rows,
            holdings=HoldingMeasures(
                rows, book.holding, valued.rows, valued.wallets, valued.margins.found.sums.option_value
            ),
            accounts=of,
            model_errors=self._errors.columns(n),
            inclusion=included,
            data_age_s=np.where(data_at > 0, (now_ns - data_at) / 1e9, np.nan),
            assets=measure_assets(
                rows,
                valued,
                prices.coin[columns.instruments.underlying_asset[: columns.instruments.size]],
                prices.coin,
                len(columns.assets.coins),
                counts,
            ),
            desks=desks,
            tags=measure_groups(block, tag_accounts, tags, len(accounts.tags), counts),
            venues=measure_groups(block, everyone, accounts.venue[everyone], len(accounts.venues), counts),
            portfolio=portfolio,
            desk_names=list(accounts.desks.texts),
            tag_names=list(accounts.tags.texts),
            venue_names=list(accounts.venues.texts),
            direction_bias_by_count=direction_bias(n_long, n_short),
            direction_bias_by_delta=direction_bias(
                float(portfolio.long_usd[1]), float(portfolio.short_usd[1])
            ),
            book_sequence=book.sequence,
            first_at_ns=self._first_at_ns,
            coin_rules=moment.basis.terms.rules,
        )

    def _counts_by_side(
        self, counts: np.ndarray[tuple[int], np.dtype[np.bool_]], n_left_out: int
    ) -> tuple[int, int]:
        positions = self._book.columns.positions
        quantity = positions.quantity[: positions.size]
        if n_left_out == 0:
            return int(np.count_nonzero(quantity > 0.0)), int(np.count_nonzero(quantity < 0.0))
        mine = counts[positions.account[: positions.size]]
        return int(np.count_nonzero(mine & (quantity > 0.0))), int(np.count_nonzero(mine & (quantity < 0.0)))

    def _memberships(self) -> tuple[CodeArray, CodeArray]:
        accounts = self._book.columns.accounts
        if self._tags[0] != accounts.groups_version:
            pairs = [
                (entry.row, accounts.tags.find(tag))
                for entry in accounts.entries
                if entry is not None
                for tag in dict.fromkeys(entry.spec.tags)
            ]
            table = np.array(pairs, np.int64).reshape(-1, 2)
            self._tags = (accounts.groups_version, table[:, 0].copy(), table[:, 1].copy())
        return self._tags[1], self._tags[2]
