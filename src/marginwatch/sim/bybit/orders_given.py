"""What the remote control can be asked for: the bodies of its requests."""

from typing import Annotated, Any, Literal

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
Delay = Annotated[float, msgspec.Meta(ge=0, le=30 * 86_400)]
Amount = Annotated[str, msgspec.Meta(pattern=r"^-?\d{1,15}(\.\d{1,12})?$")]
"""A plain decimal number as text, of so few digits that it is never rounded on the way."""


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON object; amounts and prices are texts, so that no digit is lost."""


class Advance(Body, frozen=True, kw_only=True):
    """Move time on, an hour at most."""

    seconds: Seconds


class Hold(Body, frozen=True, kw_only=True):
    """Let market and traders stand still, or go on; what time they missed is caught up with at once."""

    is_held: bool


class Price(Body, frozen=True, kw_only=True):
    """Put the mark of a contract on a price."""

    symbol: str
    price: Amount


class RegimeOrder(Body, frozen=True, kw_only=True):
    """Impose a regime on the market; null gives it back to its story."""

    regime: str | None


class Peg(Body, frozen=True, kw_only=True):
    """Let a stablecoin be drawn to a price in USD; null lets it go back."""

    coin: str
    price: str | None


class DepthOrder(Body, frozen=True, kw_only=True):
    """Multiply the depth of a symbol's order book, of all others without a symbol; 1 is normal."""

    factor: Annotated[float, msgspec.Meta(ge=0, le=1000)]
    symbol: str | None = None


class Shock(Body, frozen=True, kw_only=True):
    """Move a coin at once by a fraction (-0.1 is 10 % down), all by their betas without a coin."""

    move: Annotated[float, msgspec.Meta(ge=-0.95, le=5)]
    coin: str | None = None


class Trade(Body, frozen=True, kw_only=True):
    """Trade at a price, at mark if there is none; the quantity is negative to sell."""

    account: str
    symbol: str
    quantity: Amount
    price: Amount | None = None
    position_idx: Literal[0, 1, 2] | None = None


class LimitOrder(Body, frozen=True, kw_only=True):
    """Place a limit order; spot pairs share their names with contracts, so that ``spot`` has to be said."""

    account: str
    symbol: str
    quantity: Amount
    price: Amount
    category: Literal["linear", "inverse", "option", "spot"] | None = None


class Amend(Body, frozen=True, kw_only=True):
    """Move an open order to another price."""

    account: str
    order_id: str
    price: Amount


class Cancel(Body, frozen=True, kw_only=True):
    """Cancel an open order, or all orders of the account."""

    account: str
    order_id: str | None = None


class Deposit(Body, frozen=True, kw_only=True):
    """Move coins in, or out if the amount is negative."""

    account: str
    coin: str
    amount: Amount


class Transfer(Body, frozen=True, kw_only=True):
    """Move coins between two accounts."""

    from_account: str
    to_account: str
    coin: str
    amount: Amount


class Funding(Body, frozen=True, kw_only=True):
    """Move coins from the funding wallet to the account, or back if the amount is negative."""

    account: str
    coin: str
    amount: Amount


class AddMargin(Body, frozen=True, kw_only=True):
    """Add margin to an isolated position, or take added margin back if the amount is negative."""

    account: str
    symbol: str
    amount: Amount
    position_idx: Literal[0, 1, 2] = 0


class MarginChange(Body, frozen=True, kw_only=True):
    """Announce that the maintenance rates of a contract change by a factor after a while, a month at most."""

    symbol: str
    factor: Amount
    delay_s: Delay


class Pool(Body, frozen=True, kw_only=True):
    """Set what the insurance pool of a coin has left."""

    coin: str
    amount: Amount


class Hedging(Body, frozen=True, kw_only=True):
    """Let coins held spot hedge in portfolio margin, or no more."""

    account: str
    is_on: bool


class Mode(Body, frozen=True, kw_only=True):
    """Change the margin mode of an account."""

    account: str
    margin_mode: str


class Break(Body, frozen=True, kw_only=True):
    """Replace the list of faults."""

    faults: str


class Freeze(Body, frozen=True, kw_only=True):
    """Freeze private streams, private replies too, prices too, or let all move again."""

    is_frozen: bool
    with_replies: bool = False
    with_prices: bool = False


class Late(Body, frozen=True, kw_only=True):
    """Let the private side be late."""

    seconds: Seconds


class Cut(Body, frozen=True, kw_only=True):
    """Cut the private sockets of an account."""

    account: str


class Revoke(Body, frozen=True, kw_only=True):
    """Let the key of an account die."""

    account: str
    how: Literal["revoked", "expired", "bound elsewhere"] = "revoked"


class Ban(Body, frozen=True, kw_only=True):
    """Ban every address that ever called, for ten minutes or as told."""

    seconds: Seconds | None = None


class Announce(Body, frozen=True, kw_only=True):
    """Replace the announcements of ``/v5/system/status``."""

    rows: list[dict[str, Any]]
