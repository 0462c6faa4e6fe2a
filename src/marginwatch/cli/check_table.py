"""The columns of a check: who, what kind of account, what was found in it, what its key may do."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from marginwatch.cli.output import Column
from marginwatch.model.check_report import AccountCheck, CheckReport
from marginwatch.terminal.figures import MISSING, decimal, grouped, or_missing

MARKS = {"ok": "✓", "warning": "!", "refused": "✗", "failed": "✗", "disabled": "·"}
SEGMENT_TITLES = {"linear/USDT": "USDT", "linear/USDC": "USDC", "inverse": "inv.", "option": "opt."}
COINS_SHOWN_MAX = 6
BESIDE_SHOWN_MAX = 20
DAY_NS = 86_400_000_000_000


def columns_for(report: CheckReport) -> list[Column]:
    """Return the columns; the venue has one only where there are several."""
    accounts = report.accounts
    columns = [
        Column("", lambda row: MARKS[row.status], is_number=False),
        Column("account", name_words, is_number=False),
        Column("UID", lambda row: or_missing(row.uid), is_number=False),
        Column("type", lambda row: or_missing(row.account_type), is_number=False),
        Column("mode", lambda row: or_missing(row.margin_mode), is_number=False),
        *(segment_column(name) for name in segments_of(accounts)),
        Column("coins", lambda row: MISSING if row.coins is None else grouped(len(row.coins))),
        Column("ord.", lambda row: grouped(row.open_orders)),
        Column("equity USD", lambda row: whole_amount(row.equity)),
        Column("key", lambda row: key_words(row, report.taken_at_ns), is_number=False),
    ]
    if len({one.venue for one in accounts}) > 1:
        columns.insert(2, Column("venue", lambda row: row.venue, is_number=False))
    return columns


def segments_of(accounts: Sequence[AccountCheck]) -> list[str]:
    """Return the categories and settlement coins that were swept, in the venue's order."""
    return list(dict.fromkeys(name for one in accounts for name in one.rows or ()))


def segment_column(name: str) -> Column:
    """Return the column of the positions found in one category; ``closed`` where the key may not read it."""

    def text(row: AccountCheck) -> str:
        if row.rows is None or name not in row.rows:
            return MISSING
        count = row.rows[name]
        return "closed" if count is None else grouped(count)

    return Column(SEGMENT_TITLES.get(name, name), text)


def whole_amount(text: str | None) -> str:
    """Return an amount without decimals; ``—`` if None."""
    if text is None:
        return MISSING
    try:
        return grouped(float(Decimal(text)))
    except InvalidOperation:
        return text


def name_words(row: AccountCheck) -> str:
    """Return an account's name, and that it is a main account."""
    is_main = row.key is not None and row.key.is_master
    return f"{row.account_id} (main)" if is_main else row.account_id


def key_words(row: AccountCheck, now_ns: int) -> str:
    """Return what a key may do, from where, and for how many days, in a few words."""
    key = row.key
    if key is None:
        return MISSING
    bound = len(key.bound_ips)
    words = [
        "reads" if key.is_read_only else "TRADES",
        "any IP" if not bound else "1 IP" if bound == 1 else f"{bound} IPs",
    ]
    if key.expires_at_ns is not None:
        days = (key.expires_at_ns - now_ns) / DAY_NS
        words.append("expired" if days <= 0 else f"{days:.0f} d")
    return ", ".join(words)


def coins_beside(accounts: Sequence[AccountCheck]) -> list[str]:
    """Return a line for each account that has coins in its funding wallet or could move some out."""
    lines: list[str] = []
    for one in accounts:
        funding = [(coin.asset, coin.wallet_balance) for coin in one.funding_wallet or ()]
        free = [(coin.asset, coin.amount) for coin in one.withdrawable or ()]
        parts = [
            f"{title} {amounts}"
            for title, amounts in (("funding wallet", _amounts(funding)), ("withdrawable", _amounts(free)))
            if amounts
        ]
        if parts:
            lines.append(f"· {one.account_id}  {'; '.join(parts)}")
    more = len(lines) - BESIDE_SHOWN_MAX
    rest = [f"· and {more} more accounts; --json lists all"] if more > 0 else []
    return lines[:BESIDE_SHOWN_MAX] + rest


def _amounts(coins: Sequence[tuple[str, str | None]]) -> str:
    some = [f"{decimal(amount)} {asset}" for asset, amount in coins if amount and amount.strip("-0.")]
    more = len(some) - COINS_SHOWN_MAX
    return ", ".join(some[:COINS_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
