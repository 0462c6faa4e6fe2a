"""Advice as tables: what to move or trade, and every account before and after."""

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from marginwatch.cli.output import Column, write_table
from marginwatch.model.ids import AccountId
from marginwatch.risk.advice.rows import AccountPicture, Hedge, LeftOut, TransferGroup
from marginwatch.terminal.figures import MISSING, grouped, percent, price
from marginwatch.terminal.texts import printable
from marginwatch.web.risk_replies import AdviceReply


class Effect(NamedTuple):
    """An account before and after."""

    account_id: AccountId
    before: AccountPicture
    after: AccountPicture


class TransferLine(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer with its group."""

    venue: str
    owner: str
    giver_id: AccountId
    taker_id: AccountId
    coin: str
    amount: float
    usd: float


class HedgeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of one way to hedge."""

    kind: str
    account_id: AccountId
    instrument_id: str
    quantity: float
    delta_usd: float
    fee_usd: float | None
    half_spread_usd: float | None
    funding_usd: float | None
    cost_usd: float | None
    mark_price: float | None
    stop_price: float | None


def lines(what: str, reply: AdviceReply) -> tuple[type[msgspec.Struct], Sequence[msgspec.Struct]]:
    """Return the rows of advice for CSV, and their struct."""
    if what == "transfers":
        groups = () if reply.transfers is None else reply.transfers.groups
        found = [
            TransferLine(venue=group.venue, owner=group.owner, **msgspec.structs.asdict(one))
            for group in groups
            for one in group.transfers
        ]
        return TransferLine, found
    hedges = () if reply.hedges is None else reply.hedges.hedges
    names = [name for name in HedgeLine.__struct_fields__ if name != "kind"]
    return HedgeLine, [
        HedgeLine(kind=hedge.kind, **{name: getattr(one, name) for name in names})
        for hedge in hedges
        for one in hedge.trades
    ]


TRANSFER_COLUMNS = (
    Column("from", lambda one: one.giver_id, is_number=False),
    Column("to", lambda one: one.taker_id, is_number=False),
    Column("amount", lambda one: grouped(one.amount, 4)),
    Column("coin", lambda one: one.coin, is_number=False),
    Column("USD", lambda one: grouped(one.usd)),
)
TRADE_COLUMNS = (
    Column("account", lambda one: one.account_id, is_number=False),
    Column("contract", lambda one: one.instrument_id.rsplit(":", 1)[-1], is_number=False),
    Column("quantity", lambda one: grouped(one.quantity, 4)),
    Column("delta USD", lambda one: grouped(one.delta_usd)),
    Column("cost USD", lambda one: grouped(one.cost_usd)),
    Column("fee", lambda one: grouped(one.fee_usd), rank=4),
    Column("half spread", lambda one: grouped(one.half_spread_usd, 2), rank=5),
    Column("funding 24 h", lambda one: grouped(one.funding_usd, 2), rank=3),
    Column("mark", lambda one: price(one.mark_price), rank=2),
    Column("stop at", lambda one: price(one.stop_price), rank=1),
)


def _nearest(picture: AccountPicture) -> float | None:
    known = [abs(one) for one in (picture.distance_down, picture.distance_up) if one is not None]
    return min(known, default=None)


def _change(title: str, text: Callable[[AccountPicture], str], rank: int = 0) -> tuple[Column, Column]:
    return (
        Column(title, lambda one: text(one.before), rank=rank),
        Column("→", lambda one: text(one.after), rank=rank),
    )


def _usage(picture: AccountPicture) -> str:
    return percent(picture.maintenance_margin_usage)


def _initial(picture: AccountPicture) -> str:
    return percent(picture.initial_margin_usage)


def _distance(picture: AccountPicture) -> str:
    nearest = _nearest(picture)
    if nearest is not None:
        return percent(nearest)
    is_none = "none_in_range" in (picture.reasons.get("distance_down"), picture.reasons.get("distance_up"))
    return "none" if is_none else MISSING


EFFECT_COLUMNS = (
    Column("account", lambda one: one.account_id, is_number=False),
    *_change("MM usage", _usage),
    *_change("IM usage", _initial, 2),
    *_change("to liq.", _distance, 1),
    *_change("available", lambda picture: grouped(picture.available_usd), 3),
)


def show_transfers(reply: AdviceReply) -> None:
    """Write the transfers of every owner, and its accounts before and after."""
    if reply.transfers is None:
        return
    for group in reply.transfers.groups:
        _say(f"Transfers of {group.owner} at {group.venue}: {group.summary}")
        if group.transfers:
            write_table("", TRANSFER_COLUMNS, group.transfers)
        touched = _touched(group)
        if touched:
            write_table("Before → after", EFFECT_COLUMNS, touched)
        _say_left_out(group.left_out)
    _say_left_out(reply.transfers.left_out)


def _touched(group: TransferGroup) -> list[Effect]:
    return [
        Effect(one.account_id, one.before, one.after)
        for one in group.accounts
        if one.given_usd or one.taken_usd or one.missing_usd
    ]


def show_hedges(reply: AdviceReply) -> None:
    """Write three ways to hedge, and the accounts before and after."""
    if reply.hedges is None:
        return
    for hedge in reply.hedges.hedges:
        _say(f"{TITLES[hedge.kind]}: {hedge.summary}")
        if hedge.trades:
            write_table("", TRADE_COLUMNS, hedge.trades)
            write_table("Before → after", EFFECT_COLUMNS, _changed(hedge))
        for warning in hedge.warnings:
            _say(f"  ! {warning}")
    _say_left_out(reply.hedges.left_out)


TITLES = {
    "beta": "Beta-weighted",
    "minimum_variance": "Least variance",
    "largest_contributor": "Less of the largest contributor",
}


def _changed(hedge: Hedge) -> list[Effect]:
    traded = {one.account_id for one in hedge.trades}
    return [
        Effect(one.account_id, one.before, one.after) for one in hedge.accounts if one.account_id in traded
    ]


def _say_left_out(entries: Sequence[LeftOut]) -> None:
    for entry in entries:
        _say(f"  {entry.account_id} takes no part: {entry.reason}")


def _say(line: str) -> None:
    sys.stdout.write(printable(line) + "\n")
