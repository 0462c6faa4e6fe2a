"""Accounts that cannot be watched stand aside with their reasons, and nobody else notices."""

from typing import Any

import pytest

from marginwatch.app.service import Service
from marginwatch.model.secret import Secret
from marginwatch.risk.tables import account_rows, not_included, portfolio_summary


def aside(service: Service) -> dict[str, tuple[str, str]]:
    """Return state and reason of each account that totals leave out."""
    return {
        entry.account_id: (entry.state, entry.reason)
        for entry in not_included(service.engine.run_frame())
        if entry.kind == "account"
    }


async def test_each_refusal_names_its_reason_and_the_others_go_on(set_stage: Any, until: Any) -> None:
    async with set_stage(41, n_accounts=7, activity_per_s=2.0) as stage:
        exchange = stage.exchange
        unsafe, strange, garbled, doomed, *good = exchange.accounts()
        exchange.set_key(unsafe.key.api_key, is_read_only=False)
        specs = [
            stage.spec(unsafe),
            stage.spec(strange, uid="1"),
            stage.spec(garbled, api_secret=Secret("no secret of this key at all")),
            stage.spec(doomed),
            *(stage.spec(info) for info in good),
        ]
        twin = stage.spec(good[0], account_id="twin", uid=None)
        config = stage.config([*specs, twin])
        refused = {unsafe.name, strange.name, garbled.name, "twin"}
        stage.start_market()
        async with stage.watched(config) as service:
            await until(
                lambda: service.is_complete() and aside(service).keys() == refused, 20, service.statuses
            )
            found = aside(service)
            assert {state for state, _ in found.values()} == {"stopped"}
            assert "read-only" in found[unsafe.name][1]
            assert "allow_unsafe_key" in found[unsafe.name][1]
            assert f"UID {strange.uid}" in found[strange.name][1]
            assert "uid = 1" in found[strange.name][1]
            assert "api_secret" in found[garbled.name][1]
            assert repr(good[0].name) in found["twin"][1]

            stage.server.key_rules.revoked.add(doomed.key.api_key)
            await until(lambda: aside(service).keys() == {*refused, doomed.name}, 40, lambda: aside(service))
            state, reason = aside(service)[doomed.name]
            assert state == "stopped"
            assert "key is unknown" in reason

            # What is left is exactly the good ones, and none of their sockets was touched.
            frame = service.engine.run_frame()
            summary = portfolio_summary(frame)
            rows = {row.account_id: row for row in account_rows(frame)}
            assert summary.n_included == len(good)
            assert not summary.is_complete
            assert {name for name, row in rows.items() if row.is_fresh} == {info.name for info in good}
            assert summary.equity_usd == pytest.approx(
                sum(rows[info.name].equity_usd or 0.0 for info in good)
            )
            connects = {one.account_id: one.n_connects for one in service.statuses()}
            assert {connects[info.name] for info in good} == {1}

            # Mended and read again, it is back, without a restart.
            stage.server.key_rules.revoked.clear()
            await service.reload(config)
            await until(lambda: doomed.name not in aside(service), 40, lambda: aside(service))
            assert {
                one.n_connects for one in service.statuses() if one.account_id in {i.name for i in good}
            } == {1}


async def test_a_key_cut_off_in_the_middle_of_its_stream_stops_that_account_alone(
    set_stage: Any, until: Any, all_stream: Any
) -> None:
    async with set_stage(42, n_accounts=3, activity_per_s=0.0) as stage:
        doomed = stage.exchange.accounts()[1]
        async with stage.watched(stage.config(reconcile_s=60.0)) as service:
            await until(lambda: all_stream(service), 40, service.statuses)
            stage.server.key_rules.revoked.add(doomed.key.api_key)
            stage.server.cut_account(doomed.uid)
            await until(lambda: aside(service), 40, service.statuses)
            assert aside(service).keys() == {doomed.name}
            assert aside(service)[doomed.name][0] == "stopped"
            calls = stage.server.front.counts.copy()
            await until(
                lambda: stage.server.front.counts["/v5/market/tickers"] > calls["/v5/market/tickers"], 15, str
            )
            assert stage.server.front.counts["retCode 10003"] == calls["retCode 10003"], "it is left in peace"
