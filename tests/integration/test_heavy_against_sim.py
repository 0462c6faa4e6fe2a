"""A service beside a simulated exchange: heavy measures come, routes answer, and its book file gives the same numbers."""

import asyncio
import json

import pytest
from tests.integration.test_var_against_sim import config_of

from marginwatch.app.filed import filed_frame
from marginwatch.app.service import Service, running
from marginwatch.bookfile.text import parse_book
from marginwatch.bookfile.writing import encode
from marginwatch.clock import SystemClock
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.tables import account_rows, distance_basis, ladder_rows, stress_rows
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.web.risk_replies import advice_reply, calendars_reply, levels_reply, var_reply

EVERYTHING = ("distance", "chances", "levels", "calendars", "stress", "cascades", "value_at_risk", "advice")


@pytest.fixture
async def service():
    exchange = Exchange(21, SystemClock(), n_accounts=12, activity_per_s=0.0)
    exchange.is_held = True
    async with BybitSimServer(exchange) as server:
        made = Service(config_of(server, exchange), is_recording=False, wants_closes=True)
        async with running(made):
            assert await made.wait_until_complete(60)
            async with asyncio.timeout(60):
                while not (made.are_facts_read() and made.are_closes_read() and made.closes_version()):
                    await asyncio.sleep(0.1)
            yield made


async def test_every_part_comes_by_itself_and_rests_on_past_prices(service):
    async with asyncio.timeout(60):
        while True:
            frame = service.engine.frame
            parts = [getattr(frame.heavy, name).held_at(frame.at_ns) for name in EVERYTHING] if frame else []
            basis = distance_basis(frame) if frame else None
            if (
                parts
                and all(one.value is not None for one in parts)
                and "daily returns" in str(basis.betas_source)
                and frame.heavy.advice.value.hedges.hedges
            ):
                break
            await asyncio.sleep(0.1)
    assert basis.volatility_source.startswith("EWMA of ")
    rows = account_rows(frame)
    assert all(row.risk_level or row.reasons["risk_score"] for row in rows)
    assert any(row.liquidation_probability_24h is not None for row in rows)
    ladder = ladder_rows(frame)
    for direction in ("down", "up"):
        shocks = [abs(row.shock) for row in ladder if row.direction == direction]
        assert shocks == sorted(shocks)
    assert var_reply(frame).whole
    assert levels_reply(frame).levels.portfolio.score
    assert advice_reply(frame).hedges.hedges
    assert calendars_reply(frame).funding.positions


async def test_a_book_file_of_a_service_gives_the_same_numbers(service):
    await service.answer(Asked(parts=EVERYTHING))
    frame = service.engine.run_frame()
    body = encode(service.gather_book())
    filed = await filed_frame(parse_book(body, "x"), asked=Asked(parts=EVERYTHING))
    ours = {row.account_id: row for row in account_rows(frame)}
    read = {row.account_id: row for row in account_rows(filed.frame)}
    assert filed.assumptions == ()
    # A file says nothing of what was paid.
    assert {row.total for row in calendars_reply(filed.frame).past_funding} == {None}
    n_compared = 0
    for name, row in ours.items():
        # Estimates of portfolio margin are calibrated at another moment.
        near = 1e-9 if row.margin_mode != "portfolio" else 1e-2
        for field in (
            *("equity_usd", "adjusted_equity_usd", "initial_margin_usd", "maintenance_margin_usd", "net_usd"),
            *("liquidation_distance_down", "liquidation_distance_up", "liquidation_probability_24h"),
        ):
            value = getattr(row, field)
            if value is None:
                assert getattr(read[name], field) is None, (name, field)
            else:
                # Time to expiry runs on between the two, and marks of options with it.
                assert getattr(read[name], field) == pytest.approx(value, rel=max(near, 1e-5), abs=1e-3), (
                    name,
                    field,
                )
                n_compared += 1
    assert n_compared > 60
    pnl = [[row.pnl_usd for row in stress_rows(one)] for one in (frame, filed.frame)]
    assert pnl[0] == pytest.approx(pnl[1], rel=1e-3, abs=1.0)
    assert b"secret" not in body.lower()
    assert json.loads(body)["format"] == "marginwatch book 1"
