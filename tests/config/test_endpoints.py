import pytest

from marginwatch.config.endpoints import MANIFESTS, endpoints_of


@pytest.mark.parametrize("environment", list(MANIFESTS["bybit"].environments))
def test_every_environment_of_the_manifest_can_be_named(environment: str) -> None:
    exchange, venue, endpoints = endpoints_of("bybit", environment, None)
    assert exchange == "bybit"
    assert venue == ("bybit" if environment == "live" else f"bybit-{environment}")
    assert endpoints is MANIFESTS["bybit"].environments[environment]
