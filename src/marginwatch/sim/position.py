"""One leg of one account in one contract: size, average entry and what trading it has earned."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from marginwatch.sim.instruments import Contract
from marginwatch.sim.money import CENT, EXACT, ZERO, to_cents, to_grain


@dataclass(frozen=True, slots=True)
class TradeEffect:
    """What a trade did to a position.

    ``realized`` goes to the wallet, in settle coin, before fees; ``closed`` is the unsigned size closed;
    ``entry_before`` the average entry of what was closed; ``house_cost`` what the other side's entry worth changes by,
    so that the two together conserve money to the last digit.
    """

    realized: Decimal
    closed: Decimal
    entry_before: Decimal
    house_cost: Decimal


class Position:
    """A position leg, kept exact in ``size`` (signed) and ``entry``, with floats beside them for the margin engine.

    ``entry`` is what profit is counted from: ``average``, or the last session's mark for contracts with sessions.
    ``extra_margin`` is what its owner added to it (or funding took from it) in isolated mode, settle coin.

    Parameters
    ----------
    contract : Contract
        What is held.
    position_idx : int
        0 one-way, 1 long leg, 2 short leg.
    leverage : Decimal
        Setting of the account for this symbol.
    now_ms : int
        When the account first touched the symbol.
    """

    __slots__ = (
        "average", "contract", "cost", "created_ms", "cumulative_realized", "current_realized", "entry", "entry_float", "extra_margin",
        "is_auto_margin", "is_option", "is_reduce_only", "leverage", "leverage_float", "margin", "margin_change_ms", "margin_version", "open_fees", "open_ms", "position_idx", "seq", "size",
        "size_float", "status", "updated_ms",
    )  # fmt: skip

    def __init__(self, contract: Contract, position_idx: int, leverage: Decimal, now_ms: int) -> None:
        self.contract = contract
        self.is_option = contract.is_option
        self.position_idx = position_idx
        self.size = self.entry = self.average = self.cost = ZERO
        self.size_float = self.entry_float = 0.0
        self.current_realized = self.cumulative_realized = self.open_fees = ZERO
        self.created_ms = self.updated_ms = now_ms
        self.open_ms = 0
        self.seq = -1
        self.status = "Normal"
        self.is_reduce_only = self.is_auto_margin = False
        self.extra_margin = ZERO
        self.margin_change_ms = 0
        self.margin: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
        self.margin_version = -1
        self.set_leverage(leverage)

    @property
    def key(self) -> tuple[str, int]:
        """Symbol and leg."""
        return self.contract.symbol, self.position_idx

    def set_leverage(self, leverage: Decimal) -> None:
        """Take a new leverage setting."""
        self.leverage = leverage
        self.leverage_float = float(leverage)
        self.margin_version = -1

    def trade(self, quantity: Decimal, price: Decimal) -> TradeEffect:
        """Add ``quantity`` (signed) at ``price``: open, add, reduce, close or flip.

        Profit of the closed part is rounded to what a wallet holds; the average entry of what stays is kept to 12
        decimals, harmonic for inverse contracts. Whatever rounding leaves over is in ``house_cost``.
        """
        contract, entry_before = self.contract, self.entry
        new_size = self.size + quantity
        realized = closed = ZERO
        if self.size and (self.size > 0) != (quantity > 0):
            closed = min(abs(quantity), abs(self.size))
            signed = closed if self.size > 0 else -closed
            realized = to_cents(contract.value(signed, price) - contract.value(signed, self.entry))
            entry = self._entry_left(self.entry, new_size, price)
            average = self._entry_left(self.average, new_size, price)
        else:
            entry = self._average(self.entry, quantity, new_size, price)
            average = (
                entry
                if self.average == self.entry
                else self._average(self.average, quantity, new_size, price)
            )
        if closed:
            self.extra_margin = self._extra_left(new_size)
        cost = contract.value(new_size, entry)
        house_cost = realized - (cost - self.cost)
        self.size, self.entry, self.average, self.cost = new_size, entry, average, cost
        self.size_float, self.entry_float = float(new_size), float(entry)
        self.margin_version = -1
        return TradeEffect(realized, closed, entry_before, house_cost)

    def settle_session(self, price: Decimal) -> tuple[Decimal, Decimal]:
        """Pay out profit up to ``price`` and count from there; the average entry is left as it was.

        Returns what goes to the wallet, and what the other side's entry worth changes by.
        """
        cost = self.contract.value(self.size, price)
        realized = to_cents(cost - self.cost)
        house_cost = realized - (cost - self.cost)
        self.entry, self.cost = price, cost
        self.entry_float = float(price)
        self.margin_version = -1
        return realized, house_cost

    def _extra_left(self, new_size: Decimal) -> Decimal:
        """Return what remains of margin added by hand: it leaves with the part that is closed."""
        if not new_size or (new_size > 0) != (self.size > 0):
            return ZERO
        left = EXACT.divide(EXACT.multiply(self.extra_margin, new_size), self.size)
        return left.quantize(CENT, rounding=ROUND_DOWN) or ZERO

    def _entry_left(self, entry: Decimal, new_size: Decimal, price: Decimal) -> Decimal:
        if not new_size:
            return ZERO
        return entry if (new_size > 0) == (self.size > 0) else price

    def _average(self, entry: Decimal, quantity: Decimal, new_size: Decimal, price: Decimal) -> Decimal:
        if not self.size:
            return price
        if self.contract.is_inverse:
            worth = EXACT.add(EXACT.divide(self.size, entry), EXACT.divide(quantity, price))
            return to_grain(EXACT.divide(new_size, worth))
        worth = EXACT.add(EXACT.multiply(self.size, entry), EXACT.multiply(quantity, price))
        return to_grain(EXACT.divide(worth, new_size))
