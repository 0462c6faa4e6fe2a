"""Every measure by its name."""

from collections.abc import Mapping

from marginwatch.rules.column import Measure

MEASURES: Mapping[str, Measure] = {}
"""Name, scope first, to measure."""
