"""What comes when: funding payments, places in the deleveraging queue, expiries."""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.calendar_rows import (
    AdlRow,
    ExpiryCalendar,
    ExpiryDate,
    ExpiryRow,
    FundingCalendar,
    FundingRow,
)
from marginwatch.risk.funding import funding_per_contract, payments_due
from marginwatch.risk.liquidation.exposures import leg_deltas
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.tables.nulls import Nulls

DAY_NS = 86_400_000_000_000


def funding_calendar(
    sheet: MarginSheet, hours: float = 24.0, left_out: Mapping[AccountId, str] = MappingProxyType({})
) -> FundingCalendar:
    """Return the funding due within some hours at present rates, by position and account.

    Perpetuals only: other contracts pay none. Payment = −quantity × multiplier × mark × rate (inverse: ÷ mark), in USD;
    later payments of the horizon are taken to be like the next.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    hours : float, default=24
        Horizon, ≥ 0.
    left_out : mapping of AccountId to str
        Accounts that count in no sum (stale, lost, stopped, not heard), and why; they have rows all the same.

    Raises
    ------
    ValueError
        If ``hours`` is negative or not finite.
    """
    if not 0.0 <= hours < math.inf:
        raise ValueError(f"hours must be finite and not negative, got {hours!r}")
    contract = sheet.leg_contract
    legs = np.flatnonzero(~sheet.is_option[contract] & (sheet.expiry_ns[contract] == 0))
    coming, n_payments = payments_due(sheet.next_funding_at_ns, sheet.funding_interval_s, sheet.at_ns, hours)
    once = (sheet.leg_quantity * funding_per_contract(sheet)[contract])[legs]
    due = once * n_payments[contract[legs]]
    # No payment within the horizon is nothing, whatever the rate.
    due = np.where(n_payments[contract[legs]] == 0.0, 0.0, due)
    positions = tuple(
        _position_funding(sheet, leg, coming, n_payments, float(once[row]), float(due[row]))
        for row, leg in enumerate(legs.tolist())
    )
    by_account: dict[AccountId, list[FundingRow]] = {}
    for one in positions:
        by_account.setdefault(one.account_id, []).append(one)
    counted = [one for one in positions if one.account_id not in left_out]
    known = [one.horizon_usd for one in counted if one.horizon_usd is not None]
    nulls = Nulls()
    # Nobody counts, or nothing is known: that is no funding of 0.
    is_unheard = all(name in left_out for name in sheet.account_ids)
    has_none = not known and (bool(counted) or (bool(left_out) and is_unheard))
    sums = {"horizon_usd": sum(known), "paid_usd": _paid(known), "received_usd": _received(known)}
    times = [one.next_at_ns for one in positions if one.next_at_ns is not None]
    if not times:
        nulls.reasons["next_at_ns"] = "missing: time of the next payment" if positions else "not_applicable"
    return FundingCalendar(
        hours=hours,
        next_at_ns=min(times, default=None),
        **{
            name: nulls.number(name, math.nan if has_none else float(value), "funding of all positions")
            for name, value in sums.items()
        },
        accounts=tuple(_account_funding(name, rows) for name, rows in by_account.items()),
        positions=positions,
        left_out=(
            *(f"{name}: {why}" for name, why in left_out.items()),
            *(
                f"{one.account_id} {one.instrument_id}: {one.reasons['horizon_usd'].removeprefix('missing: ')}"
                for one in counted
                if one.horizon_usd is None
            ),
        ),
        reasons=nulls.reasons,
    )


def _paid(payments: Iterable[float]) -> float:
    return math.fsum(max(-one, 0.0) for one in payments)


def _received(payments: Iterable[float]) -> float:
    return math.fsum(max(one, 0.0) for one in payments)


def _position_funding(
    sheet: MarginSheet, leg: int, coming: CodeArray, n_payments: FloatArray, once: float, due: float
) -> FundingRow:
    contract, nulls = int(sheet.leg_contract[leg]), Nulls()
    interval, next_at = int(sheet.funding_interval_s[contract]), int(coming[contract])
    rate = float(sheet.funding_rate[contract])
    lacking = (
        "funding rate"
        if math.isnan(rate)
        else "price"
        if math.isnan(once)
        else "time or interval of payments"
    )
    if not interval:
        nulls.reasons["interval_s"] = "missing: interval of payments"
    if not next_at:
        nulls.reasons["next_at_ns"] = "missing: time of the next payment"
    return FundingRow(
        account_id=sheet.account_ids[int(sheet.leg_account[leg])],
        instrument_id=str(sheet.contract_names[contract]),
        quantity=float(sheet.leg_quantity[leg]),
        funding_rate=nulls.number("funding_rate", rate, "funding rate"),
        interval_s=interval or None,
        next_at_ns=next_at or None,
        next_usd=nulls.number("next_usd", once, lacking),
        n_payments=nulls.count("n_payments", float(n_payments[contract]), "time or interval of payments"),
        horizon_usd=nulls.number("horizon_usd", due, lacking),
        paid_usd=nulls.number("paid_usd", max(-due, 0.0) if due == due else due, lacking),
        received_usd=nulls.number("received_usd", max(due, 0.0) if due == due else due, lacking),
        reasons=nulls.reasons,
    )


def _account_funding(account_id: AccountId, rows: list[FundingRow]) -> FundingRow:
    """Return the sums of an account, null if one of its positions is."""
    nulls = Nulls()
    nulls.reasons |= dict.fromkeys(("quantity", "funding_rate", "interval_s"), "not_applicable")
    n_missing = sum(1 for row in rows if row.horizon_usd is None)
    known = [row.horizon_usd for row in rows if row.horizon_usd is not None]
    times = [row.next_at_ns for row in rows if row.next_at_ns is not None]
    next_at = min(times) if len(times) == len(rows) else None
    if next_at is None:
        nulls.reasons["next_at_ns"] = f"missing: {len(rows) - len(times)} positions without a time"
    at_next = [row.next_usd for row in rows if row.next_at_ns == next_at]
    summed = (
        math.fsum(math.nan if one is None else one for one in at_next) if next_at is not None else math.nan
    )
    counts = [math.nan if row.n_payments is None else float(row.n_payments) for row in rows]
    return FundingRow(
        account_id=account_id,
        instrument_id=None,
        quantity=None,
        funding_rate=None,
        interval_s=None,
        next_at_ns=next_at,
        next_usd=nulls.number("next_usd", summed, "the next payment of a position"),
        n_payments=nulls.count("n_payments", math.fsum(counts), "number of payments of a position"),
        horizon_usd=nulls.complete("horizon_usd", math.fsum(known), n_missing, "positions"),
        paid_usd=nulls.complete("paid_usd", _paid(known), n_missing, "positions"),
        received_usd=nulls.complete("received_usd", _received(known), n_missing, "positions"),
        reasons=nulls.reasons,
    )


def adl_rows(sheet: MarginSheet, adl_rank: CodeArray) -> tuple[AdlRow, ...]:
    """Return all derivative positions, those first in the queue first, unknown ranks before all others.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    adl_rank : ndarray of int64
        By row of the book's position table (``columns.facts.legs.adl_rank``); −1 where not said.
    """
    notional, rows = _notional_usd(sheet), list[AdlRow]()
    for leg, place in enumerate(sheet.leg_position_row.tolist()):
        nulls, rank = Nulls(), int(adl_rank[place])
        if rank < 0:
            nulls.reasons["rank"] = "missing: the venue does not state a place in the queue"
        rows.append(
            AdlRow(
                account_id=sheet.account_ids[int(sheet.leg_account[leg])],
                instrument_id=str(sheet.contract_names[int(sheet.leg_contract[leg])]),
                quantity=float(sheet.leg_quantity[leg]),
                rank=rank if rank >= 0 else None,
                notional_usd=nulls.number("notional_usd", float(notional[leg]), "price"),
                reasons=nulls.reasons,
            )
        )
    return tuple(
        sorted(
            rows, key=lambda row: (row.rank is not None, -(row.rank or 0), -(row.notional_usd or math.inf))
        )
    )


def _notional_usd(sheet: MarginSheet) -> FloatArray:
    """Return |quantity| × multiplier × price, USD, shape (n,): mark, of options the underlying's forward."""
    contract = sheet.leg_contract
    price = np.where(sheet.is_option[contract], sheet.underlying_price[contract], sheet.mark_price[contract])
    size = np.abs(sheet.leg_quantity) * sheet.multiplier[contract]
    quote_usd = sheet.coin_usd[sheet.quote_coin[contract]]
    # An inverse contract is worth so many USD, whatever its mark.
    return np.where(sheet.is_inverse[contract], size, size * price * quote_usd)


def expiry_calendar(
    sheet: MarginSheet, left_out: Mapping[AccountId, str] = MappingProxyType({})
) -> ExpiryCalendar:
    """Return the expiries of all options and dated futures held, the nearest first.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    left_out : mapping of AccountId to str
        Accounts that count in no sum, and why; their positions are listed and counted all the same.
    """
    contract = sheet.leg_contract
    dated = np.flatnonzero(sheet.expiry_ns[contract] > 0)
    legs: list[int] = dated[np.argsort(sheet.expiry_ns[contract[dated]], kind="stable")].tolist()
    notional, delta = _notional_usd(sheet), leg_deltas(sheet)
    positions = tuple(_expiry_row(sheet, leg, float(notional[leg]), float(delta[leg])) for leg in legs)
    by_date: dict[int, list[ExpiryRow]] = {}
    for one in positions:
        by_date.setdefault(one.expiry_ns, []).append(one)
    dates = tuple(_expiry_date(rows, left_out) for rows in by_date.values())
    return ExpiryCalendar(dates=dates, positions=positions)


def _expiry_row(sheet: MarginSheet, leg: int, notional: float, delta: float) -> ExpiryRow:
    contract, nulls = int(sheet.leg_contract[leg]), Nulls()
    expiry = int(sheet.expiry_ns[contract])
    return ExpiryRow(
        account_id=sheet.account_ids[int(sheet.leg_account[leg])],
        instrument_id=str(sheet.contract_names[contract]),
        underlying_asset=sheet.coin_names[int(sheet.underlying_coin[contract])],
        is_option=bool(sheet.is_option[contract]),
        quantity=float(sheet.leg_quantity[leg]),
        expiry_ns=expiry,
        days_left=max(expiry - sheet.at_ns, 0) / DAY_NS,
        notional_usd=nulls.number("notional_usd", notional, "price"),
        delta_usd=nulls.number("delta_usd", delta, "price or volatility"),
        reasons=nulls.reasons,
    )


def _expiry_date(rows: list[ExpiryRow], left_out: Mapping[AccountId, str]) -> ExpiryDate:
    reasons: dict[str, str] = {}

    def summed(field: str, values: list[tuple[AccountId, float | None]]) -> float | None:
        known = [value for name, value in values if value is not None and name not in left_out]
        if len(known) < len(values):
            reasons[field] = f"missing: {len(values) - len(known)} of {len(values)} positions"
        return math.fsum(known) if known or not values else None

    return ExpiryDate(
        expiry_ns=rows[0].expiry_ns,
        days_left=rows[0].days_left,
        n_positions=len(rows),
        option_notional_usd=summed(
            "option_notional_usd", [(row.account_id, row.notional_usd) for row in rows if row.is_option]
        ),
        future_notional_usd=summed(
            "future_notional_usd", [(row.account_id, row.notional_usd) for row in rows if not row.is_option]
        ),
        delta_usd=summed("delta_usd", [(row.account_id, row.delta_usd) for row in rows]),
        reasons=reasons,
    )
