import pytest

from marginwatch.venues.bybit.manifest import MANIFEST, PUBLIC_CATEGORIES


def test_every_environment_has_all_its_hosts() -> None:
    for name, endpoints in MANIFEST.environments.items():
        assert endpoints.rest.startswith("https://api"), name
        assert endpoints.private.endswith("/v5/private"), name
        assert set(endpoints.public) == set(PUBLIC_CATEGORIES), name
        assert all(
            url.startswith("wss://") and url.endswith(category) for category, url in endpoints.public.items()
        )


def test_demo_trades_at_live_prices() -> None:
    demo, live = MANIFEST.environments["demo"], MANIFEST.environments["live"]
    assert demo.public == live.public
    assert demo.private != live.private


@pytest.mark.parametrize(("environment", "venue"), [("live", "bybit"), ("testnet", "bybit-testnet")])
def test_venue_names(environment, venue) -> None:
    assert MANIFEST.venue_id(environment) == venue


def test_documented_limits() -> None:
    assert (MANIFEST.ip_limit.calls, MANIFEST.ip_limit.per_s) == (600, 5.0)
    assert (MANIFEST.connect_limit.calls, MANIFEST.connect_limit.per_s) == (500, 300.0)
    assert MANIFEST.endpoint_limits["/v5/position/list"].calls == 50
    assert MANIFEST.endpoint_limits["/v5/account/transaction-log"].calls == 25
