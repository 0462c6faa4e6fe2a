"""Options of an account summed up by the venue, one row a settlement coin."""

import msgspec

from marginwatch.model.ids import Asset, DecimalText


class OptionAsset(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of all options settled in one coin; exact texts, None where not sent.

    Parameters
    ----------
    asset : str
        Coin.
    delta : str or None
        Of positions, the venue's unit.
    realized_pnl, unrealized_pnl : str or None
        Gain positive.
    initial_margin, maintenance_margin : str or None
        Required, orders included.
    ts_venue_ns : int or None
        UTC nanoseconds.
    """

    asset: Asset
    delta: DecimalText | None = None
    realized_pnl: DecimalText | None = None
    unrealized_pnl: DecimalText | None = None
    initial_margin: DecimalText | None = None
    maintenance_margin: DecimalText | None = None
    ts_venue_ns: int | None = None
