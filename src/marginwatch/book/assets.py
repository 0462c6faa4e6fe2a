"""Coins of each venue, and from which contracts their USD price comes."""

from typing import ClassVar

from marginwatch.book.names import Names
from marginwatch.book.table import NAN, BoolArray, CodeArray, FloatArray, Table
from marginwatch.model.ids import Asset, VenueId

CASH_ASSETS = frozenset(
    {"USD", "USDT", "USDC", "DAI", "USDE", "FDUSD", "TUSD", "BUSD", "PYUSD", "USD1", "USDB", "RLUSD", "USDTB"}
)
"""Coins held as cash: shown, but no bet, so not part of any exposure. None of them is assumed to be worth 1 USD."""


class AssetTable(Table):
    """One row for each coin at each venue.

    The columns ending in ``_instrument`` point to the contract whose index prices the coin (0: none yet):
    ``spot_instrument`` publishes the venue's own USD value; ``usdt_``, ``usdc_`` and ``inverse_instrument`` are the
    coin's perpetuals; ``ratio_over`` and ``ratio_under`` are the inverse BTC perpetual and the BTC perpetual in this coin,
    whose indexes divided give the USD price of a quote coin. ``stated_`` is a price stated by the venue as such;
    ``implied_`` is the wallet's own valuation, ``usd_value ÷ equity``.
    """

    BLANKS: ClassVar[dict[str, float | int | bool]] = {
        "coin": 0,
        "is_cash": False,
        "is_usd": False,
        "spot_instrument": 0,
        "usdt_instrument": 0,
        "usdt_scale": 1.0,
        "usdc_instrument": 0,
        "usdc_scale": 1.0,
        "inverse_instrument": 0,
        "ratio_over": 0,
        "ratio_under": 0,
        "usdt_asset": 0,
        "usdc_asset": 0,
        "stated_price": NAN,
        "stated_at_ns": 0,
        "implied_price": NAN,
        "implied_at_ns": 0,
    }
    coin: CodeArray
    is_cash: BoolArray
    is_usd: BoolArray
    spot_instrument: CodeArray
    usdt_instrument: CodeArray
    usdt_scale: FloatArray
    usdc_instrument: CodeArray
    usdc_scale: FloatArray
    inverse_instrument: CodeArray
    ratio_over: CodeArray
    ratio_under: CodeArray
    usdt_asset: CodeArray
    usdc_asset: CodeArray
    stated_price: FloatArray
    stated_at_ns: CodeArray
    implied_price: FloatArray
    implied_at_ns: CodeArray
    implied_price_at: "memoryview[float]"
    implied_at_ns_at: "memoryview[int]"

    def __init__(self, cash_assets: frozenset[Asset] = CASH_ASSETS) -> None:
        super().__init__()
        self.coins: Names[Asset] = Names()
        self._cash_assets = cash_assets
        self._rows: dict[tuple[VenueId, Asset], int] = {}
        self.names: list[tuple[VenueId, Asset]] = [(VenueId(""), "")]
        """Venue and coin of each row."""

    def row(self, venue: VenueId, asset: Asset) -> int:
        """Return the row of a coin at a venue, a new one if it is new."""
        row = self._rows.get((venue, asset))
        if row is None:
            row = self._rows[venue, asset] = self.take()
            self.names.append((venue, asset))
            self.coin[row] = self.coins.code(asset)
            self.is_cash[row] = asset in self._cash_assets
            self.is_usd[row] = asset == "USD"
            if asset not in ("USDT", "USDC"):
                self.usdt_asset[row] = self.row(venue, "USDT")
                self.usdc_asset[row] = self.row(venue, "USDC")
        return row

    def rows_named(self, asset: Asset) -> list[int]:
        """Return the rows of a coin at all venues."""
        return [row for (_, name), row in self._rows.items() if name == asset]
