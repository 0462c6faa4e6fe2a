"""Of long lists the rows that weigh most, in the order that they had, and how many the others are."""

import heapq
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from marginwatch.risk.advice.rows import (
    Hedge,
    HedgeAdvice,
    Transfer,
    TransferAdvice,
    TransferEffect,
    TransferGroup,
)

R = TypeVar("R")
Weight: TypeAlias = Callable[[R], tuple[float, ...]]


class Most:
    """Chooses the rows of lists that weigh most, and keeps count of the others.

    Parameters
    ----------
    n_max : int or None
        At most so many of each list; None for all.

    Attributes
    ----------
    not_shown : dict of str to int
        Name of each list that was cut → how many of its rows are missing.
    """

    def __init__(self, n_max: int | None) -> None:
        self._n_max = n_max
        self.not_shown: dict[str, int] = {}

    def __call__(self, name: str, rows: tuple[R, ...], weight: Weight[R]) -> tuple[R, ...]:
        """Return at most so many rows of a list, in its order."""
        n_max = self._n_max
        if n_max is None or len(rows) <= n_max:
            return rows
        self.not_shown[name] = self.not_shown.get(name, 0) + len(rows) - n_max
        chosen = heapq.nlargest(n_max, range(len(rows)), key=lambda place: weight(rows[place]))
        return tuple(rows[place] for place in sorted(chosen))


def most_transfers(of: TransferAdvice | None, most: Most) -> TransferAdvice | None:
    """Return advice on collateral with lists of that length; accounts and transfers of all groups together count as one list."""
    if of is None:
        return None
    groups = most("transfers.groups", of.groups, _moved)

    def of_all(name: str, lists: Sequence[tuple[R, ...]], weight: Weight[R]) -> list[tuple[R, ...]]:
        pairs = tuple((place, one) for place, rows in enumerate(lists) for one in rows)
        kept: list[list[R]] = [[] for _ in lists]
        for place, one in most(name, pairs, lambda pair: weight(pair[1])):
            kept[place].append(one)
        return [tuple(rows) for rows in kept]

    accounts = of_all("transfers.groups.accounts", [group.accounts for group in groups], _needed)
    transfers = of_all("transfers.groups.transfers", [group.transfers for group in groups], _worth)
    left_out = of_all("transfers.groups.left_out", [group.left_out for group in groups], _nothing)
    parts = zip(groups, accounts, transfers, left_out, strict=True)
    return msgspec.structs.replace(
        of,
        groups=tuple(
            msgspec.structs.replace(group, accounts=some, transfers=moved, left_out=others)
            for group, some, moved, others in parts
        ),
        left_out=most("transfers.left_out", of.left_out, _nothing),
    )


def most_hedges(of: HedgeAdvice | None, most: Most) -> HedgeAdvice | None:
    """Return advice on hedges with lists of that length, each hedge its own."""
    if of is None:
        return None
    return msgspec.structs.replace(
        of,
        hedges=tuple(_hedge(one, most) for one in of.hedges),
        left_out=most("hedges.left_out", of.left_out, _nothing),
    )


def _hedge(of: Hedge, most: Most) -> Hedge:
    traded = {trade.account_id for trade in of.trades}
    name = f"hedges.{of.kind}"
    return msgspec.structs.replace(
        of,
        trades=most(f"{name}.trades", of.trades, lambda one: (abs(one.delta_usd),)),
        open_exposures=most(
            f"{name}.open_exposures", of.open_exposures, lambda one: (abs(one.after_usd), abs(one.before_usd))
        ),
        accounts=most(
            f"{name}.accounts",
            of.accounts,
            lambda one: (float(one.account_id in traded), one.before.maintenance_margin_usage or 0.0),
        ),
        warnings=most(f"{name}.warnings", of.warnings, _nothing),
    )


def _moved(group: TransferGroup) -> tuple[float, ...]:
    return (float(group.status != "nothing_to_do"), group.missing_usd, group.total_usd)


def _needed(one: TransferEffect) -> tuple[float, ...]:
    return (one.missing_usd, one.taken_usd + one.given_usd, one.before.maintenance_margin_usage or 0.0)


def _worth(one: Transfer) -> tuple[float, ...]:
    return (one.usd,)


def _nothing(one: object) -> tuple[float, ...]:
    """Weigh what is listed in no order of weight: the first ones are kept."""
    del one
    return (0.0,)
