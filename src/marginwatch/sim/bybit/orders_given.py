"""What the remote control can be asked for: the bodies of its requests."""

from typing import Annotated, Any, Literal

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


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
    price: str


class Trade(Body, frozen=True, kw_only=True):
    """Trade at a price, at mark if there is none; the quantity is negative to sell."""

    account: str
    symbol: str
    quantity: str
    price: str | None = None
    position_idx: int | None = None


class LimitOrder(Body, frozen=True, kw_only=True):
    """Place a limit order."""

    account: str
    symbol: str
    quantity: str
    price: str


class Deposit(Body, frozen=True, kw_only=True):
    """Move coins in, or out if the amount is negative."""

    account: str
    coin: str
    amount: str


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
