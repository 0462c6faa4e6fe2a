"""Coins and totals: messages patch them, a snapshot replaces them. The wallet knows no sequence, only time."""

from decimal import Decimal

import msgspec

from marginwatch.book.accounts import AccountEntry
from marginwatch.book.columns import Columns, unreadable
from marginwatch.book.ordering import Stamp
from marginwatch.book.reconcile import Sweep, Unread, is_same_value
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.ids import Asset
from marginwatch.model.notice import Notice

IMPLIED_VALUE_MIN_USD = 1.0
"""A coin worth less is rounded too coarsely by the venue to tell its price."""


def write_coin(columns: Columns, entry: AccountEntry, balance: Balance, made_ns: int) -> None:
    """Write one coin, and the USD price that the venue's valuation of it implies.

    Raises
    ------
    ProtocolError
        If a number is not a decimal; the coin is left as it was.
    """
    row = columns.holding(entry, balance.asset)
    had_coin = columns.holdings.has_coin_at[row]
    try:
        columns.holdings.write(row, balance, made_ns)
    except ValueError as error:
        raise unreadable(error, entry, f"coin {balance.asset}") from None
    if not had_coin:
        entry.wallet_array = None
    if balance.usd_value is not None and balance.equity is not None:
        value, equity = float(balance.usd_value), float(balance.equity)
        # A coin that is no collateral may be sent with a value of 0, which says nothing of its price.
        if abs(value) >= IMPLIED_VALUE_MIN_USD and value / equity > 0.0:
            asset = columns.holdings.asset_at[row]
            if made_ns >= columns.assets.implied_at_ns_at[asset]:
                columns.assets.implied_price_at[asset] = value / equity
                columns.assets.implied_at_ns_at[asset] = made_ns


def patch_coin(columns: Columns, entry: AccountEntry, balance: Balance, made_ns: int) -> bool:
    """Write one coin of a message unless something newer is known; return whether it was written."""
    row = entry.coins.get(balance.asset)
    known_ns = entry.floor_ns if row is None else max(columns.holdings.made_ns[row], entry.floor_ns)
    if made_ns < known_ns:
        return False
    write_coin(columns, entry, balance, made_ns)
    return True


def patch_state(columns: Columns, entry: AccountEntry, state: AccountState, made_ns: int) -> list[Notice]:
    """Replace an account's totals unless newer ones are known; return what changed in kind.

    A message that does not say the margin mode or account type leaves them as they were. Only snapshots say them, so
    one that was overtaken by a push still has the last word on them, though not on the amounts.
    """
    before = entry.state
    if made_ns < entry.state_made_ns:
        if before is None or (state.margin_mode is None and state.account_type is None):
            return []
        made_ns = entry.state_made_ns
        state = msgspec.structs.replace(
            before, margin_mode=state.margin_mode, account_type=state.account_type
        )
    notices: list[Notice] = []
    kept = {"margin_mode": state.margin_mode, "account_type": state.account_type}
    if before is not None:
        for field in ("margin_mode", "account_type"):
            old, new = getattr(before, field), kept[field]
            if new is None:
                kept[field] = old
            elif old is not None and new != old:
                notices.append(_changed(entry, field, old, new))
        if kept["margin_mode"] != state.margin_mode or kept["account_type"] != state.account_type:
            state = _with_kind(state, before)
    try:
        columns.accounts.write_state(entry, state, made_ns)
    except ValueError as error:
        raise unreadable(error, entry, "account totals") from None
    return notices


def _with_kind(state: AccountState, before: AccountState) -> AccountState:
    return AccountState(
        wallet_balance=state.wallet_balance,
        equity=state.equity,
        adjusted_equity=state.adjusted_equity,
        available_balance=state.available_balance,
        unrealized_pnl=state.unrealized_pnl,
        initial_margin=state.initial_margin,
        maintenance_margin=state.maintenance_margin,
        initial_margin_usage=state.initial_margin_usage,
        maintenance_margin_usage=state.maintenance_margin_usage,
        margin_mode=state.margin_mode or before.margin_mode,
        account_type=state.account_type or before.account_type,
        as_of_ns=state.as_of_ns,
    )


def _changed(entry: AccountEntry, field: str, before: str, after: str) -> Notice:
    what = field.replace("_", " ")
    message = f"the {what} changed from {before} to {after} at the venue"
    return Notice(f"{field}_changed", entry.spec.account_id, message)


def sweep_coins(sweep: Sweep) -> None:
    """Apply a snapshot's coins, those listed and those not, by the rules of :mod:`marginwatch.book.reconcile`."""
    columns, entry = sweep.columns, sweep.entry
    theirs = {balance.asset: balance for balance in sweep.snapshot.balances}
    for asset, balance in theirs.items():
        row = entry.coins.get(asset)
        ours = None if row is None else columns.holdings.balances[row]
        made_ns = 0 if row is None else columns.holdings.made_ns[row]
        if made_ns > sweep.as_of_ns:
            continue
        is_different = _wallet_differs(ours, balance)
        if is_different and ours is not None and made_ns > sweep.settled_ns:
            entry.held[asset] = Stamp(None, None, made_ns)
            continue
        write_coin(columns, entry, balance, sweep.as_of_ns)
        if is_different:
            before = None if ours is None else ours.wallet_balance
            is_sure = asset in sweep.held_before
            sweep.differs(asset, "wallet_balance", before, balance.wallet_balance, is_sure)
    absent = [
        asset
        for asset, row in entry.coins.items()
        if asset not in theirs and columns.holdings.balances[row] is not None
    ]
    if absent:
        unread = Unread(sweep.snapshot, columns)
        for asset in absent:
            _absent_coin(sweep, asset, unread)


def _wallet_differs(ours: Balance | None, theirs: Balance | None) -> bool:
    if ours is None or theirs is None:
        only = theirs if ours is None else ours
        text = None if only is None else only.wallet_balance
        # Venues leave out coins without balance, so absence and zero are the same.
        return text is not None and Decimal(text) != 0
    return not is_same_value(ours.wallet_balance, theirs.wallet_balance)


def _absent_coin(sweep: Sweep, asset: Asset, unread: Unread) -> None:
    entry, holdings = sweep.entry, sweep.columns.holdings
    row = entry.coins[asset]
    ours, made_ns = holdings.balances[row], holdings.made_ns[row]
    if ours is None or made_ns > sweep.as_of_ns:
        return
    if made_ns > sweep.settled_ns or unread.covers_asset(asset):
        entry.held[asset] = Stamp(None, None, made_ns)
        return
    holdings.clear(row, sweep.settled_ns)
    entry.wallet_array = None
    if _wallet_differs(ours, None):
        sweep.differs(asset, "wallet_balance", ours.wallet_balance, None, asset in sweep.held_before)
