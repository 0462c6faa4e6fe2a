"""Option totals of an account: greeks per base coin, margins and profit per settlement coin."""

import msgspec

from marginwatch.model.ids import Asset
from marginwatch.model.option_totals import OptionAsset
from marginwatch.model.position import Greeks
from marginwatch.venues.bybit.parse.envelope import decode_with
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page, read_rows
from marginwatch.venues.bybit.parse.text import number_or_none, time_ns_or_none
from marginwatch.venues.bybit.schemas.activity import WireCoinGreeks, WireOptionAsset, WireOptionAssets

GREEKS_ENDPOINT = "/v5/asset/coin-greeks"
OPTION_ASSETS_ENDPOINT = "/v5/account/option-asset-info"

_greeks = msgspec.json.Decoder(WireCoinGreeks)
_option_assets = msgspec.json.Decoder(WireOptionAssets)
_option_asset = msgspec.json.Decoder(WireOptionAsset)


def parse_coin_greeks(result: msgspec.Raw) -> Page[tuple[Asset, Greeks]]:
    """Return ``/v5/asset/coin-greeks``: base asset and its totals.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    return read_page(open_page(result, GREEKS_ENDPOINT), _greeks, greeks_of, GREEKS_ENDPOINT)


def greeks_of(row: WireCoinGreeks) -> tuple[Asset, Greeks]:
    """Return a base asset and its option totals, in the venue's units.

    Raises
    ------
    ProtocolError
        If a number is none.
    """
    return row.base_coin, Greeks(
        delta=number_or_none(row.total_delta, "totalDelta"),
        gamma=number_or_none(row.total_gamma, "totalGamma"),
        vega=number_or_none(row.total_vega, "totalVega"),
        theta=number_or_none(row.total_theta, "totalTheta"),
    )


def parse_option_assets(result: msgspec.Raw) -> Page[OptionAsset]:
    """Return ``/v5/account/option-asset-info``; its rows are in ``result.result``.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    raws = decode_with(_option_assets, result, OPTION_ASSETS_ENDPOINT).rows
    return Page(*read_rows(raws, _option_asset, _option_asset_of, OPTION_ASSETS_ENDPOINT))


def _option_asset_of(row: WireOptionAsset) -> OptionAsset:
    return OptionAsset(
        asset=row.coin,
        delta=number_or_none(row.total_delta, "totalDelta"),
        realized_pnl=number_or_none(row.total_rpl, "totalRPL"),
        unrealized_pnl=number_or_none(row.total_upl, "totalUPL"),
        initial_margin=number_or_none(row.asset_im, "assetIM"),
        maintenance_margin=number_or_none(row.asset_mm, "assetMM"),
        ts_venue_ns=time_ns_or_none(row.send_time, "sendTime"),
    )
