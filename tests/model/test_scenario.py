"""A scenario refuses what cannot happen."""

import math

import msgspec
import pytest

from marginwatch.model.scenario import Scenario


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"btc_move": -1.0}, r"btc_move must be a fraction above -1 .* got -1"),
        ({"btc_move": -20.0}, r"-0.2 is a fall by 20 %"),
        ({"btc_move": math.nan}, r"btc_move .* got nan"),
        ({"moves": {"ETH": -1.5}}, r"moves.ETH must be"),
        ({"beta_factor": -0.1}, r"beta_factor must be between 0 and 10, got -0.1"),
        ({"volatility_shift": math.inf}, r"volatility_shift must be between"),
        ({"hours_later": -1.0}, r"hours_later must be between 0"),
        ({"funding_rate": 2.0}, r"funding_rate must be between -1 and 1"),
        ({"funding_payments": -1}, r"funding_payments must be between 0"),
    ],
)
def test_what_cannot_happen_is_refused(fields, says):
    with pytest.raises(ValueError, match=says):
        Scenario(name="x", **fields)


def test_a_scenario_survives_the_wire():
    scenario = Scenario(name="x", btc_move=-0.2, moves={"ETH": -0.3}, hours_later=24)
    assert msgspec.json.decode(msgspec.json.encode(scenario), type=Scenario) == scenario
