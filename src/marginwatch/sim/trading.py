"""Fills: a trade changes a position, the wallet, the house and the histories together, and is told in order."""

from dataclasses import dataclass
from decimal import Decimal

from marginwatch.sim.account import OPTION_FEE, Account
from marginwatch.sim.black76 import implied_volatility
from marginwatch.sim.instruments import Contract
from marginwatch.sim.isolated import available
from marginwatch.sim.margin import fee_to_close
from marginwatch.sim.money import EXACT, ZERO, from_float, to_cents, to_step
from marginwatch.sim.option_board import OptionQuote
from marginwatch.sim.position import Position, TradeEffect
from marginwatch.sim.rows import ClosedPnlRow, ExecutionRow, OrderRow, TransactionRow
from marginwatch.sim.world import World

RISK_OF_TRADE = 0.6
"""Part of a trade's value at mark that bounds what fee and margin take from an account's room, a price off mark apart."""

DELIVERIES = ("Delivery", "Settle")
"""Kinds of fills that expiry makes; an option's may be at a price of 0."""

LEDGER_KINDS = {
    "Trade": "TRADE",
    "BustTrade": "LIQUIDATION",
    "AdlTrade": "ADL",
    "Delivery": "DELIVERY",
    "Settle": "DELIVERY",
}
OPTION_FEE_MOST = Decimal("0.07")
"""Part of an option's price that its fee never exceeds; the fee itself is of the index. Both are our choice."""


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade to be booked: ``quantity`` signed; ``order`` is the order it fills, None for a market order.

    ``fee`` is given where it is not the account's usual one.
    """

    contract: Contract
    quantity: Decimal
    price: Decimal
    position_idx: int = 0
    kind: str = "Trade"
    create_type: str = "CreateByUser"
    is_maker: bool = False
    order: OrderRow | None = None
    fee: Decimal | None = None


def check_quantity(contract: Contract, quantity: Decimal) -> None:
    """Raise ValueError unless ``quantity`` is a non-zero multiple of the contract's step."""
    if not quantity or quantity % contract.step:
        raise ValueError(
            f"quantity of {contract.symbol} must be a multiple of {contract.step} and not 0, got {quantity}"
        )


def check_price(contract: Contract, price: Decimal) -> None:
    """Raise ValueError unless ``price`` is a positive number."""
    if not price.is_finite() or price <= 0:
        raise ValueError(f"price of {contract.symbol} must be positive, got {price}")


def check_range(contract: Contract, price: Decimal) -> None:
    """Raise ValueError unless an order may have the price; what the exchange trades by itself has no such limits."""
    check_price(contract, price)
    if not contract.min_price <= price <= contract.max_price:
        raise ValueError(
            f"price of {contract.symbol} must be from {contract.min_price} to {contract.max_price}, got {price}"
        )


def check_margin(
    world: World, account: Account, contract: Contract, quantity: Decimal, price: Decimal, position_idx: int
) -> None:
    """Raise ValueError if an order would be too large, its leg may only be reduced, or margin is short.

    Only what adds to the leg of an isolated account needs margin. Other modes are not asked for it: a test may ruin them
    at will.
    """
    check_quantity(contract, quantity)
    check_price(contract, price)
    if abs(quantity) > contract.max_qty:
        raise ValueError(f"quantity of {contract.symbol} must be {contract.max_qty} at most, got {quantity}")
    leg = account.positions.get((contract.symbol, position_idx))
    held, wanted = leg.size_float if leg else 0.0, float(quantity)
    adding = abs(wanted) - (min(abs(wanted), abs(held)) if held * wanted < 0.0 else 0.0)
    if adding and leg is not None and leg.size and leg.is_reduce_only:
        raise ValueError(f"{contract.symbol} is reduce-only until its announced margin change")
    if not account.is_isolated:
        return
    if contract.is_option:
        raise ValueError(f"{contract.symbol} is an option: they are not traded in isolated mode")
    worth = adding / float(price) if contract.is_inverse else adding * float(price)
    direction = 1.0 if wanted > 0.0 else -1.0
    leverage = float(account.leverage_for(contract))
    close = fee_to_close(contract, adding, direction, float(price), leverage, account.taker_fee_float)
    needed = worth / leverage + worth * account.taker_fee_float + close
    left = available(world.measure(account), contract.settle)
    if needed > max(left, 0.0):
        raise ValueError(f"{contract.symbol} needs {needed:.8f} {contract.settle}, available {left:.8f}")


def book_fill(world: World, account: Account, fill: Fill) -> ExecutionRow:
    """Book a trade against the house and tell execution, position and wallet.

    Raises
    ------
    ValueError
        If the quantity is off the step, the price not positive, or a hedge leg would turn to the other side.
    """
    contract = fill.contract
    check_quantity(contract, fill.quantity)
    if fill.kind not in DELIVERIES:
        check_price(contract, fill.price)
    position = account.position(contract, fill.position_idx, world.now_ms)
    _check_leg(position, fill.quantity)
    size_before = position.size
    effect = position.trade(fill.quantity, fill.price)
    value = abs(contract.value(fill.quantity, fill.price))
    fee, rate = fee_of(world, account, fill), _fee_rate(account, fill)
    cash = _book_money(world, account, fill, effect, fee)
    _book_history(position, size_before, effect, fee, world)
    quote = world.market.quotes[contract.symbol]
    quote.volume += abs(float(fill.quantity))
    quote.open_interest += float(abs(position.size) - abs(size_before))
    row = _execution(world, account, fill, position, effect, value, cash, fee, rate)
    account.executions.append(row)
    account.transactions.append(_ledger_line(world, account, row, position, cash))
    if effect.closed:
        account.closed.append(_closed_row(account, row, effect, position))
    at_mark = abs(contract.value(fill.quantity, quote.mark_exact))
    at_risk = RISK_OF_TRADE * float(at_mark) + abs(float(value - at_mark))
    world.touch(account, contract, at_risk * world.market.usd[contract.settle])
    world.tell_execution(row)
    world.tell_position(account, position)
    world.tell_wallet(account, contract.settle)
    if contract.is_option:
        account.watch.slack_usd = 0.0
        world.tell_greeks(account, contract.base)
    return row


def fee_of(world: World, account: Account, fill: Fill) -> Decimal:
    """Return the fee of a trade: of its value, or for an option of the index, limited by its price."""
    contract, rate = fill.contract, _fee_rate(account, fill)
    if fill.fee is not None:
        return fill.fee
    if not contract.is_option:
        return to_cents(EXACT.multiply(abs(contract.value(fill.quantity, fill.price)), rate))
    index = to_step(world.market.quotes[contract.symbol].index, contract.index_tick)
    return to_cents(EXACT.multiply(abs(fill.quantity), min(index * rate, fill.price * OPTION_FEE_MOST)))


def _fee_rate(account: Account, fill: Fill) -> Decimal:
    if fill.contract.is_option:
        return OPTION_FEE
    return account.maker_fee if fill.is_maker else account.taker_fee


def _check_leg(position: Position, quantity: Decimal) -> None:
    after = position.size + quantity
    if (position.position_idx == 1 and after < 0) or (position.position_idx == 2 and after > 0):
        raise ValueError(
            f"{position.contract.symbol} leg {position.position_idx} holds {position.size}: {quantity} would turn it over"
        )


def _book_money(world: World, account: Account, fill: Fill, effect: TradeEffect, fee: Decimal) -> Decimal:
    """Return what a trade moved in the wallet before its fee: the profit of what it closed, or an option's premium."""
    house, contract, coin = world.house, fill.contract, fill.contract.settle
    held, cash = account.coin(coin), effect.realized
    if contract.is_option:
        cash = -to_cents(EXACT.multiply(fill.quantity, fill.price)) or ZERO
        house.cash[coin] = EXACT.subtract(house.cash[coin], cash)
    else:
        house.cost[contract.symbol] = EXACT.add(house.cost[contract.symbol], effect.house_cost)
    held.balance = EXACT.add(held.balance, cash - fee) or ZERO
    held.cumulative_realized += effect.realized - fee
    house.fees[coin] += fee
    house.size[contract.symbol] -= fill.quantity
    return cash


def _book_history(
    position: Position, size_before: Decimal, effect: TradeEffect, fee: Decimal, world: World
) -> None:
    gain = effect.realized - fee
    is_new = not size_before or (position.size and (position.size > 0) != (size_before > 0))
    if is_new:
        position.current_realized, position.open_fees, position.open_ms = -fee, fee, world.now_ms
    else:
        position.current_realized += gain
        position.open_fees += ZERO if effect.closed else fee
    position.cumulative_realized += gain
    position.seq = world.market.next_seq(position.contract.symbol)
    position.updated_ms = max(world.now_ms, position.updated_ms + 1)
    if not position.size:
        position.open_ms, position.status = 0, "Normal"
    if (change_ms := world.announced_ms.get(position.contract.symbol)) is not None:
        position.is_reduce_only, position.margin_change_ms = bool(position.size), change_ms


def _execution(
    world: World,
    account: Account,
    fill: Fill,
    position: Position,
    effect: TradeEffect,
    value: Decimal,
    cash: Decimal,
    fee: Decimal,
    rate: Decimal,
) -> ExecutionRow:
    contract, order, quantity = fill.contract, fill.order, abs(fill.quantity)
    quote = world.market.quotes[contract.symbol]
    traded, marked, forward = _option_figures(world, fill)
    return ExecutionRow(
        uid=account.uid,
        category=contract.category,
        symbol=contract.symbol,
        settle_coin=contract.settle,
        exec_id=world.identifier(),
        order_id=order.order_id if order else world.identifier(),
        order_link_id=order.order_link_id if order else "",
        side="Buy" if fill.quantity > 0 else "Sell",
        order_type=order.order_type if order else "Market",
        order_price=order.price if order else fill.price,
        order_qty=order.qty if order else quantity,
        leaves_qty=order.leaves_qty if order else ZERO,
        kind=fill.kind,
        create_type=fill.create_type,
        price=fill.price,
        qty=quantity,
        value=to_cents(value),
        fee=fee,
        fee_rate=rate,
        is_maker=fill.is_maker,
        closed_size=effect.closed,
        realized_pnl=effect.realized,
        cash_flow=cash,
        mark_price=quote.mark_exact,
        index_price=to_step(quote.index, contract.index_tick),
        ts_ms=world.now_ms,
        seq=position.seq,
        trade_volatility=traded,
        mark_volatility=marked,
        underlying_price=forward,
    )


def _option_figures(world: World, fill: Fill) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return what only an option's execution shows: volatility of the trade and of the mark, and the forward.

    The trade's is None where no volatility gives its price, as at expiry.
    """
    contract, quote = fill.contract, world.market.quotes[fill.contract.symbol]
    if not isinstance(quote, OptionQuote):
        return None, None, None
    years, strike = world.market.options.years(contract), float(contract.strike)
    mark, forward = quote.volatility, quote.forward
    traded = implied_volatility(float(fill.price), forward, strike, years, is_call=contract.is_call)
    shown = None if traded is None else from_float(traded, 4)
    return shown, from_float(mark, 4), from_float(forward)


def _ledger_line(
    world: World, account: Account, row: ExecutionRow, position: Position, cash: Decimal
) -> TransactionRow:
    return TransactionRow(
        uid=account.uid,
        transaction_id=f"{account.uid}_{row.symbol}_{row.seq}",
        category=row.category,
        symbol=row.symbol,
        side=row.side,
        kind=LEDGER_KINDS[row.kind],
        qty=row.qty,
        size=position.size,
        coin=row.settle_coin,
        trade_price=row.price,
        funding=ZERO,
        fee=row.fee,
        cash_flow=cash,
        change=cash - row.fee,
        cash_balance=account.coin(row.settle_coin).balance,
        fee_rate=row.fee_rate,
        trade_id=row.exec_id,
        order_id=row.order_id,
        ts_ms=world.now_ms,
    )


def _closed_row(account: Account, row: ExecutionRow, effect: TradeEffect, position: Position) -> ClosedPnlRow:
    contract = position.contract
    entry_value = to_cents(abs(contract.value(effect.closed, effect.entry_before)))
    open_fee = to_cents(entry_value * account.taker_fee)
    close_fee = to_cents(EXACT.divide(row.fee * effect.closed, row.qty))
    return ClosedPnlRow(
        uid=account.uid,
        category=row.category,
        symbol=row.symbol,
        order_id=row.order_id,
        side=row.side,
        kind=row.kind,
        qty=row.qty,
        closed_size=effect.closed,
        entry_value=entry_value,
        entry_price=to_cents(effect.entry_before),
        exit_value=to_cents(abs(contract.value(effect.closed, row.price))),
        exit_price=row.price,
        closed_pnl=effect.realized - open_fee - close_fee,
        open_fee=open_fee,
        close_fee=close_fee,
        leverage=position.leverage,
        ts_ms=row.ts_ms,
    )
