"""Rows for people, made from one frame. Loops are fine here: this runs when somebody looks."""

import math

import numpy as np

from marginwatch.model.connectivity import LinkState
from marginwatch.model.ids import AccountId
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import Frame
from marginwatch.risk.group_measures import GroupMeasures
from marginwatch.risk.measures.exposure import concentration
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.measures.opposition import PAIRS_MAX, opposed_pairs
from marginwatch.risk.table_rows import (
    AccountRow,
    ExposureRow,
    NotIncluded,
    OppositionRow,
    PortfolioSummary,
    PositionRow,
)

WHY = {
    Inclusion.STARTING: "not heard completely yet",
    Inclusion.STALE: "not heard for too long",
    Inclusion.LOST: "neither the stream nor the REST interface answers; it is being retried",
    Inclusion.STOPPED: "stopped",
}


class Nulls:
    """Turns numbers that are none into None, and remembers why."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def number(self, field: str, value: float, why: str, answer: int | None = None) -> float | None:
        """Return a finite value, else None with ``missing: why``, or with the kind of answer if one is given."""
        if answer == Answer.NOT_APPLICABLE:
            self.reasons[field] = "not_applicable"
        elif answer == Answer.NONE_IN_RANGE:
            self.reasons[field] = "none_in_range"
        elif answer == Answer.MISSING or not math.isfinite(value):
            self.reasons[field] = f"missing: {why}"
        else:
            return float(value)
        return None

    def complete(self, field: str, value: float, n_missing: float, what: str) -> float | None:
        """Return a sum if nothing is missing from it, else None with how much is."""
        return self.number(field, math.nan if n_missing else value, f"{int(n_missing)} {what}")


def account_rows(frame: Frame) -> list[AccountRow]:
    """Return all accounts, the most endangered first: highest maintenance margin usage, unknown ones before idle."""
    rows = [
        account_row(frame, code)
        for code in np.flatnonzero(frame.inclusion != Inclusion.NONE).tolist()
        if frame.book.specs[code] is not None
    ]
    return sorted(rows, key=_danger)


def _danger(row: AccountRow) -> tuple[int, float, str]:
    value = row.maintenance_margin_usage
    if value is None:
        is_missing = row.reasons.get("maintenance_margin_usage", "").startswith("missing")
        return (1 if is_missing else 2, 0.0, row.account_id)
    return (0, -value, row.account_id)


def account_row(frame: Frame, code: int) -> AccountRow:
    """Return one account by its row in the book."""
    of, book = frame.accounts, frame.book
    spec, state, link = book.specs[code], book.states[code], book.links[code]
    if spec is None:
        raise ValueError(f"code must be the row of an account, got {code}")
    included = Inclusion(int(frame.inclusion[code]))
    nulls = Nulls()
    unvalued = float(of.n_unvalued[code])
    unknown = unvalued + float(of.n_unknown_coins[code])
    said = "the venue has not said"

    def sums(field: str, value: float, n_missing: float = unvalued) -> float | None:
        if state is None:
            return nulls.number(field, math.nan, "not heard yet")
        return nulls.complete(field, value, n_missing, "rows without a price")

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
        data_age_s=nulls.number("data_age_s", frame.data_age_s[code], "not heard yet"),
        equity_usd=nulls.number("equity_usd", of.equity_usd[code], said),
        adjusted_equity_usd=nulls.number("adjusted_equity_usd", of.adjusted_equity_usd[code], said),
        initial_margin_usd=nulls.number("initial_margin_usd", of.initial_margin_usd[code], said),
        maintenance_margin_usd=nulls.number("maintenance_margin_usd", of.maintenance_margin_usd[code], said),
        free_usd=nulls.number("free_usd", of.free_usd[code], said),
        maintenance_margin_usage=nulls.number(
            "maintenance_margin_usage",
            of.maintenance_margin_usage[code],
            "margin or adjusted equity",
            int(of.maintenance_margin_usage_answer[code]),
        ),
        initial_margin_usage=nulls.number(
            "initial_margin_usage",
            of.initial_margin_usage[code],
            "margin or adjusted equity",
            int(of.initial_margin_usage_answer[code]),
        ),
        long_usd=sums("long_usd", long_usd),
        short_usd=sums("short_usd", short_usd),
        net_usd=sums("net_usd", long_usd - short_usd),
        gross_usd=sums("gross_usd", long_usd + short_usd),
        net_with_wallet_usd=sums("net_with_wallet_usd", with_wallet[0] - with_wallet[1], unknown),
        gross_with_wallet_usd=sums("gross_with_wallet_usd", with_wallet[0] + with_wallet[1], unknown),
        hedge_ratio=nulls.number(
            "hedge_ratio", of.hedge_ratio[code], "rows without a price", int(of.hedge_ratio_answer[code])
        ),
        unrealized_pnl_usd=sums("unrealized_pnl_usd", of.pnl_usd[code], float(of.n_without_pnl[code])),
        n_positions=int(of.n_positions[code]),
        liquidation_distance=nulls.number(
            "liquidation_distance",
            of.liquidation_distance[code],
            _no_distance(frame, code),
            int(of.liquidation_distance_answer[code]),
        ),
        reason=None if included is Inclusion.INCLUDED else _why(frame, code),
        reasons=nulls.reasons,
    )


def _no_distance(frame: Frame, code: int) -> str:
    """Return what a missing distance to liquidation lacks."""
    state = frame.book.states[code]
    if state is not None and state.margin_mode == "portfolio":
        return "the venue names no liquidation price in portfolio margin"
    return "mark price"


def _why(frame: Frame, code: int) -> str:
    link = frame.book.links[code]
    if link is not None and link.reason is not None:
        return link.reason
    return WHY[Inclusion(int(frame.inclusion[code]))]


def position_rows(frame: Frame, account_id: AccountId | None = None) -> list[PositionRow]:
    """Return open positions, of one account or of all, largest USD delta first, those without a price before."""
    rows: list[PositionRow] = []
    for row in np.flatnonzero(frame.book.quantity != 0.0).tolist():
        spec = frame.book.specs[int(frame.book.account[row])]
        if spec is not None and (account_id is None or spec.account_id == account_id):
            rows.append(_position_row(frame, row))
    return sorted(rows, key=lambda row: (row.exposure_usd is not None, -abs(row.exposure_usd or 0.0)))


def _position_row(frame: Frame, row: int) -> PositionRow:
    book = frame.book
    position, code = book.positions[row], int(book.instrument[row])
    account = int(book.account[row])
    spec = book.specs[account]
    if position is None or spec is None:
        raise AssertionError(f"row {row} of the frozen book is open and has no position or account")
    instrument = book.instruments[code] or position.instrument
    nulls = Nulls()
    mark = nulls.number("mark_price", frame.values.mark_price[code], "no price young enough")
    distance = None
    state = book.states[account]
    if position.liquidation_price is None and state is not None and state.margin_mode == "portfolio":
        nulls.reasons["liquidation_distance"] = f"missing: {_no_distance(frame, account)}"
    elif position.liquidation_price is None:
        nulls.reasons["liquidation_distance"] = "none_in_range"
    elif mark is None:
        nulls.reasons["liquidation_distance"] = "missing: mark price"
    else:
        distance = abs(mark - float(position.liquidation_price)) / mark
    return PositionRow(
        account_id=spec.account_id,
        venue=spec.venue,
        instrument_id=instrument.instrument_id,
        venue_symbol=instrument.venue_symbol,
        instrument_kind=instrument.instrument_kind,
        is_inverse=instrument.is_inverse,
        underlying_asset=instrument.underlying_asset,
        settle_asset=instrument.settle_asset,
        position_side=position.position_side,
        quantity=position.quantity,
        entry_price=position.entry_price,
        liquidation_price=position.liquidation_price,
        initial_margin=position.initial_margin,
        maintenance_margin=position.maintenance_margin,
        leverage_setting=position.leverage_setting,
        margin_mode=position.margin_mode,
        status=position.status,
        is_included=bool(frame.inclusion[account] == Inclusion.INCLUDED),
        is_stale_price=bool(frame.values.is_stale[code]),
        is_inferred=instrument.is_inferred,
        mark_price=mark,
        notional_usd=nulls.number("notional_usd", frame.rows.notional_usd[row], "price"),
        exposure_usd=nulls.number("exposure_usd", frame.rows.exposure_usd[row], "price or option delta"),
        unrealized_pnl=nulls.number("unrealized_pnl", frame.rows.pnl_coin[row], "price or entry price"),
        unrealized_pnl_usd=nulls.number(
            "unrealized_pnl_usd", frame.rows.pnl_usd[row], "price or entry price"
        ),
        liquidation_distance=distance,
        ts_venue_ns=position.ts_venue_ns,
        desk=spec.desk,
        reasons=nulls.reasons,
    )


def exposure_by_asset(frame: Frame) -> list[ExposureRow]:
    """Return the exposure of each coin that somebody bets on or owns, largest |net with wallet| first, cash last."""
    of = frame.assets
    shares = concentration(of.long_usd - of.short_usd, float((of.long_usd + of.short_usd).sum()))
    is_cash = {int(coin) for coin in frame.prices.coin[frame.prices.is_cash]}
    rows: list[ExposureRow] = []
    for coin in range(1, of.long_usd.shape[0]):
        touched = of.long_usd[coin] or of.short_usd[coin] or of.coin_equity[coin]
        if not (touched or of.n_unvalued[coin] or of.n_unknown_coins[coin]):
            continue
        nulls = Nulls()
        net = float(of.long_usd[coin] - of.short_usd[coin])
        unknown = float(of.n_unknown_coins[coin])
        rows.append(
            ExposureRow(
                dimension="asset",
                name=frame.book.coins[coin],
                is_cash=coin in is_cash,
                long_usd=float(of.long_usd[coin]),
                short_usd=float(of.short_usd[coin]),
                net_usd=net,
                gross_usd=float(of.long_usd[coin] + of.short_usd[coin]),
                wallet_usd=nulls.complete(
                    "wallet_usd", of.wallet_usd[coin], unknown, "wallets without a price"
                ),
                wallet_amount=float(of.coin_equity[coin]),
                net_with_wallet_usd=net + float(of.bet_usd[coin]),
                hedge_ratio=nulls.number(
                    "hedge_ratio", of.hedge_ratio[coin], "price", int(of.hedge_ratio_answer[coin])
                ),
                concentration=nulls.number(
                    "concentration",
                    shares[coin],
                    "",
                    Answer.NOT_APPLICABLE if math.isnan(shares[coin]) else None,
                ),
                n_unvalued=int(of.n_unvalued[coin]),
                n_unknown_coins=int(unknown),
                reasons=nulls.reasons,
            )
        )
    return sorted(rows, key=lambda row: (row.is_cash, -abs(row.net_with_wallet_usd), row.name or ""))


def exposure_by_desk(frame: Frame) -> list[ExposureRow]:
    """Return the exposure and money of each desk; the one without a name is of accounts without a desk."""
    return _groups(frame, "desk", frame.desks, frame.desk_names)


def exposure_by_tag(frame: Frame) -> list[ExposureRow]:
    """Return the exposure and money of each tag; an account with two tags is in both."""
    return _groups(frame, "tag", frame.tags, frame.tag_names)


def exposure_by_venue(frame: Frame) -> list[ExposureRow]:
    """Return the exposure and money of each venue."""
    return _groups(frame, "venue", frame.venues, frame.venue_names)


def _groups(frame: Frame, dimension: str, of: GroupMeasures, names: list[str | None]) -> list[ExposureRow]:
    gross_total = float(frame.portfolio.long_usd[1] + frame.portfolio.short_usd[1])
    shares = concentration(of.long_usd - of.short_usd, gross_total)
    rows: list[ExposureRow] = []
    for group, name in enumerate(names):
        if not (of.n_accounts[group] or of.n_left_out[group]):
            continue
        nulls = Nulls()
        net = float(of.long_usd[group] - of.short_usd[group])
        net_all = float(of.long_with_wallet_usd[group] - of.short_with_wallet_usd[group])
        share = float(shares[group])
        rows.append(
            ExposureRow(
                dimension=dimension,  # pyright: ignore[reportArgumentType]  # one of the three callers above
                name=name,
                is_cash=False,
                long_usd=float(of.long_usd[group]),
                short_usd=float(of.short_usd[group]),
                net_usd=net,
                gross_usd=float(of.long_usd[group] + of.short_usd[group]),
                wallet_usd=net_all - net,
                wallet_amount=nulls.number("wallet_amount", 0.0, "", Answer.NOT_APPLICABLE),
                net_with_wallet_usd=net_all,
                hedge_ratio=nulls.number(
                    "hedge_ratio", of.hedge_ratio[group], "price", int(of.hedge_ratio_answer[group])
                ),
                concentration=nulls.number(
                    "concentration", share, "", Answer.NOT_APPLICABLE if math.isnan(share) else None
                ),
                n_unvalued=int(of.n_unvalued[group]),
                n_unknown_coins=int(of.n_unknown_coins[group]),
                n_left_out=int(of.n_left_out[group]),
                n_accounts=int(of.n_accounts[group]),
                unrealized_pnl_usd=_pnl(nulls, of, group),
                equity_usd=_money(nulls, "equity", of, group),
                initial_margin_usd=_money(nulls, "initial_margin", of, group),
                maintenance_margin_usd=_money(nulls, "maintenance_margin", of, group),
                free_usd=_money(nulls, "free", of, group),
                reasons=nulls.reasons,
            )
        )
    return rows


def _money(nulls: Nulls, field: str, of: GroupMeasures, group: int) -> float | None:
    """Return a sum over the accounts that state it; what it leaves out is told, and without any it is null."""
    without = float(getattr(of, f"n_without_{field}")[group])
    if without >= of.n_accounts[group]:
        return nulls.number(f"{field}_usd", math.nan, "no account that counts states it")
    if without:
        nulls.reasons[f"{field}_usd"] = f"not included: {int(without)} accounts that do not state it"
    return float(getattr(of, f"{field}_usd")[group])


def _pnl(nulls: Nulls, of: GroupMeasures, group: int) -> float:
    """Return the open profit of the positions that have one; how many have none is told."""
    if without := int(of.n_without_pnl[group]):
        nulls.reasons["unrealized_pnl_usd"] = (
            f"not included: {without} positions without a price or entry price"
        )
    return float(of.pnl_usd[group])


def opposition_rows(frame: Frame, n_max: int = PAIRS_MAX) -> list[OppositionRow]:
    """Return accounts that count and bet against each other in one coin, derivatives only, largest offset first."""
    book = frame.book
    counts = (frame.inclusion == Inclusion.INCLUDED)[book.holding_account]
    net = np.where(counts & ~frame.holdings.is_unvalued, frame.holdings.net_usd, np.nan)
    coins = frame.prices.coin[book.holding_asset]
    rows: list[OppositionRow] = []
    for pair in opposed_pairs(coins, book.holding_account, net, n_max):
        long, short = book.specs[pair.long_account], book.specs[pair.short_account]
        if long is not None and short is not None:
            rows.append(
                OppositionRow(
                    asset=book.coins[pair.coin] or "",
                    long_account_id=long.account_id,
                    short_account_id=short.account_id,
                    long_usd=pair.long_usd,
                    short_usd=pair.short_usd,
                    offset_usd=pair.offset_usd,
                )
            )
    return rows


def not_included(frame: Frame) -> list[NotIncluded]:
    """Return everything that the totals leave out: accounts, then parts that were not read, then what has no price."""
    found: list[NotIncluded] = []
    of = frame.accounts
    for code, spec in enumerate(frame.book.specs):
        if spec is None or frame.inclusion[code] == Inclusion.INCLUDED:
            continue
        is_known = frame.book.states[code] is not None
        equity = float(of.equity_usd[code])
        found.append(
            NotIncluded(
                kind="account",
                account_id=spec.account_id,
                subject=spec.account_id,
                state=Inclusion(int(frame.inclusion[code])).name.lower(),
                reason=_why(frame, code),
                last_known_equity_usd=equity if math.isfinite(equity) else None,
                last_known_net_usd=float(of.net_usd[code]) if is_known else None,
                last_known_gross_usd=float(of.gross_usd[code]) if is_known else None,
            )
        )
    return found + _not_read(frame) + _unpriced(frame)


def _not_read(frame: Frame) -> list[NotIncluded]:
    """Return what the venue did not let us read, or sent unreadable, of accounts that count."""
    return [
        NotIncluded(
            kind="part",
            account_id=spec.account_id,
            subject=spec.account_id,
            state="not_covered",
            reason=sentence,
        )
        for spec, gaps, included in zip(frame.book.specs, frame.book.gaps, frame.inclusion, strict=True)
        if spec is not None and included == Inclusion.INCLUDED
        for sentence in gaps
    ]


def _unpriced(frame: Frame) -> list[NotIncluded]:
    book = frame.book
    found: list[NotIncluded] = []
    for row in map(int, frame.rows.unvalued):
        spec, position = book.specs[int(book.account[row])], book.positions[row]
        if spec is None or position is None or frame.inclusion[book.account[row]] != Inclusion.INCLUDED:
            continue
        found.append(
            NotIncluded(
                kind="position",
                account_id=spec.account_id,
                subject=position.instrument.instrument_id,
                state="missing_price",
                reason="no price young enough for the contract, its option delta or its currency",
            )
        )
    for row in np.flatnonzero(np.isnan(frame.holdings.wallet_usd)).tolist():
        account = int(book.holding_account[row])
        spec, asset = book.specs[account], int(book.holding_asset[row])
        if spec is None or frame.inclusion[account] != Inclusion.INCLUDED:
            continue
        found.append(
            NotIncluded(
                kind="coin",
                account_id=spec.account_id,
                subject=book.coins[int(frame.prices.coin[asset])] or "",
                state="missing_price",
                reason="no USD price or no amount for the coin in the wallet",
            )
        )
    return found


def portfolio_summary(frame: Frame) -> PortfolioSummary:
    """Return the totals over the accounts that count, with everything they leave out."""
    of = frame.portfolio
    left_out = not_included(frame)
    nulls = Nulls()
    is_empty = not of.n_accounts[1]

    def total(field: str, value: float) -> float | None:
        return nulls.number(field, math.nan if is_empty else value, "no account counts yet")

    def bias(field: str, value: float) -> float | None:
        return nulls.number(field, value, "", Answer.NOT_APPLICABLE if math.isnan(value) else None)

    long_usd, short_usd = float(of.long_usd[1]), float(of.short_usd[1])
    wallet_long, wallet_short = float(of.long_with_wallet_usd[1]), float(of.short_with_wallet_usd[1])
    cash = {int(coin) for coin in frame.prices.coin[frame.prices.is_cash]}
    return PortfolioSummary(
        sequence=frame.sequence,
        at_ns=frame.at_ns,
        is_complete=not left_out,
        n_accounts=int(of.n_accounts[1] + of.n_left_out[1]),
        n_included=int(of.n_accounts[1]),
        n_positions=int(of.n_positions[1]),
        n_stale_positions=int(of.n_stale[1]),
        long_usd=total("long_usd", long_usd),
        short_usd=total("short_usd", short_usd),
        net_usd=total("net_usd", long_usd - short_usd),
        gross_usd=total("gross_usd", long_usd + short_usd),
        net_with_wallet_usd=total("net_with_wallet_usd", wallet_long - wallet_short),
        gross_with_wallet_usd=total("gross_with_wallet_usd", wallet_long + wallet_short),
        hedge_ratio=nulls.number("hedge_ratio", of.hedge_ratio[1], "", int(of.hedge_ratio_answer[1])),
        direction_bias_by_count=bias("direction_bias_by_count", frame.direction_bias_by_count),
        direction_bias_by_delta=bias("direction_bias_by_delta", frame.direction_bias_by_delta),
        unrealized_pnl_usd=total("unrealized_pnl_usd", _pnl(nulls, of, 1)),
        equity_usd=_money(nulls, "equity", of, 1),
        initial_margin_usd=_money(nulls, "initial_margin", of, 1),
        maintenance_margin_usd=_money(nulls, "maintenance_margin", of, 1),
        free_usd=_money(nulls, "free", of, 1),
        wire_to_frame_ms=frame.wire_to_frame_ms,
        cash_assets=tuple(sorted({frame.book.coins[coin] or "" for coin in cash})),
        not_included=tuple(left_out),
        reasons=nulls.reasons,
    )
