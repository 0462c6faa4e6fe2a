"""Funding paid and received, told by streams and found after a gap, against the simulated exchange's own ledger."""

import asyncio
from collections import defaultdict

import pytest
from tests.integration.test_var_against_sim import config_of

from marginwatch.app.service import Service, running
from marginwatch.clock import SystemClock
from marginwatch.risk.heavy.asked import Asked
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.web.risk_replies import calendars_reply

INTERVAL_S = 3.0


def booked(exchange, uid):
    """Return what the exchange's ledger says was received less paid, and how often, by contract."""
    found = defaultdict(lambda: [0, 0.0])
    for line in exchange.transaction_log(uid):
        if line.kind == "SETTLEMENT" and line.funding:
            found[line.symbol][0] += 1
            found[line.symbol][1] += float(line.funding)
    return {symbol: (n, pytest.approx(amount, rel=1e-9)) for symbol, (n, amount) in found.items()}


def told(service, name):
    """Return the same as the book has it."""
    return {
        one.instrument_id.rsplit(":", 1)[1]: (
            one.total.n_paid + one.total.n_received,
            one.total.received - one.total.paid,
        )
        for one in service.engine.book.entry(name).funding.heard().contracts
    }


async def past_funding(service):
    await service.answer(Asked(parts=("calendars",)))
    rows = calendars_reply(service.engine.run_frame()).past_funding
    return {row.account_id: row for row in rows}


async def test_what_was_paid_is_what_the_ledger_says():
    clock = SystemClock()
    due_s = clock.monotonic_s() + INTERVAL_S + 0.1
    exchange = Exchange(23, clock, n_accounts=6, activity_per_s=0.0, funding_interval_s=INTERVAL_S)
    exchange.is_held = True
    async with BybitSimServer(exchange) as server:
        service = Service(config_of(server, exchange), is_recording=False)
        async with running(service):
            assert await service.wait_until_complete(60)
            infos = exchange.accounts()
            entries = {info.name: service.engine.book.entry(info.name) for info in infos}
            async with asyncio.timeout(30):
                while any(entry.funding.heard().since_ns is None for entry in entries.values()):
                    await asyncio.sleep(0.05)
            before = await past_funding(service)
            assert {(row.total.n_payments, row.total.net_usd) for row in before.values()} == {(0, 0.0)}
            # Executions are asked for until now, so the exchange's time, which stood still, may not be ahead.
            await asyncio.sleep(max(0.0, due_s - clock.monotonic_s()))
            # The first account hears of it only afterwards.
            server.cut_account(infos[0].uid)
            exchange.advance(INTERVAL_S + 0.1)
            assert booked(exchange, infos[0].uid)
            assert sum(bool(booked(exchange, info.uid)) for info in infos) >= 3
            async with asyncio.timeout(30):
                while any(told(service, info.name) != booked(exchange, info.uid) for info in infos):
                    await asyncio.sleep(0.1)
            rows = await past_funding(service)
            sheet = service.engine.sheet()
            usd = dict(zip(sheet.coin_names, sheet.coin_usd.tolist(), strict=True))
            for info in infos:
                row, net = rows[info.name], 0.0
                for line in exchange.transaction_log(info.uid):
                    if line.kind == "SETTLEMENT" and line.funding:
                        net += float(line.funding) * usd[line.coin]
                assert row.since_ns is not None
                assert row.total.net_usd == pytest.approx(net, rel=1e-6, abs=1e-9)
                assert row.total.net_usd == pytest.approx(row.total.received_usd - row.total.paid_usd)
                assert row.total == row.last_24h
                assert sum(one.n_payments for one in row.contracts) == row.total.n_payments
