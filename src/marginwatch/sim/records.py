"""What accounts keep of settlements: rows of sessions paid out and of contracts delivered."""

from decimal import Decimal

import msgspec

from marginwatch.sim.rows import Category


class SettlementRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One session of one USDC position: its profit up to ``mark_price``, which is the new session price.

    ``side`` is that of the position, ``size`` unsigned, ``realized_pnl`` in USDC.
    """

    uid: str
    symbol: str
    side: str
    size: Decimal
    mark_price: Decimal
    realized_pnl: Decimal
    ts_ms: int


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One position that expired; ``price`` is the index average it was settled by, ``strike`` None but for options.

    ``side`` is that of the position, ``size`` unsigned, ``realized_pnl`` in the settle coin before the fee.
    """

    uid: str
    category: Category
    symbol: str
    side: str
    size: Decimal
    entry_price: Decimal
    price: Decimal
    strike: Decimal | None
    fee: Decimal
    realized_pnl: Decimal
    ts_ms: int
