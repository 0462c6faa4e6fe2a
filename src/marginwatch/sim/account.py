"""One simulated account: wallet, positions, orders, settings and what it remembers of its past. State only."""

import math
from collections import deque
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal

from marginwatch.sim.instruments import Contract, SpotPair
from marginwatch.sim.money import CENT, EXACT, ZERO
from marginwatch.sim.position import Position
from marginwatch.sim.records import DeliveryRow, SettlementRow
from marginwatch.sim.rows import AccountInfo, ClosedPnlRow, ExecutionRow, OrderRow, TransactionRow

HISTORY_MAX = 2_000
HISTORY_MIN = 200
"""Executions, ledger lines and so on that an account remembers of each kind, at most and at least."""
HISTORIES_MAX = 200_000
"""What all accounts remember of each together: an execution takes 2.6 kB with its ledger line."""

ISOLATED = "ISOLATED_MARGIN"
PORTFOLIO = "PORTFOLIO_MARGIN"
DEFAULT_LEVERAGE = Decimal(10)
TAKER_FEE = Decimal("0.00055")
MAKER_FEE = Decimal("0.0002")
OPTION_FEE = Decimal("0.0003")
"""Fee of an option trade, of the index; our choice."""
SPOT_FEE = Decimal("0.001")
"""Fee of a spot trade, of what it brings, for takers and makers."""


def history_max(n_accounts: int) -> int:
    """Return how many rows of each kind one of so many accounts remembers, so that memory stays bounded."""
    return max(HISTORY_MIN, min(HISTORY_MAX, HISTORIES_MAX // n_accounts))


@dataclass(slots=True)
class CoinWallet:
    """One coin of the unified wallet; a negative balance is borrowed."""

    balance: Decimal = ZERO
    cumulative_realized: Decimal = ZERO
    is_collateral: bool = True


@dataclass(slots=True)
class Order:
    """One open order; ``quantity`` and ``left`` are signed, positive to buy."""

    row: OrderRow
    contract: Contract
    left: Decimal
    price_float: float
    left_float: float


@dataclass(slots=True)
class SpotOrder:
    """One open spot order; ``left`` is signed, positive to buy. What it gives away is locked in the wallet."""

    row: OrderRow
    pair: SpotPair
    left: Decimal
    price_float: float
    left_float: float

    @property
    def is_buy(self) -> bool:
        """Whether it buys the base coin; known of a filled order too, of which nothing is left."""
        return self.row.side == "Buy"

    @property
    def gives(self) -> str:
        """The coin that is locked."""
        return self.pair.quote if self.is_buy else self.pair.base

    @property
    def gets(self) -> str:
        """The coin that a fill brings."""
        return self.pair.base if self.is_buy else self.pair.quote

    @property
    def locked(self) -> Decimal:
        """How much is locked: the value of a buy order, rounded up to what a wallet holds, or the quantity of a sell."""
        return spot_value(self.left, self.row.price, ROUND_UP) if self.is_buy else -self.left

    @property
    def gives_float(self) -> float:
        """What a fill takes, for the margin engine."""
        return self.left_float * self.price_float if self.left_float > 0.0 else -self.left_float

    @property
    def gets_float(self) -> float:
        """What a fill brings before its fee, for the margin engine."""
        return self.left_float if self.left_float > 0.0 else -self.left_float * self.price_float


def spot_value(quantity: Decimal, price: Decimal, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Return what a quantity costs in the quote coin, unsigned, rounded to what a wallet holds."""
    return EXACT.multiply(abs(quantity), price).quantize(CENT, rounding=rounding)


@dataclass(slots=True)
class OrderMargin:
    """What the open orders of one symbol tie up, settle coin, and their value for the choice of the tier.

    ``highest_buy`` and ``lowest_sell`` tell at a glance whether any order is through the mark; options have neither.
    """

    initial_margin: float = 0.0
    value: float = 0.0
    highest_buy: float = 0.0
    lowest_sell: float = math.inf

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not (self.initial_margin or self.value or self.highest_buy) and self.lowest_sell == math.inf

    @property
    def tied(self) -> tuple[float, float]:
        """What readers of a wallet can tell apart."""
        return self.initial_margin, self.value


NOTHING_ORDERED = OrderMargin()


@dataclass(slots=True)
class Watch:
    """What lets the exchange skip the liquidation check of an account until the market has moved far enough.

    ``slack_usd`` is margin balance minus maintenance margin when last measured, less what trades since can have used;
    ``sensitivity_usd`` bounds what a unit of market travel can cost; ``travel`` is the market's travel at that time.
    """

    slack_usd: float = 0.0
    sensitivity_usd: float = 0.0
    travel: float = 0.0


@dataclass(slots=True)
class Account:
    """The state of one account.

    Parameters
    ----------
    info : AccountInfo
        Who it is.
    margin_mode : str
        Name of the margin mode in :data:`marginwatch.sim.modes.MODES`.
    settings_ms : int
        When its settings last changed.
    history_max : int, default=2000
        Rows of each kind that it remembers, the latest ones.
    """

    info: AccountInfo
    margin_mode: str
    settings_ms: int
    history_max: int = HISTORY_MAX
    wallet: dict[str, CoinWallet] = field(default_factory=dict[str, CoinWallet])
    funding_wallet: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    positions: dict[tuple[str, int], Position] = field(default_factory=dict[tuple[str, int], Position])
    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    spot_orders: dict[str, SpotOrder] = field(default_factory=dict[str, SpotOrder])
    order_margins: dict[str, OrderMargin] = field(default_factory=dict[str, OrderMargin])
    leverage: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    executions: deque[ExecutionRow] = field(init=False)
    transactions: deque[TransactionRow] = field(init=False)
    closed: deque[ClosedPnlRow] = field(init=False)
    settlements: deque[SettlementRow] = field(init=False)
    deliveries: deque[DeliveryRow] = field(init=False)
    watch: Watch = field(default_factory=Watch)
    taker_fee: Decimal = TAKER_FEE
    maker_fee: Decimal = MAKER_FEE
    revision: int = 0
    liquidations: int = 0
    is_liquidated: bool = False
    has_spot_hedging: bool = False
    """Whether coins held spot count as hedges in portfolio margin."""

    def __post_init__(self) -> None:
        """Begin all histories."""
        self.executions = deque(maxlen=self.history_max)
        self.transactions = deque(maxlen=self.history_max)
        self.closed = deque(maxlen=self.history_max)
        self.settlements = deque(maxlen=self.history_max)
        self.deliveries = deque(maxlen=self.history_max)

    @property
    def is_isolated(self) -> bool:
        """Whether each position has margin of its own."""
        return self.margin_mode == ISOLATED

    @property
    def is_portfolio(self) -> bool:
        """Whether margin is of the whole book under stress, and no position has any."""
        return self.margin_mode == PORTFOLIO

    @property
    def uid(self) -> str:
        """The account's number at the exchange."""
        return self.info.uid

    @property
    def taker_fee_float(self) -> float:
        """Taker fee for the margin engine."""
        return float(self.taker_fee)

    def net_size(self, symbol: str) -> float:
        """Return the signed size over all legs of a symbol."""
        legs = (self.positions.get((symbol, leg)) for leg in (0, 1, 2))
        return sum(leg.size_float for leg in legs if leg is not None)

    def locked(self, name: str) -> Decimal:
        """Return how much of a coin its spot orders hold back."""
        return sum((order.locked for order in self.spot_orders.values() if order.gives == name), ZERO)

    def coin(self, name: str) -> CoinWallet:
        """Return the wallet of a coin, empty if it never held any."""
        held = self.wallet.get(name)
        if held is None:
            held = self.wallet[name] = CoinWallet()
        return held

    def index_for(self, contract: Contract, signed_quantity: Decimal, *, is_closing: bool = False) -> int:
        """Return the leg that an order goes to: 0, or in hedge mode 1 for longs and 2 for shorts.

        Hedge mode exists for USDT perpetuals only; ``is_closing`` picks the leg that the order reduces.
        """
        if not (self.info.is_hedge_mode and contract.settle == "USDT" and contract.is_perpetual):
            return 0
        return 1 if (signed_quantity > 0) != is_closing else 2

    def position(self, contract: Contract, position_idx: int, now_ms: int) -> Position:
        """Return the leg, created flat at first touch."""
        key = (contract.symbol, position_idx)
        held = self.positions.get(key)
        if held is None:
            held = self.positions[key] = self.flat(contract, position_idx, now_ms)
        return held

    def flat(self, contract: Contract, position_idx: int, now_ms: int | None = None) -> Position:
        """Return a flat leg that the account does not keep: what a reader of an untouched symbol is shown."""
        since_ms = self.settings_ms if now_ms is None else now_ms
        return Position(contract, position_idx, self.leverage_for(contract), since_ms)

    def leverage_for(self, contract: Contract) -> Decimal:
        """Return the leverage setting of a symbol, 10 unless set."""
        return self.leverage.get(contract.symbol, DEFAULT_LEVERAGE)
