"""One row for each account, by danger."""

import math
from collections.abc import Collection
from typing import Any

import numpy as np

from marginwatch.model.connectivity import LinkState
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.margin.estimates import TEXTS
from marginwatch.risk.margin.lacking import OF_CONTRACT, Lack, why
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.table_rows import AccountRow
from marginwatch.risk.tables.distances import chance_fields, distance_fields, level_fields
from marginwatch.risk.tables.left_out import why_left_out
from marginwatch.risk.tables.nulls import Nulls

NOT_HEARD = "not heard yet"

VENUE_FIELDS = (
    "venue_equity_usd",
    "venue_adjusted_equity_usd",
    "venue_initial_margin_usd",
    "venue_maintenance_margin_usd",
    "venue_free_usd",
)


def account_rows(frame: Frame, codes: Collection[int] | None = None) -> list[AccountRow]:
    """Return accounts, the most endangered first: highest maintenance margin usage, unknown ones before idle.

    Parameters
    ----------
    frame : Frame
        Whose.
    codes : collection of int or None
        Rows of the book's account table that are wanted; None for all.
    """
    rows = [
        account_row(frame, code)
        for code in np.flatnonzero(frame.inclusion != Inclusion.NONE).tolist()
        if frame.book.specs[code] is not None and (codes is None or code in codes)
    ]
    return sorted(rows, key=_danger)


def _danger(row: AccountRow) -> tuple[int, float, str]:
    value = row.maintenance_margin_usage
    if value is None:
        is_missing = row.reasons.get("maintenance_margin_usage", "").startswith("missing")
        return (1 if is_missing else 2, 0.0, row.account_id)
    return (0, -value, row.account_id)


class _AccountNulls(Nulls):
    """Of an account never heard no question can be answered, not even that it makes no sense."""

    def __init__(self, is_heard: bool, n_unvalued: float) -> None:
        super().__init__()
        self.is_heard = is_heard
        self.n_unvalued = n_unvalued

    def total(self, field: str, value: float, n_missing: float | None = None) -> float | None:
        """Return a sum over rows if no row lacks its price, or whatever else ``n_missing`` counts."""
        lacking = self.n_unvalued if n_missing is None else n_missing
        return self.judged(field, math.nan if lacking else value, f"{int(lacking)} rows without a price")

    def judged(self, field: str, value: float, why: str, answer: int | None = None) -> float | None:
        """Return what :meth:`number` does, for an account that was heard."""
        if not self.is_heard:
            return self.number(field, math.nan, NOT_HEARD)
        return self.number(field, value, why, answer)


def account_row(frame: Frame, code: int) -> AccountRow:
    """Return one account by its row in the book."""
    of, book = frame.accounts, frame.book
    spec, state, link = book.specs[code], book.states[code], book.links[code]
    if spec is None:
        raise ValueError(f"code must be the row of an account, got {code}")
    included = Inclusion(int(frame.inclusion[code]))
    is_heard = state is not None
    nulls = _AccountNulls(is_heard, float(of.n_unvalued[code]))
    unknown = nulls.n_unvalued + float(of.n_unknown_coins[code])
    long_usd, short_usd = float(of.long_usd[code]), float(of.short_usd[code])
    with_wallet = float(of.long_with_wallet_usd[code]), float(of.short_with_wallet_usd[code])
    return AccountRow(
        account_id=spec.account_id,
        venue=spec.venue,
        desk=spec.desk,
        owner=spec.owner,
        tags=spec.tags,
        margin_mode=None if state is None else state.margin_mode,
        account_type=None if state is None else state.account_type,
        link_state=LinkState.STARTING if link is None else link.link_state,
        is_fresh=included is Inclusion.INCLUDED,
        is_included=included is Inclusion.INCLUDED,
        is_stale_price=bool(of.n_stale[code] > 0),
        has_unsafe_key=spec.allow_unsafe_key,
        data_age_s=nulls.number("data_age_s", frame.data_age_s[code], NOT_HEARD),
        margin_age_s=nulls.number("margin_age_s", _margin_age_s(frame, code), NOT_HEARD),
        **_margins(frame, code, nulls),
        long_usd=nulls.total("long_usd", long_usd),
        short_usd=nulls.total("short_usd", short_usd),
        net_usd=nulls.total("net_usd", long_usd - short_usd),
        gross_usd=nulls.total("gross_usd", long_usd + short_usd),
        net_with_wallet_usd=nulls.total("net_with_wallet_usd", with_wallet[0] - with_wallet[1], unknown),
        gross_with_wallet_usd=nulls.total("gross_with_wallet_usd", with_wallet[0] + with_wallet[1], unknown),
        hedge_ratio=nulls.judged(
            "hedge_ratio", of.hedge_ratio[code], "rows without a price", int(of.hedge_ratio_answer[code])
        ),
        unrealized_pnl_usd=nulls.total("unrealized_pnl_usd", of.pnl_usd[code], float(of.n_without_pnl[code])),
        n_positions=nulls.count("n_positions", of.n_positions[code] if is_heard else math.nan, NOT_HEARD),
        venue_liquidation_distance=nulls.judged(
            "venue_liquidation_distance",
            of.liquidation_distance[code],
            no_distance(frame, code),
            int(of.liquidation_distance_answer[code]),
        ),
        **distance_fields(frame.heavy.distance.held_at(frame.at_ns), spec.account_id, nulls),
        **chance_fields(frame.heavy.chances.held_at(frame.at_ns), spec.account_id, nulls),
        **level_fields(frame.heavy.levels.held_at(frame.at_ns), spec.account_id, nulls),
        reason=None if included is Inclusion.INCLUDED else why_left_out(frame, code),
        reasons=nulls.reasons,
    )


def _margins(frame: Frame, code: int, nulls: _AccountNulls) -> dict[str, Any]:
    """Return the fields of a row that are about margins: ours, the venue's, and how far they were apart."""
    of, errors = frame.accounts, frame.model_errors
    lack = lacking_of(frame, code) or "adjusted equity"
    said = "the venue has not said" if nulls.is_heard else NOT_HEARD
    has_total = of.maintenance_margin_usage_answer[code] == Answer.MISSING or not _is_isolated(frame, code)
    found: dict[str, Any] = {}
    for name in ("equity_usd", "initial_margin_usd", "maintenance_margin_usd", "free_usd"):
        found[name] = nulls.number(name, getattr(of, name)[code], lack)
    found["adjusted_equity_usd"] = nulls.number(
        "adjusted_equity_usd",
        of.adjusted_equity_usd[code],
        lack,
        None if has_total else Answer.NOT_APPLICABLE,
    )
    for name in ("maintenance_margin_usage", "initial_margin_usage", "effective_leverage"):
        answer = int(getattr(of, f"{name}_answer")[code])
        found[name] = nulls.judged(name, getattr(of, name)[code], lack, answer)
    for name in VENUE_FIELDS:
        found[name] = nulls.number(name, getattr(of, name)[code], said)
    unmeasured = "not measured since the venue last stated its figures"
    for name, errors_of in (
        ("model_error", errors.maintenance_margin),
        ("model_error_equity", errors.adjusted_equity),
    ):
        found[name] = nulls.number(name, errors_of[code], unmeasured)
    measured_ns = int(errors.measured_at_ns[code])
    age = (frame.at_ns - measured_ns) / 1e9 if measured_ns else math.nan
    found["model_error_age_s"] = nulls.number("model_error_age_s", age, unmeasured)
    estimate = int(of.estimate[code])
    return found | {"is_estimated": estimate > 0, "estimate": TEXTS.get(estimate)}


def _is_isolated(frame: Frame, code: int) -> bool:
    state = frame.book.states[code]
    return state is not None and state.margin_mode == "isolated"


def lacking_of(frame: Frame, code: int) -> str | None:
    """Return in words what our margins of an account lack, by its row in the book; None if nothing."""
    kind, subject = int(frame.accounts.lack[code]), int(frame.accounts.lack_subject[code])
    if kind == Lack.NOTHING:
        return None
    if kind in OF_CONTRACT:
        contract = frame.book.instruments[subject]
        return why(kind, contract.instrument_id if contract else None)
    return why(kind, frame.book.coins[int(frame.prices.coin[subject])])


def no_distance(frame: Frame, code: int) -> str:
    """Return what a missing distance to liquidation lacks; ``code`` is the account's row in the book."""
    state = frame.book.states[code]
    if state is not None and state.margin_mode == "portfolio":
        return "the venue names no liquidation price in portfolio margin"
    if state is not None and state.margin_mode == "unknown":
        return "the venue names a margin mode that is not known here"
    return "mark price"


def _margin_age_s(frame: Frame, code: int) -> float:
    """Return the age of the venue's totals; by its clock and ours, so never below 0, and NaN if it gave no time."""
    state = frame.book.states[code]
    if state is None or state.as_of_ns is None:
        return math.nan
    return max(0.0, (frame.at_ns - state.as_of_ns) / 1e9)
