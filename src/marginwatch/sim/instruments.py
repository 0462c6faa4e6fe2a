"""What is traded: a contract or a spot pair, its worth at a price, and the row it is listed as."""

from dataclasses import dataclass
from decimal import Decimal

from marginwatch.sim.money import EXACT, ZERO, to_grain
from marginwatch.sim.rows import Category, InstrumentRow, RiskLimitRow
from marginwatch.sim.tiers import TierTable

FUNDING_CAP = Decimal("0.005")
LAUNCH_MS = 1_585_526_400_000
PRICE_TICKS_MAX = 19_999_998
SPOT_STEP = Decimal("0.000001")
SPOT_QTY_MAX = Decimal(100_000)
ONE = Decimal(1)
INDEX_TICK = Decimal("0.01")


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """One derivative contract.

    ``tick`` and ``step`` are the price tick and quantity step; quantities are base coin for linear contracts and USD
    for inverse ones. ``coin_factor`` is how many coins one unit is quoted for (1000 for 1000PEPE).
    """

    symbol: str
    symbol_id: int
    category: Category
    contract_type: str
    base: str
    quote: str
    settle: str
    tick: Decimal
    step: Decimal
    max_qty: Decimal
    max_leverage: Decimal
    tiers: TierTable
    coin: str
    coin_factor: int = 1
    delivery_ms: int = 0
    strike: Decimal = ZERO
    is_call: bool = False

    @property
    def is_option(self) -> bool:
        """Whether it is an option; its ``strike`` is then not 0."""
        return self.category == "option"

    @property
    def index_tick(self) -> Decimal:
        """Step in which the index is shown: the price tick, for an option a cent."""
        return INDEX_TICK if self.is_option else self.tick

    @property
    def is_inverse(self) -> bool:
        """Whether quantity is in USD and profit in the base coin."""
        return self.category == "inverse"

    @property
    def is_perpetual(self) -> bool:
        """Whether it pays funding and never expires."""
        return self.delivery_ms == 0

    @property
    def min_price(self) -> Decimal:
        """Lowest price an order may have."""
        return self.tick

    @property
    def max_price(self) -> Decimal:
        """Highest price an order may have."""
        return self.tick * PRICE_TICKS_MAX

    def risk_id(self, tier: int) -> int:
        """Return the exchange-wide number of a tier (counted from 0) of this contract."""
        return self.symbol_id * 100 + tier + 1

    def value(self, size: Decimal, price: Decimal) -> Decimal:
        """Return the signed worth of ``size`` (signed) at ``price`` in the settle coin, 12 decimals.

        Profit is the difference of two such worths for either kind: linear size × price, inverse −size ÷ price.
        """
        if not size:
            return ZERO
        worth = EXACT.divide(-size, price) if self.is_inverse else EXACT.multiply(size, price)
        return to_grain(worth)


@dataclass(frozen=True, slots=True)
class SpotPair:
    """One spot pair: its ticker values a collateral coin in USD."""

    symbol: str
    symbol_id: int
    base: str
    quote: str
    tick: Decimal


def instrument_row(item: Contract | SpotPair, funding_interval_s: float) -> InstrumentRow:
    """Return the listing of a contract or spot pair; a spot pair has no funding and leverage 1."""
    contract = item if isinstance(item, Contract) else None
    step = contract.step if contract else SPOT_STEP
    is_funded = contract is not None and contract.is_perpetual
    return InstrumentRow(
        category=contract.category if contract else "spot",
        symbol=item.symbol,
        symbol_id=item.symbol_id,
        contract_type=contract.contract_type if contract else "",
        status="Trading",
        base_coin=item.base,
        quote_coin=item.quote,
        settle_coin=contract.settle if contract else item.quote,
        launch_ms=LAUNCH_MS,
        delivery_ms=contract.delivery_ms if contract else 0,
        price_scale=-int(item.tick.as_tuple().exponent),
        min_leverage=ONE,
        max_leverage=contract.max_leverage if contract else ONE,
        leverage_step=Decimal("0.01"),
        min_price=item.tick,
        max_price=item.tick * PRICE_TICKS_MAX,
        tick_size=item.tick,
        min_order_qty=step,
        max_order_qty=contract.max_qty if contract else SPOT_QTY_MAX,
        max_market_order_qty=(contract.max_qty if contract else SPOT_QTY_MAX) / 2,
        qty_step=step,
        min_notional=Decimal(5),
        funding_interval_min=round(funding_interval_s / 60) if is_funded else 0,
        funding_rate_cap=FUNDING_CAP if is_funded else ZERO,
        option_kind=("Call" if contract.is_call else "Put") if contract and contract.is_option else None,
    )


def risk_limit_rows(contract: Contract) -> tuple[RiskLimitRow, ...]:
    """Return the margin tiers of a contract, lowest first; the id holds contract and tier."""
    return tuple(
        RiskLimitRow(
            category=contract.category,
            symbol=contract.symbol,
            risk_id=contract.risk_id(number),
            limit=tier.limit,
            initial_margin_rate=(1 / tier.max_leverage).quantize(Decimal("0.0001")),
            maintenance_margin_rate=tier.maintenance_rate,
            deduction=tier.deduction if number else None,
            max_leverage=tier.max_leverage,
            is_lowest=number == 0,
            origin=contract.tiers.origin,
        )
        for number, tier in enumerate(contract.tiers.tiers)
    )
