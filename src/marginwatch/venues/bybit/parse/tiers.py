"""Risk-limit tables: the unit is found out, the order is ours, the deductions can be worked out."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.failure import Failure
from marginwatch.model.ids import DecimalText
from marginwatch.model.instrument import MarginTier
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.envelope import decode_with
from marginwatch.venues.bybit.parse.page import Page, open_page, read_rows
from marginwatch.venues.bybit.parse.text import number_or_none
from marginwatch.venues.bybit.schemas.market import WireRiskLimit, WireRiskLimitV2

ENDPOINT = "/v5/market/risk-limit"

_FRACTION_RANGE: Final = (Decimal("0.5"), Decimal(2))
_PERCENT_RANGE: Final = (Decimal(50), Decimal(200))

# Where the venue sends a JSON number for a text, its digits are kept: no float is made on the way.
_rows = msgspec.json.Decoder(WireRiskLimit, float_hook=str)
_rows_v2 = msgspec.json.Decoder(WireRiskLimitV2, float_hook=str)
_list_v2 = msgspec.json.Decoder(list[msgspec.Raw])


class _Row(NamedTuple):
    symbol: str
    limit: Decimal
    limit_text: DecimalText
    maintenance: DecimalText
    initial: DecimalText | None
    leverage: DecimalText | None
    deduction: DecimalText | None


def parse_tiers(result: msgspec.Raw, category: str | None, catalog: InstrumentCatalog) -> Page[MarginTier]:
    """Return one page of ``/v5/market/risk-limit``, each contract's tiers in ascending order of their limits.

    Rates come as fractions or as percent, depending on the source; ``initialMargin × maxLeverage`` is near 1 for a
    fraction and near 100 for percent. The result is always a fraction.

    Parameters
    ----------
    result : msgspec.Raw
        ``result`` of the reply.
    category : str or None
        As asked for; None takes it from the result or the symbols.
    catalog : InstrumentCatalog
        Contracts.

    Raises
    ------
    ProtocolError
        If there is no list. A table with a bad row is left out whole, as a failure: with a tier missing, every
        margin above it would be wrong.
    """
    page = open_page(result, ENDPOINT)
    rows, failures = read_rows(page.rows, _rows, _row_of, ENDPOINT)
    tiers, more = _tables(rows, failures, category or page.category, catalog)
    return Page(tiers, (*failures, *more), page.next_page_cursor or None)


def parse_tiers_v2(result: msgspec.Raw, category: str | None, catalog: InstrumentCatalog) -> Page[MarginTier]:
    """Return a reply of the retired v2 endpoint, whose ``result`` is the list itself.

    Raises
    ------
    ProtocolError
        If it is not a list.
    """
    what = "/v2/public/risk-limit/list"
    rows, failures = read_rows(decode_with(_list_v2, result, what), _rows_v2, _row_of_v2, what)
    tiers, more = _tables(rows, failures, category, catalog)
    return Page(tiers, (*failures, *more))


def deductions(tiers: Sequence[MarginTier]) -> tuple[DecimalText, ...]:
    """Return the maintenance deduction of each tier, worked out from limits and rates.

    ``deduction_n = limit_(n-1) × (rate_n − rate_(n-1)) + deduction_(n-1)``, and 0 in the first tier, which makes the
    margin continuous where tiers meet.

    Parameters
    ----------
    tiers : sequence of MarginTier
        All tiers of one contract, ascending.

    Returns
    -------
    tuple of str
        Exact, in the unit of the limits; empty for no tiers.

    References
    ----------
    Bybit help center, "New Margin Calculation under Unified Trading Account", 2025-09-18.
    """
    found: list[DecimalText] = []
    deduction = Decimal(0)
    for number, tier in enumerate(tiers):
        if number:
            below = tiers[number - 1]
            step = Decimal(tier.maintenance_margin_rate) - Decimal(below.maintenance_margin_rate)
            deduction += Decimal(below.limit) * step
        found.append(_plain(deduction))
    return tuple(found)


def _tables(
    rows: Iterable[_Row], failures: Iterable[Failure], category: str | None, catalog: InstrumentCatalog
) -> tuple[tuple[MarginTier, ...], list[Failure]]:
    broken = {failure.subject for failure in failures}
    by_symbol: dict[str, list[_Row]] = {}
    for row in rows:
        by_symbol.setdefault(row.symbol, []).append(row)
    tiers: list[MarginTier] = []
    more: list[Failure] = []
    for symbol, table in by_symbol.items():
        if symbol in broken:
            continue
        try:
            tiers.extend(_table_of(symbol, table, category, catalog))
        except ProtocolError as error:
            more.append(Failure("protocol", symbol, f"{ENDPOINT}: {error.message}"))
    return tuple(tiers), more


def _table_of(
    symbol: str, table: list[_Row], category: str | None, catalog: InstrumentCatalog
) -> list[MarginTier]:
    instrument = catalog.resolve(category, symbol)
    is_percent = _is_percent(symbol, table)
    return [
        MarginTier(
            instrument_id=instrument.instrument_id,
            venue_symbol=symbol,
            tier=number,
            limit=row.limit_text,
            initial_margin_rate=_fraction(row.initial, is_percent) if row.initial else None,
            maintenance_margin_rate=_fraction(row.maintenance, is_percent),
            maintenance_deduction=row.deduction,
            max_leverage=row.leverage,
        )
        for number, row in enumerate(sorted(table, key=lambda row: row.limit), 1)
    ]


def _is_percent(symbol: str, table: list[_Row]) -> bool:
    """Return the unit of a table; rows that say no leverage follow the others."""
    answers: set[bool] = set()
    for row in table:
        if row.initial is None or row.leverage is None:
            continue
        product = Decimal(row.initial) * Decimal(row.leverage)
        if _FRACTION_RANGE[0] < product < _FRACTION_RANGE[1]:
            answers.add(False)
        elif _PERCENT_RANGE[0] < product < _PERCENT_RANGE[1]:
            answers.add(True)
    if len(answers) != 1:
        raise ProtocolError(
            f"{symbol[:40]}: initialMargin times maxLeverage is neither near 1 (fraction) nor near 100 (percent)"
        )
    return answers.pop()


def _fraction(text: DecimalText, is_percent: bool) -> DecimalText:
    return _plain(Decimal(text) / 100) if is_percent else text


def _plain(number: Decimal) -> DecimalText:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def _row_of(row: WireRiskLimit) -> _Row:
    limit = _text(row.risk_limit_value, "riskLimitValue")
    maintenance = _text(row.maintenance_margin, "maintenanceMargin")
    if limit is None or maintenance is None:
        raise ProtocolError("riskLimitValue or maintenanceMargin is empty")
    return _Row(
        row.symbol,
        Decimal(limit),
        limit,
        maintenance,
        _text(row.initial_margin, "initialMargin"),
        _text(row.max_leverage, "maxLeverage"),
        _text(row.mm_deduction, "mmDeduction"),
    )


def _row_of_v2(row: WireRiskLimitV2) -> _Row:
    limit = _text(row.limit, "limit")
    maintenance = _text(row.maintain_margin, "maintain_margin")
    if limit is None or maintenance is None:
        raise ProtocolError("limit or maintain_margin is empty")
    initial, leverage = _text(row.starting_margin, "starting_margin"), _text(row.max_leverage, "max_leverage")
    return _Row(row.symbol, Decimal(limit), limit, maintenance, initial, leverage, None)


def _text(value: object, field: str) -> DecimalText | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ProtocolError(f"{field}: not a number")
    return number_or_none(str(value), field)
