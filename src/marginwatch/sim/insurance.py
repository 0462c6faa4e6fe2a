"""Money that no trade moved: debts repaid, shortfalls insured, and what take-overs cost or leave to the pool."""

from decimal import Decimal

from marginwatch.sim.account import Account
from marginwatch.sim.instruments import Contract
from marginwatch.sim.money import EXACT, ZERO, to_cents
from marginwatch.sim.rows import TransactionRow
from marginwatch.sim.world import World


def cover(world: World, account: Account, coin: str) -> None:
    """Pay out of the insurance fund what an account is short of in a coin once its positions are taken over."""
    held = account.coin(coin)
    if held.balance < 0:
        shortfall = -held.balance
        world.house.insure(coin, shortfall)
        move(world, account, coin, shortfall)


def shortfall_of(world: World, contract: Contract, taken: Decimal, price: Decimal) -> Decimal:
    """Return what a position (signed) taken over at ``price`` is worth less at the mark, settle coin; below 0 if more."""
    mark = world.market.quotes[contract.symbol].mark_exact
    return to_cents(contract.value(taken, price) - contract.value(taken, mark))


def move(world: World, account: Account, coin: str, amount: Decimal, kind: str = "AUTO_DEDUCTION") -> None:
    """Move ``amount`` of a coin from the house to the account (negative: back) and tell ledger line and wallet."""
    held = account.coin(coin)
    held.balance = EXACT.add(held.balance, amount) or ZERO
    world.house.cash[coin] = EXACT.subtract(world.house.cash[coin], amount)
    note_money(world, account, coin, amount, kind)
    world.touch(account)
    world.tell_wallet(account, coin)


def note_money(world: World, account: Account, coin: str, amount: Decimal, kind: str) -> None:
    """Write the ledger line of money that was moved already and belongs to no contract."""
    account.transactions.append(
        TransactionRow(
            uid=account.uid,
            transaction_id=f"{account.uid}_{coin}_{world.identifier()[:8]}",
            category="",
            symbol="",
            side="None",
            kind=kind,
            qty=ZERO,
            size=ZERO,
            coin=coin,
            trade_price=ZERO,
            funding=ZERO,
            fee=ZERO,
            cash_flow=amount,
            change=amount,
            cash_balance=account.coin(coin).balance,
            fee_rate=ZERO,
            trade_id="",
            order_id="",
            ts_ms=world.now_ms,
        )
    )
