"""Scenarios of the desk: what a table means, and what is said about one that is wrong."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from marginwatch.config.lines import key_lines
from marginwatch.config.scenarios import ScenarioTable, read_scenarios
from marginwatch.config.table import Complaints
from marginwatch.errors import ConfigError
from marginwatch.model.scenario import Scenario, ScenarioKind

EXAMPLE = Path(__file__).resolve().parents[2] / "marginwatch.example.toml"


def read(text: str) -> tuple[Scenario, ...]:
    complaints = Complaints(Path("desk.toml"), key_lines(text))
    found = read_scenarios(complaints, tomllib.loads(text)["scenario"])
    complaints.raise_if_any()
    return found


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return caught.value.message


def test_a_table_becomes_a_scenario() -> None:
    text = """
[[scenario]]
name = "alts break"
btc = -0.2
beta_factor = 2
moves = { eth = -0.5, "1INCH" = 1 }
volatility = 0.3
hours_later = 24
funding_rate = 0.01
funding_payments = 3

[[scenario]]
name = "quiet"
[scenario.moves]
USDC = -0.1
"""
    first, second = read(text)
    assert first == Scenario(
        name="alts break",
        btc_move=-0.2,
        beta_factor=2.0,
        moves={"ETH": -0.5, "1INCH": 1.0},
        volatility_shift=0.3,
        hours_later=24.0,
        funding_rate=0.01,
        funding_payments=3,
    )
    assert first.kind is ScenarioKind.OWN
    assert second == Scenario(name="quiet", moves={"USDC": -0.1})


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("btc = -20", 3, "btc must be a fraction above -1"),
        ("btc = -20", 3, "-20 % is -0.2"),
        ("btc = -1", 3, "got -1"),
        ("btc = nan", 3, "got nan"),
        ("btc = true", 3, "btc"),
        ("btc = '-0.2'", 3, "btc"),
        ("moves = { ETH = -1.5 }", 3, "moves.ETH must be a fraction above -1"),
        ("moves = { ETH = 'a' }", 3, "moves.ETH must be a number"),
        ("moves = { ETH = true }", 3, "moves.ETH must be a number"),
        ("moves = { ETH = -0.1, eth = -0.2 }", 3, "moves names ETH twice"),
        ("moves = { ' ' = -0.1 }", 3, "is no coin"),
        ("moves = -0.2", 3, "moves"),
        ("btc = -0.1\nmoves = { BTC = -0.2 }", 3, "btc and moves.BTC"),
        ("btc = -0.1\nvolatility = inf", 4, "volatility"),
        ("btc = -0.1\nvolatility = nan", 4, "volatility"),
        ("btc = -0.1\nbeta_factor = -1", 4, "beta_factor"),
        ("btc = -0.1\nhours_later = -1", 4, "hours_later"),
        ("funding_rate = 0.01", 3, "belong together"),
        ("funding_payments = 1", 3, "belong together"),
        ("funding_rate = 0.01\nfunding_payments = 1.5", 4, "funding_payments"),
        ("bct = -0.1", 3, "did you mean 'btc'?"),
        ("", 2, "nothing happens in 'x'"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(body: str, line: int, says: str) -> None:
    told = refusal(f'[[scenario]]\nname = "x"\n{body}\n')
    assert told.startswith(f"desk.toml:{line}: [[scenario]] ")
    assert says in told


def test_the_line_of_a_move_in_a_table_of_its_own_is_told() -> None:
    text = '[[scenario]]\nname = "x"\n[scenario.moves]\nETH = -0.1\nSOL = -3\n'
    assert refusal(text).startswith("desk.toml:5: ")


def test_names_are_unique_and_all_complaints_come_at_once() -> None:
    text = '[[scenario]]\nname = "x"\nbtc = -0.1\n' * 2 + "[[scenario]]\nbtc = -0.1\n"
    told = refusal(text).splitlines()
    assert [line.split(":")[1] for line in told] == ["5", "7"]
    assert "given twice" in told[0]
    assert "lacks 'name'" in told[1]


def test_every_key_is_in_the_example_with_its_default() -> None:
    text = EXAMPLE.read_text().split("[[scenario]]")[1].split("\n\n")[0]
    shown: dict[str, Any] = tomllib.loads(text.replace("\n# ", "\n"))
    fields = {field.name: field for field in msgspec.structs.fields(ScenarioTable)}
    assert set(shown) == set(fields)
    given = tomllib.loads(text)
    assert {key: value for key, value in shown.items() if key not in given} == {
        name: field.default for name, field in fields.items() if name not in given
    }
    assert read("[[scenario]]" + text)
