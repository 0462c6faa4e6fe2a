"""REST results by kind: which parser reads them, and where in the decoded object their rows belong."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.account import parse_account_info, parse_collateral_info, parse_fee_rates
from marginwatch.venues.bybit.parse.envelope import Envelope
from marginwatch.venues.bybit.parse.fills import parse_fills
from marginwatch.venues.bybit.parse.greeks import parse_coin_greeks, parse_option_assets
from marginwatch.venues.bybit.parse.haircuts import parse_borrow_tiers, parse_collateral_tiers
from marginwatch.venues.bybit.parse.instruments import parse_instruments
from marginwatch.venues.bybit.parse.keys import parse_key_report, parse_sub_members
from marginwatch.venues.bybit.parse.ledger import parse_closed_pnl, parse_ledger
from marginwatch.venues.bybit.parse.orders import parse_open_orders
from marginwatch.venues.bybit.parse.page import Page
from marginwatch.venues.bybit.parse.positions import parse_positions
from marginwatch.venues.bybit.parse.server import parse_system_status
from marginwatch.venues.bybit.parse.tickers import parse_tickers
from marginwatch.venues.bybit.parse.tiers import parse_tiers, parse_tiers_v2
from marginwatch.venues.bybit.parse.wallet import parse_wallet
from marginwatch.venues.decoded import Decoded, other_view

Reader = Callable[[Envelope, InstrumentCatalog, Decoded], None]


def read_result(kind: str, envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    """Add what a REST reply of ``kind`` holds to ``decoded``.

    Raises
    ------
    ProtocolError
        If it is not of that kind.
    """
    reader = _READERS.get(kind)
    if reader is not None:
        reader(envelope, catalog, decoded)
        return
    page_reader = _OTHER_PAGES.get(kind)
    if page_reader is None:
        raise ProtocolError(f"the payload is not of the kind {kind!r}: it has no topic")
    page = page_reader(envelope.result)
    decoded.other.extend(other_view(kind, row) for row in page.rows)
    decoded.failures.extend(page.failures)


def _positions(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    page = parse_positions(envelope.result, None, catalog)
    decoded.positions.extend(page.rows)
    decoded.failures.extend(page.failures)


def _wallet(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    del catalog  # coins are not contracts
    wallet = parse_wallet(envelope.result, envelope.time_ns)
    decoded.account = wallet.account
    decoded.balances.extend(wallet.balances)
    decoded.failures.extend(wallet.failures)


def _account_info(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    del catalog  # no contracts in it
    decoded.account = parse_account_info(envelope.result, envelope.time_ns)


def _fills(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    page = parse_fills(envelope.result, None, catalog)
    decoded.fills.extend(page.rows)
    decoded.failures.extend(page.failures)


def _orders(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    page = parse_open_orders(envelope.result, None, catalog)
    decoded.other.extend(other_view("rest open-orders", order) for order in page.rows)
    decoded.failures.extend(page.failures)


def _ledger(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    del catalog  # lines keep the venue's symbol
    page = parse_ledger(envelope.result)
    decoded.ledger.extend(page.rows)
    decoded.failures.extend(page.failures)


def _tickers(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    page = parse_tickers(envelope.result, None, catalog, envelope.time_ns)
    decoded.marks.extend(page.rows)
    decoded.failures.extend(page.failures)


def _instruments(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    page = parse_instruments(envelope.result, catalog)
    decoded.instruments.extend(page.rows)
    decoded.failures.extend(page.failures)


def _tiers(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    page = parse_tiers(envelope.result, None, catalog)
    decoded.tiers.extend(page.rows)
    decoded.failures.extend(page.failures)


def _tiers_v2(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    page = parse_tiers_v2(envelope.result, None, catalog)
    decoded.tiers.extend(page.rows)
    decoded.failures.extend(page.failures)


def _coin_greeks(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    del catalog  # per base coin
    page = parse_coin_greeks(envelope.result)
    decoded.other.extend(other_view("rest coin-greeks", greeks, asset=asset) for asset, greeks in page.rows)
    decoded.failures.extend(page.failures)


def _key(envelope: Envelope, catalog: InstrumentCatalog, decoded: Decoded) -> None:
    del catalog  # no contracts in it
    decoded.other.append(other_view("rest query-api", parse_key_report(envelope.result)))


_READERS: Final[Mapping[str, Reader]] = {
    "rest position": _positions,
    "rest position (contract v3)": _positions,
    "rest wallet-balance": _wallet,
    "rest account-info": _account_info,
    "rest execution": _fills,
    "rest open-orders": _orders,
    "rest transaction-log": _ledger,
    "rest tickers": _tickers,
    "rest instruments": _instruments,
    "rest risk-limit": _tiers,
    "rest risk-limit (v2)": _tiers_v2,
    "rest coin-greeks": _coin_greeks,
    "rest query-api": _key,
}

_OTHER_PAGES: Final[Mapping[str, Callable[[msgspec.Raw], Page[msgspec.Struct]]]] = {
    "rest option-asset-info": parse_option_assets,
    "rest collateral-info": parse_collateral_info,
    "rest collateral-tiers": parse_collateral_tiers,
    "rest borrow-tiers": parse_borrow_tiers,
    "rest fee-rate": parse_fee_rates,
    "rest closed-pnl": parse_closed_pnl,
    "rest sub-members": parse_sub_members,
    "rest system-status": parse_system_status,
}
"""Lists without a place of their own: their rows go to ``other``."""
