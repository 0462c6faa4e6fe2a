"""Every measure by its name."""

from collections.abc import Mapping
from types import MappingProxyType

from marginwatch.rules.column import Measure
from marginwatch.rules.measures import (
    accounts,
    assets,
    danger,
    facts,
    groups,
    portfolio_risk,
    positions,
    state,
)

FAMILIES = (
    accounts.MEASURES,
    danger.MEASURES,
    state.MEASURES,
    groups.MEASURES,
    portfolio_risk.MEASURES,
    assets.MEASURES,
    positions.MEASURES,
    facts.MEASURES,
)

MEASURES: Mapping[str, Measure] = MappingProxyType({one.name: one for family in FAMILIES for one in family})
"""Name, scope first, to measure."""
