"""A way to hedge as a row: its trades, what it leaves open, and every account before and after."""

import math
from typing import Literal, NamedTuple

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.advice.hedge_sizes import NoSizes, Size
from marginwatch.risk.advice.hedge_trades import Costed, costed
from marginwatch.risk.advice.pictures import account_pictures
from marginwatch.risk.advice.rows import (
    AccountPicture,
    Hedge,
    HedgeEffect,
    HedgeTrade,
    OpenExposure,
)
from marginwatch.risk.advice.scope import Scope
from marginwatch.risk.advice.settings import HedgeSettings
from marginwatch.risk.advice.trade_terms import TradeTerms
from marginwatch.risk.advice.trades import with_trades
from marginwatch.risk.margin.part import part_of
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.tables.nulls import Nulls
from marginwatch.risk.workspace import Workspace

Kind = Literal["beta", "minimum_variance", "largest_contributor"]

COSTS = ("cost_usd", "fee_usd", "half_spread_usd", "funding_usd")

NOTICED_USD = 1.0
"""More maintenance margin than this, and more than a millionth, is new margin."""

NOTICED_DISTANCE = 1e-4
"""An account that comes nearer to its limit by more than this comes nearer: one basis point of Bitcoin's price."""


class Before(NamedTuple):
    """The scope before any hedge: its accounts as a sheet of their own, where each of them is in it, and pictures."""

    scope: Scope
    sheet: MarginSheet
    place: dict[int, int]
    pictures: list[AccountPicture]


def before_hedges(scope: Scope, accounts: CodeArray) -> Before:
    """Return the accounts of a scope (and those that would trade for it) as they are."""
    sheet = part_of(scope.sheet, accounts).sheet
    place = {row: number for number, row in enumerate(accounts.tolist())}
    return Before(scope, sheet, place, account_pictures(sheet, scope.betas, Workspace()))


def hedge_row(
    kind: Kind, sizes: list[Size] | NoSizes, before: Before, terms: TradeTerms, settings: HedgeSettings
) -> Hedge:
    """Return one way to hedge as a row."""
    if isinstance(sizes, NoSizes):
        return _missing_row(kind, sizes.reason, before)
    scope, nulls = before.scope, Nulls()
    found = [costed(scope.sheet, terms, size, settings) for size in sizes]
    local = tuple(each.trade._replace(account=before.place[each.trade.account]) for each in found)
    after = before.pictures
    if found:
        after_sheet = with_trades(before.sheet, local, settings.leverage)
        after = account_pictures(after_sheet, scope.betas, Workspace())
    exposure = _after(scope, found)
    left = float(scope.betas.value @ exposure)
    is_delta_neutral = abs(left) <= max(NOTICED_USD, 0.01 * abs(scope.beta_delta)) if found else None
    warnings, is_neutral = _neutrality(before, after, found, is_delta_neutral)
    trades = tuple(_trade_row(each, before, after, terms) for each in found)
    return Hedge(
        kind=kind,
        status="possible" if found else "nothing_to_do",
        trades=trades,
        **{
            name: nulls.number(name, math.fsum(getattr(each, name) for each in found), "a cost of a trade")
            for name in COSTS
        },
        beta_delta_before_usd=scope.beta_delta,
        beta_delta_after_usd=left,
        **_sigmas(scope, exposure, nulls),
        open_exposures=_open(scope, exposure),
        accounts=_effects(before, after),
        is_delta_neutral=is_delta_neutral,
        is_margin_neutral=is_neutral,
        warnings=warnings,
        summary=_summary(trades, scope.beta_delta, left, is_neutral),
        reasons=nulls.reasons,
    )


def _missing_row(kind: Kind, reason: str, before: Before) -> Hedge:
    """Return a way to hedge of which no size can be told: nothing is said of what it would do."""
    scope, nulls, why = before.scope, Nulls(), f"missing: {reason}"
    unknown = (*COSTS, "beta_delta_after_usd", "sigma_after_usd", "trades")
    sigmas = _sigmas(scope, scope.exposure, nulls)
    return Hedge(
        kind=kind,
        status="missing",
        trades=(),
        **dict.fromkeys(COSTS),
        beta_delta_before_usd=scope.beta_delta,
        beta_delta_after_usd=None,
        sigma_before_usd=sigmas["sigma_before_usd"],
        sigma_after_usd=None,
        open_exposures=_open(scope, scope.exposure),
        accounts=_effects(before, before.pictures),
        is_delta_neutral=None,
        is_margin_neutral=None,
        warnings=(),
        summary=why,
        reasons=nulls.reasons | dict.fromkeys(unknown, why),
    )


def _sigmas(scope: Scope, exposure: FloatArray, nulls: Nulls) -> dict[str, float | None]:
    why = "no covariances: there is no price history yet"
    if scope.covariance is not None:
        why = f"no covariances of {', '.join(scope.unknown_coins) or 'a coin'}"
    return {
        name: nulls.number(name, scope.sigma(each), why)
        for name, each in (("sigma_before_usd", scope.exposure), ("sigma_after_usd", exposure))
    }


def _after(scope: Scope, found: list[Costed]) -> FloatArray:
    exposure = scope.exposure.copy()
    for each in found:
        exposure[scope.sheet.underlying_coin[each.trade.contract]] += each.delta_usd
    return exposure


def _trade_row(each: Costed, before: Before, after: list[AccountPicture], terms: TradeTerms) -> HedgeTrade:
    sheet, trade, nulls = before.scope.sheet, each.trade, Nulls()
    fields = {
        "fee_usd": nulls.number("fee_usd", each.fee_usd, "taker fee of the account in the contract"),
        "half_spread_usd": nulls.number("half_spread_usd", each.half_spread_usd, "bid and ask price"),
        "funding_usd": nulls.number("funding_usd", each.funding_usd, "funding rate, time or interval"),
        "cost_usd": nulls.number("cost_usd", each.cost_usd, "fee, half spread or funding"),
        "mark_price": nulls.number("mark_price", float(sheet.mark_price[trade.contract]), "mark price"),
    }
    return HedgeTrade(
        account_id=sheet.account_ids[trade.account],
        instrument_id=str(sheet.contract_names[trade.contract]),
        quantity=float(trade.quantity),
        is_step_known=bool(terms.quantity_step[trade.contract] > 0.0),
        delta_usd=float(each.delta_usd),
        **fields,
        stop_price=_stop(each, before, after[before.place[trade.account]], nulls),
        reasons=nulls.reasons,
    )


def _stop(each: Costed, before: Before, picture: AccountPicture, nulls: Nulls) -> float | None:
    """Return the contract's mark at the account's limit, on the side on which the trade loses."""
    sheet, betas, contract = before.scope.sheet, before.scope.betas.value, each.trade.contract
    exponent = float(betas[sheet.underlying_coin[contract]] - betas[sheet.quote_coin[contract]])
    way = "down" if each.delta_usd * exponent > 0.0 else "up"
    shock: float | None = getattr(picture, f"distance_{way}")
    if exponent == 0.0:
        nulls.reasons["stop_price"] = "not_applicable"
        return None
    if shock is None:
        nulls.reasons["stop_price"] = picture.reasons[f"distance_{way}"]
        return None
    return float(sheet.mark_price[contract]) * (1.0 + shock) ** exponent


def _open(scope: Scope, exposure: FloatArray) -> tuple[OpenExposure, ...]:
    rows = np.flatnonzero(((exposure != 0.0) | (scope.exposure != 0.0)) & ~scope.sheet.coin_is_exempt)
    found: dict[str, tuple[float, float]] = {}
    for row in rows.tolist():
        name = str(scope.sheet.coin_names[row])
        old, new = found.get(name, (0.0, 0.0))
        found[name] = (old + float(scope.exposure[row]), new + float(exposure[row]))
    return tuple(
        OpenExposure(coin=name, before_usd=old, after_usd=new)
        for name, (old, new) in sorted(found.items(), key=lambda each: -abs(each[1][1]))
    )


def _effects(before: Before, after: list[AccountPicture]) -> tuple[HedgeEffect, ...]:
    sheet = before.sheet
    return tuple(
        HedgeEffect(
            account_id=account_id,
            is_estimated=bool(sheet.is_estimated[row]),
            before=before.pictures[row],
            after=after[row],
        )
        for row, account_id in enumerate(sheet.account_ids)
    )


def _neutrality(
    before: Before,
    after: list[AccountPicture],
    found: list[Costed],
    is_delta_neutral: bool | None,
) -> tuple[tuple[str, ...], bool | None]:
    """Return what of accounts gets worse, in sentences, and whether nothing does; None if that cannot be told."""
    worse: list[str] = []
    is_unknown = False
    notes: list[str] = []
    for row in sorted({before.place[each.trade.account] for each in found}):
        name, old, new = before.sheet.account_ids[row], before.pictures[row], after[row]
        was, now = _need(old), _need(new)
        if was is None or now is None:
            is_unknown |= _is_missing(old, "maintenance_margin_usd") or _is_missing(
                new, "maintenance_margin_usd"
            )
        elif now - was > max(NOTICED_USD, 1e-6 * was):
            worse.append(f"{name} needs {now - was:,.2f} USD more maintenance margin")
        for way in ("down", "up"):
            near = _nearer(old, new, way)
            if near is None:
                is_unknown = True
            elif near:
                worse.append(f"{name} comes nearer to its limit: {near}")
        if new.available_usd is not None and new.available_usd < 0.0 <= (old.available_usd or 0.0):
            notes.append(
                f"{name} lacks {-new.available_usd:,.2f} USD of initial margin: the venue would refuse it"
            )
    if worse:
        said = "delta-neutral but not margin-neutral" if is_delta_neutral else "not margin-neutral"
        return (said, *worse, *notes), False
    return tuple(notes), None if is_unknown or not found else True


def _need(picture: AccountPicture) -> float | None:
    return picture.maintenance_margin_usd


def _is_missing(picture: AccountPicture, field: str) -> bool:
    return picture.reasons.get(field, "").startswith("missing")


def _nearer(old: AccountPicture, new: AccountPicture, way: str) -> str | None:
    """Return how much nearer the limit is on one way, empty if it is not, None if that is not known."""
    field = f"distance_{way}"
    if _is_missing(old, field) or _is_missing(new, field):
        return None
    was: float | None = getattr(old, field)
    now: float | None = getattr(new, field)
    if now is None or (was is not None and abs(was) - abs(now) <= NOTICED_DISTANCE):
        return ""
    return f"{'none' if was is None else f'{was:+.2%}'} before, {now:+.2%} after"


def _symbol(instrument_id: str) -> str:
    """Return the venue's own name of a contract, which is what people look for there."""
    return instrument_id.rpartition(":")[2]


def _summary(trades: tuple[HedgeTrade, ...], before: float, after: float, is_neutral: bool | None) -> str:
    if not trades:
        return f"nothing to do: the beta-weighted delta is {before:,.0f} USD"
    said = ", ".join(
        f"{'buy' if one.quantity > 0.0 else 'sell'} {abs(one.quantity):,.12g} {_symbol(one.instrument_id)}"
        f" on {one.account_id}"
        for one in trades
    )
    neutral = {
        True: "margin-neutral",
        False: "not margin-neutral",
        None: "its effect on margins is not known",
    }
    return f"{said}: beta-weighted delta {before:,.0f} → {after:,.0f} USD; {neutral[is_neutral]}"
