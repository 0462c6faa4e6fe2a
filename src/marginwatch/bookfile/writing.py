"""A live book becomes rows: gathered where the book is written, turned into JSON anywhere."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from marginwatch.book.columns import Columns
from marginwatch.book.fees import FeeSource
from marginwatch.book.instruments import PRICE_FIELDS
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.bookfile.text import FORMAT, decimal_text
from marginwatch.model.account import AccountSpec
from marginwatch.model.activity import OpenOrder
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import Connectivity
from marginwatch.model.instrument import Instrument, InstrumentKind, MarginTier
from marginwatch.model.position import Position

Plain = dict[str, Any]


class PastReturn(NamedTuple):
    """Log returns of a coin over adjacent intervals, oldest first; NaN where there is none. Times in seconds."""

    coin: str
    interval_s: int
    last_s: int
    values: FloatArray


@dataclass(slots=True, frozen=True)
class GatheredAccount:
    """References to all that one account holds; immutable nouns of the model, so that a thread may read them."""

    spec: AccountSpec
    state: AccountState | None
    link: Connectivity | None
    gaps: tuple[str, ...]
    has_orders: bool
    orders: tuple[OpenOrder, ...]
    positions: tuple[Position, ...]
    fees: tuple[tuple[Instrument, float, int], ...]
    balances: tuple[tuple[Balance, bool | None, int], ...]


@dataclass(slots=True, frozen=True)
class Gathered:
    """All of a book at one moment."""

    at_ns: int
    accounts: tuple[GatheredAccount, ...]
    instruments: tuple[Instrument, ...]
    prices: dict[str, FloatArray]
    greeks: dict[str, FloatArray]
    heard_ns: CodeArray
    next_funding_ns: CodeArray
    rows: tuple[int, ...]
    tiers: tuple[tuple[Instrument, tuple[MarginTier, ...]], ...]
    collateral: tuple[Plain, ...]
    borrow: tuple[Plain, ...]
    asset_prices: tuple[Plain, ...]
    returns: tuple[PastReturn, ...] = ()


def gather(columns: Columns, at_ns: int, returns: tuple[PastReturn, ...] = ()) -> Gathered:
    """Return references to everything in the book. Must run where the book is written; about 1 µs a row.

    Parameters
    ----------
    columns : Columns
        Of the book.
    at_ns : int
        The moment, UTC nanoseconds.
    returns : tuple of PastReturn
        What is known of past prices.
    """
    columns.facts.sync()
    table = columns.instruments
    held = [(row, one) for row, one in enumerate(table.instruments) if one is not None]
    size = table.size
    tiers = [(one, table.tiers[one.instrument_id]) for _, one in held if one.instrument_id in table.tiers]
    return Gathered(
        at_ns=at_ns,
        accounts=tuple(
            _account(columns, row) for row, one in enumerate(columns.accounts.entries) if one is not None
        ),
        instruments=tuple(one for _, one in held),
        prices={name: getattr(table, name)[:size].copy() for name in PRICE_FIELDS},
        greeks={name: getattr(table, name)[:size].copy() for name in ("delta", "gamma", "vega", "theta")},
        heard_ns=table.heard_ns[:size].copy(),
        next_funding_ns=table.next_funding_at_ns[:size].copy(),
        rows=tuple(row for row, _ in held),
        tiers=tuple(tiers),
        collateral=tuple(_collateral(columns)),
        borrow=tuple(_borrow(columns)),
        asset_prices=tuple(_asset_prices(columns)),
        returns=returns,
    )


def _account(columns: Columns, row: int) -> GatheredAccount:
    accounts, table, holdings, legs = (
        columns.accounts,
        columns.positions,
        columns.holdings,
        columns.facts.legs,
    )
    entry = accounts.entries[row]
    if entry is None:
        raise ValueError(f"row must be that of an account, got {row}")
    positions = [(mine, one) for mine in entry.rows.values() if (one := table.positions[mine]) is not None]
    return GatheredAccount(
        spec=entry.spec,
        state=accounts.states[row],
        link=accounts.links[row],
        gaps=accounts.gaps[row],
        has_orders=entry.orders.is_known,
        orders=tuple(entry.orders),
        positions=tuple(one for _, one in positions),
        fees=tuple(
            (one.instrument, legs.taker_fee_at[mine], legs.fee_source_at[mine]) for mine, one in positions
        ),
        balances=tuple(
            (one, holdings.switches[mine], holdings.made_ns[mine])
            for mine in entry.coins.values()
            if (one := holdings.balances[mine]) is not None
        ),
    )


def _collateral(columns: Columns) -> list[Plain]:
    facts, found = columns.facts, list[Plain]()
    for row, (venue, asset) in enumerate(columns.assets.names):
        for step in range(int(facts.collateral.n_steps[row]) if asset else 0):
            start, end, rate = (
                float(facts.collateral.array(name)[row, step])
                for name in ("quantity_from", "quantity_to", "collateral_rate")
            )
            found.append(
                {
                    "venue": venue,
                    "asset": asset,
                    "quantity_from": decimal_text(start),
                    "quantity_to": _known(end),
                    "collateral_rate": decimal_text(rate),
                }
            )
    return found


def _borrow(columns: Columns) -> list[Plain]:
    facts, found = columns.facts, list[Plain]()
    for row, (venue, asset) in enumerate(columns.assets.names):
        for step in range(int(facts.borrow.n_steps[row]) if asset else 0):
            limit, initial, maintenance = (
                float(facts.borrow.array(name)[row, step])
                for name in ("limit", "initial_margin_rate", "maintenance_margin_rate")
            )
            found.append(
                {
                    "venue": venue,
                    "asset": asset,
                    "tier": step + 1,
                    "limit": decimal_text(limit),
                    "initial_margin_rate": _known(initial),
                    "maintenance_margin_rate": _known(maintenance),
                }
            )
    return found


def _asset_prices(columns: Columns) -> list[Plain]:
    assets = columns.assets
    return [
        {"venue": venue, "asset": asset, "usd_price": text}
        for row, (venue, asset) in enumerate(assets.names)
        if asset and (text := _known(float(assets.stated_price[row]))) is not None
    ]


def _known(value: float) -> str | None:
    return decimal_text(value) if abs(value) < float("inf") else None


def encode(gathered: Gathered) -> bytes:
    """Return the book file of what was gathered. No secret is in it: of an account only its name and groups."""
    return msgspec.json.encode(plain_book(gathered))


def plain_book(gathered: Gathered) -> Plain:
    """Return the book file as plain objects."""
    accounts = gathered.accounts
    return {
        "format": FORMAT,
        "taken_at_ns": gathered.at_ns,
        "accounts": [_totals(one) for one in accounts],
        "positions": [_position(one, position) for one in accounts for position in one.positions],
        "balances": [_balance(one, *coin) for one in accounts for coin in one.balances],
        "orders": [_order(one, order) for one in accounts for order in one.orders],
        "fees": [fee for one in accounts for fee in _fees(one)],
        "marks": _marks(gathered),
        "instruments": [_noun(one, "instrument_id") for one in gathered.instruments],
        "tiers": [
            {"venue": str(of.venue), "category": of.category, **_noun(tier, "instrument_id")}
            for of, tiers in gathered.tiers
            for tier in tiers
        ],
        "collateral": list(gathered.collateral),
        "borrow": list(gathered.borrow),
        "asset_prices": list(gathered.asset_prices),
        "returns": [_returns(one) for one in gathered.returns],
    }


def _returns(one: PastReturn) -> Plain:
    values: list[float] = one.values.tolist()
    known = [None if value != value else value for value in values]
    return {"coin": one.coin, "interval_s": one.interval_s, "last_s": one.last_s, "values": known}


def _noun(noun: msgspec.Struct, *left_out: str) -> Plain:
    plain: Plain = msgspec.to_builtins(noun)
    return {name: value for name, value in plain.items() if name not in left_out}


def _totals(one: GatheredAccount) -> Plain:
    spec = one.spec
    return {
        "account_id": spec.account_id,
        "venue": spec.venue,
        "exchange": spec.exchange,
        "owner": spec.owner,
        "desk": spec.desk,
        "tags": list(spec.tags),
        "allow_unsafe_key": spec.allow_unsafe_key,
        **({} if one.state is None else _noun(one.state)),
        "connectivity": None if one.link is None else _noun(one.link),
        "not_covered": list(one.gaps),
        "has_orders": one.has_orders,
    }


def _of(one: GatheredAccount, instrument: Instrument) -> Plain:
    return {
        "account_id": one.spec.account_id,
        "venue": instrument.venue,
        "category": instrument.category,
        "venue_symbol": instrument.venue_symbol,
    }


def _position(one: GatheredAccount, position: Position) -> Plain:
    instrument = position.instrument
    return {
        **_of(one, instrument),
        "instrument_kind": instrument.instrument_kind.value,
        "is_inverse": instrument.is_inverse,
        "settle_asset": instrument.settle_asset,
        **_noun(position, "instrument"),
    }


def _balance(one: GatheredAccount, balance: Balance, is_collateral: bool | None, made_ns: int) -> Plain:
    return {
        "account_id": one.spec.account_id,
        "venue": one.spec.venue,
        **_noun(balance, "is_collateral"),
        "is_collateral": is_collateral,
        "made_at_ns": made_ns,
    }


def _order(one: GatheredAccount, order: OpenOrder) -> Plain:
    return {**_of(one, order.instrument), **_noun(order, "instrument", "is_open", "status", "cancel_kind")}


def _fees(one: GatheredAccount) -> list[Plain]:
    rates: dict[tuple[str, str], Plain] = {}
    for instrument, rate, source in one.fees:
        if rate != rate:
            continue
        is_option = instrument.instrument_kind is InstrumentKind.OPTION
        name = instrument.base_asset if is_option else instrument.venue_symbol
        rates[instrument.category, name] = {
            "account_id": one.spec.account_id,
            "venue": instrument.venue,
            "category": instrument.category,
            "venue_symbol": None if is_option else name,
            "base_asset": name if is_option else None,
            "taker_fee_rate": decimal_text(rate),
            "is_standard": source != FeeSource.OWN,
        }
    return list(rates.values())


def _marks(gathered: Gathered) -> list[Plain]:
    found: list[Plain] = []
    for row, one in zip(gathered.rows, gathered.instruments, strict=True):
        if not gathered.heard_ns[row]:
            continue
        prices = {name: _known(float(values[row])) for name, values in gathered.prices.items()}
        greeks = {name: _known(float(values[row])) for name, values in gathered.greeks.items()}
        found.append(
            {
                "venue": one.venue,
                "category": one.category,
                "venue_symbol": one.venue_symbol,
                **prices,
                "greeks": greeks if greeks["delta"] is not None else None,
                "next_funding_at_ns": int(gathered.next_funding_ns[row]) or None,
                "heard_at_ns": int(gathered.heard_ns[row]),
            }
        )
    return found
