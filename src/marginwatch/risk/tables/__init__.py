"""Rows for people, made from one frame. Loops are fine here: this runs when somebody looks.

In: one frame. Out: the structs of ``table_rows``. State: none. Never: a missing number as 0, a null without its reason,
a total that does not say what it leaves out.

Modules
-------
nulls          numbers that are none, and why
left_out       what totals do not include
accounts       accounts by danger
distances      how far an account is from its liquidation
coins          the coins of one account
leg_distances  how far a position is from its liquidation
positions      open positions
assets         exposure by coin
sums           sums over a group, with what they could not include
groups         exposure and money by account, desk, tag and venue
ladders        who dies first, and what distances rest on
oppositions    accounts that bet against each other
portfolio      everything in one row
overview       the first page: the worst, the nearest, the oldest
stressed       scenarios, worst cases, cascades
values_at_risk value at risk of everything and of its parts
"""

from marginwatch.risk.tables.accounts import account_row, account_rows
from marginwatch.risk.tables.assets import exposure_by_asset
from marginwatch.risk.tables.coins import coin_rows
from marginwatch.risk.tables.groups import (
    exposure_by_account,
    exposure_by_desk,
    exposure_by_tag,
    exposure_by_venue,
)
from marginwatch.risk.tables.ladders import distance_basis, ladder_of, ladder_rows
from marginwatch.risk.tables.left_out import first_not_included, not_included
from marginwatch.risk.tables.oppositions import opposition_rows
from marginwatch.risk.tables.portfolio import portfolio_summary
from marginwatch.risk.tables.positions import (
    chosen_positions,
    position_order,
    position_rows,
    positions_at,
)
from marginwatch.risk.tables.stressed import (
    cascade_basis,
    cascade_rows,
    stress_basis,
    stress_rows,
    worst_rows,
)
from marginwatch.risk.tables.values_at_risk import (
    backtest_rows,
    correlation_row,
    part_rows,
    var_basis,
    whole_rows,
)

__all__ = [
    "account_row",
    "account_rows",
    "backtest_rows",
    "cascade_basis",
    "cascade_rows",
    "chosen_positions",
    "coin_rows",
    "correlation_row",
    "distance_basis",
    "exposure_by_account",
    "exposure_by_asset",
    "exposure_by_desk",
    "exposure_by_tag",
    "exposure_by_venue",
    "first_not_included",
    "ladder_of",
    "ladder_rows",
    "not_included",
    "opposition_rows",
    "part_rows",
    "portfolio_summary",
    "position_order",
    "position_rows",
    "positions_at",
    "stress_basis",
    "stress_rows",
    "var_basis",
    "whole_rows",
    "worst_rows",
]
