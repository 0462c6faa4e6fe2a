"""Parts of the first page as structs: the worst, the nearest, the oldest, and heavy measures in one line each."""

from typing import Literal

import msgspec

from marginwatch.model.ids import AccountId
from marginwatch.risk.level_rows import Level
from marginwatch.risk.table_rows import Row

TrafficLight = Literal["green", "yellow", "red"]


class WorstUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The account with the largest maintenance margin usage of all that have one, whether it counts in totals or not."""

    account_id: AccountId
    desk: str | None
    is_included: bool
    maintenance_margin_usage: float


class OldestData(msgspec.Struct, frozen=True, kw_only=True):
    """The account that counts in totals and of which nothing was heard for the longest, in seconds."""

    account_id: AccountId
    desk: str | None
    data_age_s: float


class NearestLiquidation(msgspec.Struct, frozen=True, kw_only=True):
    """The account that the smallest move of the market liquidates, in either direction; fields as in ``AccountRow``.

    ``side`` is the direction of the market, ``age_s`` since the moment that it is of. ``is_included`` is whether the account
    counts in totals: distances of accounts that are not heard any more are reckoned on, at live marks.
    """

    account_id: AccountId
    desk: str | None
    is_included: bool
    side: Literal["down", "up"]
    liquidation_distance: float
    liquidation_shock: float
    liquidation_btc_price: float | None
    worst_position: str | None
    age_s: float


class LevelLine(Row, frozen=True, kw_only=True):
    """The level of everything; see :class:`marginwatch.risk.level_rows.RiskLevel`."""

    risk_level: Level | None
    risk_score: int | None
    is_at_least: bool
    driver: str | None
    age_s: float | None


class VarLine(Row, frozen=True, kw_only=True):
    """Value at risk of everything as it is shown first; USD, losses positive.

    ``light`` is the verdict on its past one-day forecasts: null until 250 days are known, and ``reasons`` says how far that
    is. ``n_left_out`` are accounts that it does not contain.
    """

    var_usd: float | None
    expected_shortfall_usd: float | None
    method: str | None
    confidence: float | None
    horizon_s: int | None
    light: TrafficLight | None
    n_left_out: int | None
    age_s: float | None
