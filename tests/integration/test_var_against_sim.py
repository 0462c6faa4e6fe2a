"""The whole way of a value at risk: closes from the simulated exchange, kept, and gains that its own engine confirms."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from marginwatch.app.service import Service, running
from marginwatch.clock import SystemClock
from marginwatch.config.settings import Config
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.secret import Secret
from marginwatch.risk.answers import Answer
from marginwatch.risk.history.closes import DAY_S, HOUR_S, close_table
from marginwatch.risk.history.correlation import watch_correlations
from marginwatch.risk.history.kept import series_by_coin
from marginwatch.risk.history.returns import log_returns
from marginwatch.risk.var.measure import account_gains, history_for, measure_with
from marginwatch.risk.var.settings import VarMethod, VarSettings
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange


def config_of(server, exchange):
    urls = server.urls
    endpoints = Endpoints(rest=urls.rest, private=urls.private, public=dict(urls.public))
    return Config(
        path=Path("simulated"),
        accounts=tuple(
            AccountSpec(
                account_id=AccountId(info.name),
                exchange="bybit",
                venue=VenueId("bybit@sim"),
                endpoints=endpoints,
                api_key=Secret(info.key.api_key),
                api_secret=Secret(info.key.api_secret),
                desk="a" if number % 2 else "b",
            )
            for number, info in enumerate(exchange.accounts())
        ),
    )


@pytest.fixture
async def watched():
    exchange = Exchange(21, SystemClock(), n_accounts=12, activity_per_s=0.0)
    exchange.is_held = True
    async with BybitSimServer(exchange) as server:
        service = Service(config_of(server, exchange), is_recording=False, wants_closes=True)
        async with running(service):
            assert await service.wait_until_complete(60)
            async with asyncio.timeout(60):
                while not (service.are_closes_read() and service.closes_version()):
                    await asyncio.sleep(0.1)
            yield exchange, service


async def test_figures_of_all_accounts_come_from_the_venue_s_own_closes(watched):
    exchange, service = watched
    exposures = service.exposures()
    assert not exposures.is_missing.any()
    n_options = sum(bool(exchange.positions(info.uid, "option")) for info in exchange.accounts())
    assert (exposures.curves is not None) == bool(n_options)
    for interval_s, horizon_s in ((DAY_S, DAY_S), (HOUR_S, HOUR_S)):
        kept = await service.closes.closes(interval_s)
        returns = log_returns(close_table(series_by_coin(kept), interval_s))
        history = history_for(exposures, returns, VarSettings())
        assert history.values.shape[0] >= 990
        # The simulated exchange lists coins without a record late; cash stands still.
        assert {"SUI", "ARB", "OP"} >= {one.name for one in history.borrowers if one.source == "beta"}
        for method in VarMethod:
            found = measure_with(exposures, history, VarSettings(method=method, horizon_s=horizon_s))
            assert found.missing_reason is None
            assert found.left_out == ()
            if method is not VarMethod.CORNISH_FISHER:
                assert set(found.accounts.answer.tolist()) <= {Answer.NUMBER, Answer.NOT_APPLICABLE}
                assert found.portfolio.answer[0] == Answer.NUMBER
                assert found.var_parts.by_account.sum() == pytest.approx(found.portfolio.var_usd[0])
                assert found.var_parts.by_coin.sum() == pytest.approx(found.portfolio.var_usd[0])
    assert watch_correlations(history).answer is Answer.NUMBER


@pytest.mark.parametrize(("coin", "move"), [("BTC", -0.08), ("ETH", 0.15), ("SOL", -0.3)])
async def test_gains_are_those_of_the_exchange_s_own_engine(coin, move):
    exchange = Exchange(21, SystemClock(), n_accounts=12, activity_per_s=0.0)
    exchange.is_held = True
    async with BybitSimServer(exchange) as server:
        service = Service(config_of(server, exchange), is_recording=False)
        async with running(service):
            assert await service.wait_until_complete(60)
            exposures = service.exposures()

            def equities():
                return np.array(
                    [
                        float(sum(one.usd_value for one in exchange.wallet(info.uid).coins))
                        for info in exchange.accounts()
                    ]
                )

            before = equities()
            returns = np.zeros((1, len(exposures.coin_names)))
            returns[0, exposures.coin_names.index(coin)] = move
            ours = account_gains(exposures, returns)[:, 0]
            # Prices alone: nobody is liquidated, funded or filled meanwhile.
            exchange._market.shock(move, coin)
            theirs = equities() - before
            has_options = np.array([bool(exchange.positions(i.uid, "option")) for i in exchange.accounts()])
            # Ticks of marks are what the two differ by; options are interpolated and the exchange's volatility moves.
            scale = np.abs(exposures.linear_usd).sum(axis=1) + 1.0
            assert np.abs(theirs).max() > 1_000
            np.testing.assert_allclose(
                ours[~has_options] / scale[~has_options],
                theirs[~has_options] / scale[~has_options],
                atol=2e-4,
            )
