"""Is the book true? Every open row and every coin of every account, to the last digit that the wire carries."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

CENT = Decimal("0.00000001")
"""Money has eight decimals on the wire."""

Rows = dict[str, tuple[Decimal, ...]]


def differences(
    book: Mapping[str, Any], truths: Mapping[str, Mapping[str, Any]], names: Iterable[str]
) -> list[str]:
    """Return one line for each account whose book is not true.

    Parameters
    ----------
    book : mapping of str to dict
        Accounts as the monitor has them: ``positions`` (symbol/leg → quantity, entry price) and ``coins``.
    truths : mapping of str to dict
        Accounts as they are: the simulator's ``/truth``.
    names : iterable of str
        Which accounts.
    """
    lines: list[str] = []
    for name in names:
        if name not in book:
            lines.append(f"{name} is not in the book")
            continue
        ours, theirs = _ours(book[name]), _theirs(truths[name])
        wrong = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
        if wrong:
            key = wrong[0]
            lines.append(
                f"{name} {key}: ours {_text(ours.get(key))}, theirs {_text(theirs.get(key))}; {len(wrong)} in all"
            )
    return lines


def _ours(account: Mapping[str, Any]) -> Rows:
    rows = {
        key: (Decimal(quantity), Decimal(entry or 0).quantize(CENT))
        for key, (quantity, entry) in account["positions"].items()
        if Decimal(quantity)
    }
    coins = {coin: (Decimal(amount or "NaN"),) for coin, amount in account["coins"].items()}
    return rows | {coin: amount for coin, amount in coins.items() if amount[0]}


def _theirs(truth: Mapping[str, Any]) -> Rows:
    rows = {
        f"{row['symbol']}/{row['position_idx']}": (
            Decimal(row["size"]) * (1 if row["side"] == "Buy" else -1),
            Decimal(row["entry_price"] or 0).quantize(CENT),
        )
        for row in truth["positions"]
        if Decimal(row["size"])
    }
    coins = {one["coin"]: (Decimal(one["wallet_balance"]),) for one in truth["wallet"]["coins"]}
    return rows | {coin: amount for coin, amount in coins.items() if amount[0]}


def _text(row: tuple[Decimal, ...] | None) -> str:
    return "nothing" if row is None else " at ".join(map(str, row))
