"""docs/alerts.md and the rules that are there: neither names what the other lacks."""

import re
from pathlib import Path

import pytest

from marginwatch.model.alert import Unit
from marginwatch.rules.definition import Rule
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import GUIDES, default_rules, rule_file

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
SECTIONS = dict(re.findall(r"^#### `([^`]+)`\n(.*?)(?=^###|^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
SHOWN: dict[Unit, tuple[float, str]] = {"fraction": (100.0, " %"), "times": (1.0, " ×")}


def shown(rule: Rule, bound: float) -> str:
    """Return a bound as the page writes it, without its unit where that depends on its size."""
    unit = "fraction" if rule.is_relative else MEASURES[rule.measure].unit
    factor, sign = SHOWN.get(unit, (1.0, ""))
    if unit == "seconds":
        factor = next((1.0 / length for length in (86_400, 3_600) if bound >= length), 1.0)
    if unit == "usd":
        return f"{bound:,.0f} USD"
    return f"{bound * factor:g}{sign}"


def test_the_page_has_exactly_the_built_in_rules() -> None:
    assert set(SECTIONS) == {rule.name for rule in default_rules()}


@pytest.mark.parametrize("rule", default_rules(), ids=lambda rule: rule.name)
def test_each_rule_is_explained_as_it_is(rule: Rule) -> None:
    section = SECTIONS[rule.name]
    measure = MEASURES[rule.measure]
    assert f"`{rule.measure}`. {measure.description}" in section
    for part in ("**Limits**", "**Means**", "**Do**"):
        assert part in section
    limits = next(line for line in section.splitlines() if line.startswith("- **Limits**"))
    for step in rule.steps:
        sign = ">" if rule.side == "above" else "<"
        assert re.search(
            rf"{step.severity.word} (either sign )?{sign} {re.escape(shown(rule, step.bound))}", limits
        )
        if step.clear != step.bound:
            assert f"until {shown(rule, step.clear)}" in limits
    for name, least in rule.at_least.items():
        assert f"`{name}` {least:,g}" in section
    for matcher in rule.only:
        assert f"`{matcher}`" in section


@pytest.mark.parametrize("rule", rule_file(GUIDES), ids=lambda rule: rule.name)
def test_each_guide_is_listed_as_it_is(rule: Rule) -> None:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{rule.name}` |"))
    assert f"`{rule.measure}`" in line
    assert all(shown(rule, step.bound) in line for step in rule.steps)


def test_every_measure_is_listed_and_no_other() -> None:
    listed = dict(re.findall(r"^\| `([a-z]+\.[a-z0-9_]+)` \| ([a-z]+) \|", PAGE, re.MULTILINE))
    assert listed == {measure.name: measure.unit for measure in MEASURES.values()}
    for measure in MEASURES.values():
        assert measure.description in PAGE
