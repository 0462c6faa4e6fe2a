"""Accounts as columns: numbers of whole frames at once, texts only of the accounts whose source changed. Once for all topics."""

from typing import Any

import msgspec
import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.connectivity import LinkState
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.margin.estimates import TEXTS as ESTIMATES
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.tables.accounts import VENUE_FIELDS, account_row
from marginwatch.risk.tables.left_out import why_left_out
from marginwatch.web.stream.changed_objects import ChangedObjects
from marginwatch.web.stream.heavy_columns import COLUMNS as HEAVY
from marginwatch.web.stream.heavy_columns import HeavyColumns, judged
from marginwatch.web.stream.reasons import lasting
from marginwatch.web.stream.tables import FEW_ROWS

OURS = ("equity_usd", "initial_margin_usd", "maintenance_margin_usd", "free_usd")
USAGES = ("maintenance_margin_usage", "initial_margin_usage", "effective_leverage", "hedge_ratio")
SUMS = (
    "long_usd",
    "short_usd",
    "net_usd",
    "gross_usd",
    "net_with_wallet_usd",
    "gross_with_wallet_usd",
    "unrealized_pnl_usd",
    "n_positions",
)
ERRORS = ("model_error", "model_error_equity", "model_error_at_s")
TIMES = ("data_at_s", "margin_at_s")

LIGHT = (
    *TIMES,
    *OURS,
    "adjusted_equity_usd",
    *USAGES,
    *VENUE_FIELDS,
    *ERRORS,
    *SUMS,
    "venue_liquidation_distance",
)
COLUMNS = (*LIGHT, *HEAVY)
"""Fields of ``AccountRow``; those that end with ``_at_s`` are moments, UTC seconds, where the row has ages."""

PLACE = {name: place for place, name in enumerate(COLUMNS)}

RENAMED = {
    "data_age_s": "data_at_s",
    "margin_age_s": "margin_at_s",
    "model_error_age_s": "model_error_at_s",
}

MODE_ISOLATED = MARGIN_MODES["isolated"]

REASONS_KEPT_MAX = 4_096
"""Different ways to lack something; then they are forgotten and found again."""


class AccountTexts(msgspec.Struct, frozen=True, kw_only=True):
    """What an account's row says beside its numbers, as in ``AccountRow``; ``reasons`` only of numbers that are missing."""

    account_id: str
    venue: str
    desk: str | None
    owner: str | None
    tags: tuple[str, ...]
    margin_mode: str | None
    account_type: str | None
    link_state: str
    is_fresh: bool
    is_included: bool
    is_stale_price: bool
    has_unsafe_key: bool
    is_estimated: bool
    estimate: str | None
    liquidation_distance_source: str
    nearest_coin: str | None
    worst_position: str | None
    first_forced_action: str | None
    risk_level: str | None
    reason: str | None
    reasons: dict[str, str]


class AccountSource:
    """All accounts of the latest frame.

    Attributes
    ----------
    values : ndarray of shape (n_columns, n_accounts), float64
        By row of the book's account table, with special values; written to again in the next frame.
    texts : list of AccountTexts or None
        By row; None in rows without an account.
    text_version : ndarray of shape (n_accounts,), int64
        Of the texts of each row.
    owner : ndarray of shape (n_accounts,), int64
        A number for the account in each row, never given twice.
    is_there : ndarray of shape (n_accounts,), bool
        Whether there is an account.
    """

    def __init__(self) -> None:
        self.values: FloatArray = np.zeros((len(COLUMNS), 0))
        self.texts: list[AccountTexts | None] = []
        self.text_version: CodeArray = np.zeros(0, np.int64)
        self.owner: CodeArray = np.zeros(0, np.int64)
        self.is_there: BoolArray = np.zeros(0, np.bool_)
        self._sequence = -1
        self._touched: BoolArray = np.zeros(0, np.bool_)
        self._names: list[str | None] = []
        self._link_said: list[tuple[LinkState, str | None] | None] = []
        self._n_owners = 0
        self._heavy = HeavyColumns()
        self._heavy_texts = self._heavy.texts
        self._whys = self._heavy.whys
        self._specs, self._states, self._links = ChangedObjects(), ChangedObjects(), ChangedObjects()
        self._is_heard: BoolArray = np.zeros(0, np.bool_)
        self._heard_version = 0
        self._as_of_s: FloatArray = np.zeros(0)
        self._facts: CodeArray = np.zeros((0, 0), np.int64)
        self._reasons: dict[tuple[Any, ...], dict[str, str]] = {}

    def look(self, frame: Frame) -> None:
        """Bring everything up to date, once for each frame. Cost: linear in accounts, without a loop but over changed ones."""
        self.prepare(frame)
        changed: list[int] = np.flatnonzero(self._touched).tolist()
        for code in changed:
            self._renew(frame, code)
        self._touched[:] = False

    def is_slow(self, frame: Frame) -> bool:
        """Return whether even :meth:`prepare` would go through all accounts one by one: at first, and when a measure is another."""
        if len(frame.book.specs) <= FEW_ROWS or frame.sequence == self._sequence:
            return False
        return self._sequence < 0 or self._heavy.has_news(frame)

    def prepare(self, frame: Frame) -> int:
        """Bring the numbers up to date; return of how many rows the texts are still to be made, of this very frame."""
        if frame.sequence == self._sequence:
            return int(np.count_nonzero(self._touched))
        self._sequence = frame.sequence
        n = len(frame.book.specs)
        self._make_room(n)
        touched = self._changed_sources(frame)
        is_new = self._heavy.look(frame, self._is_heard, self._heard_version)
        if self.values.shape[1] != n:
            self.values = np.empty((len(COLUMNS), n))
        self._fill(frame, self.values)
        self.values[len(LIGHT) :] = self._heavy.values
        facts = self._present_facts(frame, self.values)
        if facts.shape != self._facts.shape:
            touched[:] = True
        else:
            touched |= (facts != self._facts).any(axis=0)
        if is_new:
            before = self._heavy_texts
            is_same_size = before.shape == self._heavy.texts.shape
            touched |= (before != self._heavy.texts).any(axis=0) if is_same_size else True
            self._heavy_texts = self._heavy.texts
            if self._heavy.whys != self._whys:
                self._whys = self._heavy.whys
                touched |= facts[0] != 0
        self._facts = facts
        self._touched |= touched
        return int(np.count_nonzero(self._touched))

    def _make_room(self, n: int) -> None:
        lacking = n - len(self.texts)
        if lacking <= 0:
            return
        self.texts.extend([None] * lacking)
        self._names.extend([None] * lacking)
        self._link_said.extend([None] * lacking)
        self.text_version = np.concatenate((self.text_version, np.zeros(lacking, np.int64)))
        self.owner = np.concatenate((self.owner, np.zeros(lacking, np.int64)))
        self.is_there = np.concatenate((self.is_there, np.zeros(lacking, np.bool_)))
        self._is_heard = np.concatenate((self._is_heard, np.zeros(lacking, np.bool_)))
        self._as_of_s = np.concatenate((self._as_of_s, np.full(lacking, np.nan)))
        self._touched = np.concatenate((self._touched, np.zeros(lacking, np.bool_)))

    def _changed_sources(self, frame: Frame) -> BoolArray:
        """Return which rows have another account, or one of which something else is known."""
        book = frame.book
        touched = np.zeros(len(book.specs), np.bool_)
        for code in self._specs.since(book.specs):
            spec = book.specs[code]
            name = None if spec is None else spec.account_id
            if name != self._names[code]:
                self._n_owners += 1
                self._names[code], self.owner[code] = name, self._n_owners
            self.is_there[code] = spec is not None
            touched[code] = True
        for code in self._states.since(book.states):
            state = book.states[code]
            as_of_ns = None if state is None else state.as_of_ns
            self._as_of_s[code] = np.nan if as_of_ns is None else as_of_ns / 1e9
            if self._is_heard[code] != (state is not None):
                self._is_heard[code] = state is not None
                self._heard_version += 1
            texts = self.texts[code]
            said = (None, None) if state is None else (state.margin_mode, state.account_type)
            touched[code] |= texts is None or said != (texts.margin_mode, texts.account_type)
        for code in self._links.since(book.links):
            # Links are told of often, and mostly only to say that they still stand.
            link = book.links[code]
            said = None if link is None else (link.link_state, link.reason)
            touched[code] |= said != self._link_said[code]
            self._link_said[code] = said
        return touched

    def _fill(self, frame: Frame, values: FloatArray) -> None:
        """Write what frames measure."""
        of, errors, at_s = frame.accounts, frame.model_errors, frame.at_ns / 1e9
        is_silent = ~self._is_heard

        def put(name: str, column: FloatArray) -> None:
            values[PLACE[name]] = column

        # To the millisecond: the moment of a message must not seem to change with every frame.
        put("data_at_s", np.round(at_s - frame.data_age_s, 3))
        put("margin_at_s", self._as_of_s)
        for name in (*OURS, *VENUE_FIELDS, "adjusted_equity_usd"):
            put(name, getattr(of, name))
        put("model_error", errors.maintenance_margin)
        put("model_error_equity", errors.adjusted_equity)
        measured = errors.measured_at_ns
        put("model_error_at_s", np.where(measured > 0, measured / 1e9, np.nan))
        self._fill_sums(frame, values)
        first, last = PLACE[TIMES[0]], PLACE[SUMS[-1]]
        raw = values[first : last + 1]
        np.copyto(raw, np.nan, where=~np.isfinite(raw))
        for name in USAGES:
            put(name, judged(getattr(of, name), getattr(of, f"{name}_answer")))
        put(
            "venue_liquidation_distance",
            judged(of.liquidation_distance, of.liquidation_distance_answer),
        )
        for name in (*USAGES, *SUMS, "venue_liquidation_distance"):
            values[PLACE[name], is_silent] = np.nan
        has_total = of.maintenance_margin_usage_answer == Answer.MISSING
        is_alone = (frame.book.margin_mode == MODE_ISOLATED) & self._is_heard & ~has_total
        values[PLACE["adjusted_equity_usd"], is_alone] = -np.inf

    def _fill_sums(self, frame: Frame, values: FloatArray) -> None:
        of = frame.accounts
        unvalued, without_pnl = of.n_unvalued > 0, of.n_without_pnl > 0
        unknown = of.n_unvalued + of.n_unknown_coins > 0
        for name, column, lacks in (
            ("long_usd", of.long_usd, unvalued),
            ("short_usd", of.short_usd, unvalued),
            ("net_usd", of.net_usd, unvalued),
            ("gross_usd", of.gross_usd, unvalued),
            ("net_with_wallet_usd", of.net_with_wallet_usd, unknown),
            ("gross_with_wallet_usd", of.gross_with_wallet_usd, unknown),
            ("unrealized_pnl_usd", of.pnl_usd, without_pnl),
        ):
            values[PLACE[name]] = np.where(lacks, np.nan, column)
        values[PLACE["n_positions"]] = of.n_positions

    def _present_facts(self, frame: Frame, values: FloatArray) -> CodeArray:
        """Return what changes whenever the texts of an account may, its sources aside, shape (n_facts, n_accounts)."""
        of, is_missing = frame.accounts, np.isnan(values)
        bits: CodeArray = 1 << np.arange(len(COLUMNS), dtype=np.int64)
        facts = np.empty((9, values.shape[1]), np.int64)
        facts[0] = bits @ is_missing
        facts[1] = frame.inclusion
        facts[2] = of.estimate
        facts[3] = of.n_stale > 0
        facts[4] = of.lack
        facts[5] = of.lack_subject
        facts[6] = of.n_unvalued
        facts[7] = of.n_unknown_coins
        facts[8] = of.n_without_pnl
        return facts

    def _renew(self, frame: Frame, code: int) -> None:
        """Make the texts of a row anew, and count if they are others."""
        texts = self._made(frame, code)
        if texts != self.texts[code]:
            self.texts[code] = texts
            self.text_version[code] += 1

    def _made(self, frame: Frame, code: int) -> AccountTexts | None:
        book = frame.book
        spec, state, link = book.specs[code], book.states[code], book.links[code]
        if spec is None or frame.inclusion[code] == Inclusion.NONE:
            return None
        is_included = bool(frame.inclusion[code] == Inclusion.INCLUDED)
        estimate = int(frame.accounts.estimate[code])
        nearest_coin, worst_position, first_action, level, _ = self._heavy.texts[:, code]
        return AccountTexts(
            account_id=spec.account_id,
            venue=spec.venue,
            desk=spec.desk,
            owner=spec.owner,
            tags=spec.tags,
            margin_mode=None if state is None else state.margin_mode,
            account_type=None if state is None else state.account_type,
            link_state=str(LinkState.STARTING if link is None else link.link_state),
            is_fresh=is_included,
            is_included=is_included,
            is_stale_price=bool(frame.accounts.n_stale[code] > 0),
            has_unsafe_key=spec.allow_unsafe_key,
            is_estimated=estimate > 0,
            estimate=ESTIMATES.get(estimate),
            liquidation_distance_source="estimated",
            nearest_coin=nearest_coin,
            worst_position=worst_position,
            first_forced_action=first_action,
            risk_level=level,
            reason=None if is_included else why_left_out(frame, code),
            reasons=self._reasons_of(frame, code),
        )

    def _reasons_of(self, frame: Frame, code: int) -> dict[str, str]:
        """Return why numbers of a row are missing; rows alike in all that matters share what was found for one of them."""
        facts: list[int] = self._facts[:, code].tolist()
        if not facts[0]:
            return {}
        key = (
            *facts,
            bool(self._is_heard[code]),
            int(frame.book.margin_mode[code]),
            self._heavy.texts[-1, code],
            *self._heavy.whys,
        )
        found = self._reasons.get(key)
        if found is None:
            if len(self._reasons) >= REASONS_KEPT_MAX:
                self._reasons.clear()
            found = self._reasons[key] = {
                RENAMED.get(name, name): lasting(reason) or reason
                for name, reason in account_row(frame, code).reasons.items()
                if reason.startswith("missing")
            }
        return found
