"""What trading a contract takes: quotes, steps, fees, funding; and which contract stands for a coin."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.columns import Columns
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.instrument import InstrumentKind
from marginwatch.risk.liquidation.exposures import contract_deltas
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.prices import Ages


@dataclass(slots=True, frozen=True, eq=False)
class TradeTerms:
    """What trading a contract takes, by contract of the sheet, shape (c,).

    Parameters
    ----------
    bid_price, ask_price : ndarray of float64
        Quote currency; NaN where unknown or too old.
    quantity_step : ndarray of float64
        Smallest change of the quantity, contracts; NaN where unknown.
    is_perpetual : ndarray of bool
        Perpetual contracts.
    venue : ndarray of int64
        Codes that index the sheet's ``venue_names``.
    """

    bid_price: FloatArray
    ask_price: FloatArray
    quantity_step: FloatArray
    is_perpetual: BoolArray
    venue: CodeArray


def trade_terms(columns: Columns, ages: Ages) -> TradeTerms:
    """Return the terms of all contracts of the book, as they are now.

    Parameters
    ----------
    columns : Columns
        The book's tables.
    ages : Ages
        Which contracts' prices may be used: those that the sheet was built with.
    """
    table, venues = columns.instruments, columns.accounts.venues
    contracts = table.instruments[: table.size]
    bid, ask = (
        np.where(ages.is_known, values[: table.size], np.nan) for values in (table.bid_price, table.ask_price)
    )
    return TradeTerms(
        bid_price=bid,
        ask_price=ask,
        quantity_step=np.array(
            [
                float(one.quantity_step) if one is not None and one.quantity_step is not None else np.nan
                for one in contracts
            ]
        ),
        is_perpetual=np.array(
            [one is not None and one.instrument_kind is InstrumentKind.PERPETUAL for one in contracts]
        ),
        venue=np.array([0 if one is None else venues.find(one.venue) for one in contracts], np.int64),
    )


def perpetual_of(sheet: MarginSheet, terms: TradeTerms, account: int, coin: str) -> int | None:
    """Return the perpetual that an account would hedge a coin with; None if no priced one is known at its venue.

    A contract that it holds goes before others, then one that is quoted, then one settled in a coin that no shock
    reaches, then the narrower spread.
    """
    deltas = contract_deltas(sheet)
    is_coin = np.array([name == coin for name in sheet.coin_names])
    named = is_coin[sheet.underlying_coin]
    at_venue = terms.venue == sheet.venue[account]
    usable = np.flatnonzero(named & at_venue & terms.is_perpetual & np.isfinite(deltas) & (deltas > 0.0))
    if not usable.shape[0]:
        return None
    mine = sheet.leg_contract[sheet.first_leg[account] : sheet.first_leg[account + 1]]
    spread = (terms.ask_price[usable] - terms.bid_price[usable]) / sheet.mark_price[usable]
    order = np.lexsort(
        (
            np.nan_to_num(spread, nan=np.inf),
            ~sheet.coin_is_exempt[sheet.settle_coin[usable]],
            np.isnan(spread),
            ~np.isin(usable, mine),
        )
    )
    return int(usable[order[0]])


def taker_fee(sheet: MarginSheet, account: int, contract: int) -> float:
    """Return the taker fee of an account in a contract, fraction; NaN if nothing tells it.

    That of its own leg in the contract, else the highest of its legs of that kind (options apart from the rest), else of
    the legs of all accounts of its owner and venue: they share one fee level.
    """
    same_kind = sheet.is_option[sheet.leg_contract] == sheet.is_option[contract]
    own = sheet.leg_account == account
    related = (sheet.owner == sheet.owner[account]) & (sheet.venue == sheet.venue[account])
    for legs in (
        own & (sheet.leg_contract == contract),
        own & same_kind,
        related[sheet.leg_account] & same_kind,
    ):
        known = sheet.leg_taker_fee[legs & np.isfinite(sheet.leg_taker_fee)]
        if known.shape[0]:
            return float(known.max())
    return float("nan")
