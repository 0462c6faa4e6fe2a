"""What a symbol alone says about its contract.

Bybit's names carry kind, currencies and expiry (docs: v5/enum, "symbol"): ``BTCUSDT`` and ``BTCPERP`` are linear
perpetuals settled in USDT and USDC, ``BTCUSDT-21FEB25`` and ``BTC-24MAR23`` the dated ones, ``BTCUSD`` and
``BTCUSDH23`` inverse, ``ETH-28FEB25-2800-C`` an option in USDC and ``BTC-27MAR26-70000-P-USDT`` one in USDT. It is
enough to hold a position in a contract that has not been loaded yet.
"""

import re
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from marginwatch.errors import ProtocolError
from marginwatch.model.ids import Asset, DecimalText, VenueId, instrument_id
from marginwatch.model.instrument import Instrument, InstrumentKind, OptionKind

CATEGORIES = ("linear", "inverse", "option", "spot")
"""Segments of the API (docs: v5/enum, "category")."""

EXPIRY_HOUR_UTC = 8
"""Deliveries and exercises are at 08:00 UTC of the day in the symbol."""

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
    )
}
_QUARTER_MONTHS = {"H": 3, "M": 6, "U": 9, "Z": 12}
_SPOT_QUOTES = (
    "USDT",
    "USDC",
    "USDE",
    "USD1",
    "RLUSD",
    "DAI",
    "EUR",
    "BRL",
    "PLN",
    "TRY",
    "BTC",
    "ETH",
    "MNT",
    "USD",
)
"""Longest first where one ends in another."""

_OPTION = re.compile(r"([A-Z0-9]+)-(\d{1,2})([A-Z]{3})(\d{2})-(\d+(?:\.\d+)?)-([CP])(?:-(USDT|USDC))?")
_DATED = re.compile(r"([A-Z0-9]+?)(USDT|USDC)?-(\d{1,2})([A-Z]{3})(\d{2})")
_INVERSE_DATED = re.compile(r"([A-Z0-9]+)USD([HMUZ])(\d{2})")
_MULTIPLIED = re.compile(r"10{3,}([A-Z][A-Z0-9]*)|([A-Z]+)10{3,}")


class NameParts(NamedTuple):
    """What was read from a symbol; ``""`` for a currency that the symbol does not tell."""

    kind: InstrumentKind
    base_asset: Asset
    quote_asset: Asset
    settle_asset: Asset
    expiry_ns: int | None = None
    strike_price: DecimalText | None = None
    option_kind: OptionKind | None = None


def underlying_of(base_asset: Asset) -> Asset:
    """Return the coin behind a base asset that counts thousands: ``PEPE`` for ``1000PEPE`` and ``SHIB`` for ``SHIB1000``."""
    match = _MULTIPLIED.fullmatch(base_asset)
    return base_asset if match is None else match[1] or match[2]


def category_of(symbol: str) -> Literal["linear", "inverse", "option", "spot"] | None:
    """Return the derivatives segment that a symbol belongs to, None if its form does not say.

    ``BTCUSDT`` is taken for the linear contract although the spot pair is spelled alike.
    """
    if _OPTION.fullmatch(symbol):
        return "option"
    if _DATED.fullmatch(symbol) or (symbol.endswith(("USDT", "PERP")) and len(symbol) > 4):
        return "linear"
    if _INVERSE_DATED.fullmatch(symbol) or (symbol.endswith("USD") and len(symbol) > 3):
        return "inverse"
    return "spot" if symbol.endswith("USDC") and symbol != "USDC" else None


def infer_instrument(venue: VenueId, category: str, symbol: str) -> Instrument:
    """Return the contract that a symbol describes.

    Currencies that the symbol does not tell are ``""`` until the contract is loaded; a base asset is then the whole
    symbol.

    Parameters
    ----------
    venue : VenueId
        Exchange and environment.
    category : str
        ``linear``, ``inverse``, ``option`` or ``spot``.
    symbol : str
        The venue's own string.

    Raises
    ------
    ProtocolError
        If the category is none of the four or the symbol is empty: settlement and sign of profit would be a guess.
    """
    if category not in CATEGORIES:
        raise ProtocolError(f"category {category[:40]!r} of {symbol[:40]!r} is unknown", venue=venue)
    if not symbol:
        raise ProtocolError("the symbol is empty", venue=venue)
    parts = _READERS[category](symbol)
    return Instrument(
        instrument_id=instrument_id(venue, category, symbol),
        venue=venue,
        category=category,
        venue_symbol=symbol,
        instrument_kind=parts.kind,
        is_inverse=category == "inverse",
        base_asset=parts.base_asset,
        quote_asset=parts.quote_asset,
        settle_asset=parts.settle_asset,
        underlying_asset=underlying_of(parts.base_asset),
        expiry_ns=parts.expiry_ns,
        strike_price=parts.strike_price,
        option_kind=parts.option_kind,
        is_inferred=True,
    )


def option_strike(symbol: str) -> DecimalText | None:
    """Return the strike price in an option's symbol; the instruments endpoint does not repeat it."""
    match = _OPTION.fullmatch(symbol)
    return match[5] if match else None


def _read_linear(symbol: str) -> NameParts:
    match = _DATED.fullmatch(symbol)
    if match is not None:
        currency = match[2] or "USDC"
        expiry_ns = _expiry_ns(match[3], match[4], match[5])
        return NameParts(InstrumentKind.FUTURE, match[1], currency, currency, expiry_ns)
    for suffix, currency in (("PERP", "USDC"), ("USDT", "USDT"), ("USDC", "USDC")):
        if symbol.endswith(suffix) and symbol != suffix:
            return NameParts(InstrumentKind.PERPETUAL, symbol.removesuffix(suffix), currency, currency)
    return NameParts(InstrumentKind.PERPETUAL, symbol, "", "")


def _read_inverse(symbol: str) -> NameParts:
    match = _INVERSE_DATED.fullmatch(symbol)
    if match is not None:
        # The day is the last Friday of the month; the symbol tells only the month.
        expiry_ns = _last_friday_ns(2000 + int(match[3]), _QUARTER_MONTHS[match[2]])
        return NameParts(InstrumentKind.FUTURE, match[1], "USD", match[1], expiry_ns)
    if symbol.endswith("USD") and symbol != "USD":
        base = symbol.removesuffix("USD")
        return NameParts(InstrumentKind.PERPETUAL, base, "USD", base)
    return NameParts(InstrumentKind.PERPETUAL, symbol, "", "")


def _read_option(symbol: str) -> NameParts:
    match = _OPTION.fullmatch(symbol)
    if match is None:
        return NameParts(InstrumentKind.OPTION, symbol.split("-", 1)[0], "", "")
    currency = match[7] or "USDC"
    return NameParts(
        InstrumentKind.OPTION,
        match[1],
        currency,
        currency,
        _expiry_ns(match[2], match[3], match[4]),
        match[5],
        "call" if match[6] == "C" else "put",
    )


def _read_spot(symbol: str) -> NameParts:
    for quote in _SPOT_QUOTES:
        if symbol.endswith(quote) and symbol != quote:
            return NameParts(InstrumentKind.SPOT, symbol.removesuffix(quote), quote, quote)
    return NameParts(InstrumentKind.SPOT, symbol, "", "")


_READERS = {"linear": _read_linear, "inverse": _read_inverse, "option": _read_option, "spot": _read_spot}


def _expiry_ns(day: str, month: str, year: str) -> int | None:
    try:
        moment = datetime(2000 + int(year), _MONTHS[month], int(day), EXPIRY_HOUR_UTC, tzinfo=UTC)
    except (KeyError, ValueError):
        return None  # Not a date after all; the rest of the symbol still says what it says.
    return int(moment.timestamp()) * 1_000_000_000


def _last_friday_ns(year: int, month: int) -> int:
    first_of_next = datetime(year + month // 12, month % 12 + 1, 1, EXPIRY_HOUR_UTC, tzinfo=UTC)
    days_back = (first_of_next.weekday() - 5) % 7 + 1
    return (int(first_of_next.timestamp()) - days_back * 86_400) * 1_000_000_000
