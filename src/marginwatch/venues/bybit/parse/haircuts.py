"""Collateral bands and borrow tiers of coins."""

from decimal import Decimal

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.ids import DecimalText
from marginwatch.model.venue_facts import BorrowTier, CollateralTier
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page
from marginwatch.venues.bybit.parse.text import number_or_none
from marginwatch.venues.bybit.schemas.owner import WireBorrowTiers, WireCollateralBands

COLLATERAL_ENDPOINT = "/v5/spot-margin-trade/collateral"
BORROW_ENDPOINT = "/v5/spot-margin-trade/position-tiers"

_bands = msgspec.json.Decoder(WireCollateralBands)
_borrows = msgspec.json.Decoder(WireBorrowTiers)


def parse_collateral_tiers(result: msgspec.Raw) -> Page[CollateralTier]:
    """Return ``/v5/spot-margin-trade/collateral``: the bands of each coin, ascending.

    Raises
    ------
    ProtocolError
        If there is no list. A coin with a bad band is left out whole, as a failure.
    """
    page = read_page(open_page(result, COLLATERAL_ENDPOINT), _bands, _bands_of, COLLATERAL_ENDPOINT)
    return Page(tuple(tier for bands in page.rows for tier in bands), page.failures, page.next_cursor)


def parse_borrow_tiers(result: msgspec.Raw) -> Page[BorrowTier]:
    """Return ``/v5/spot-margin-trade/position-tiers``: the borrow tiers of each coin, ascending.

    Raises
    ------
    ProtocolError
        If there is no list. A coin with a bad tier is left out whole, as a failure.
    """
    page = read_page(open_page(result, BORROW_ENDPOINT), _borrows, _borrows_of, BORROW_ENDPOINT)
    return Page(tuple(tier for tiers in page.rows for tier in tiers), page.failures, page.next_cursor)


def _bands_of(row: WireCollateralBands) -> list[CollateralTier]:
    bands = [
        CollateralTier(
            asset=row.currency,
            quantity_from=_required(band.min_qty, f"minQty of {row.currency[:20]}"),
            quantity_to=number_or_none(band.max_qty, f"maxQty of {row.currency[:20]}"),
            collateral_rate=_required(band.collateral_ratio, f"collateralRatio of {row.currency[:20]}"),
        )
        for band in row.collateral_ratio_list
    ]
    return sorted(bands, key=lambda band: Decimal(band.quantity_from))


def _borrows_of(row: WireBorrowTiers) -> list[BorrowTier]:
    named = f"of {row.currency[:20]}"
    steps = sorted(
        row.position_tiers_ratio_list,
        key=lambda step: Decimal(_required(step.borrow_limit, f"borrowLimit {named}")),
    )
    return [
        BorrowTier(
            asset=row.currency,
            tier=number,
            limit=step.borrow_limit,
            initial_margin_rate=number_or_none(step.position_imr, f"positionIMR {named}"),
            maintenance_margin_rate=number_or_none(step.position_mmr, f"positionMMR {named}"),
            max_leverage=number_or_none(step.max_leverage, f"maxLeverage {named}"),
        )
        for number, step in enumerate(steps, 1)
    ]


def _required(text: str | None, field: str) -> DecimalText:
    found = number_or_none(text, field)
    if found is None:
        raise ProtocolError(f"{field}: empty")
    return found
