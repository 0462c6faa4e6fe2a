"""One reading of all accounts: complete means that everything was asked and answered for everybody who counts."""

from collections import defaultdict
from typing import Any

import pytest

from marginwatch.app.reading import one_shot
from marginwatch.model.secret import Secret
from marginwatch.risk.tables import account_rows, exposure_by_asset, portfolio_summary, position_rows
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import AccountSettings, PositionRow, Wallet

GREEKS = ("delta", "gamma", "vega", "theta")
SWEEPS = {("positions", "linear", "USDT"), ("positions", "linear", "USDC"), ("positions", "inverse", None)}


class Asked(Exchange):
    """An exchange that remembers what was asked about whom."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.asked: dict[str, set[tuple[str, str | None, str | None]]] = defaultdict(set)
        super().__init__(*args, **kwargs)

    def positions(
        self, uid: str, category: str, *, symbol: str | None = None, settle_coin: str | None = None
    ) -> tuple[PositionRow, ...]:
        self.asked[uid].add(("positions", category, settle_coin))
        return super().positions(uid, category, symbol=symbol, settle_coin=settle_coin)

    def wallet(self, uid: str) -> Wallet:
        self.asked[uid].add(("wallet", None, None))
        return super().wallet(uid)

    def settings(self, uid: str) -> AccountSettings:
        self.asked[uid].add(("settings", None, None))
        return super().settings(uid)


async def test_complete_means_asked_in_full_and_answered(set_stage: Any) -> None:
    async with set_stage(61, exchange_class=Asked, n_accounts=9, activity_per_s=2.0) as stage:
        exchange: Asked = stage.exchange
        revoked, garbled, *good = exchange.accounts()
        stage.server.key_rules.revoked.add(revoked.key.api_key)
        specs = [stage.spec(info) for info in (revoked, *good)]
        specs.append(stage.spec(garbled, api_secret=Secret("not the secret")))
        exchange.asked.clear()
        frame = await one_shot(stage.config(specs), timeout_s=30)
        asked = {uid: set(calls) for uid, calls in exchange.asked.items()}

        summary = portfolio_summary(frame)
        assert {entry.account_id for entry in summary.not_included} == {revoked.name, garbled.name}
        assert {entry.state for entry in summary.not_included} == {"stopped"}
        assert summary.n_included == len(good)
        assert asked.keys() == {info.uid for info in good}
        for info in good:
            calls = asked[info.uid]
            assert calls >= SWEEPS, info.name
            assert any(call[:2] == ("positions", "option") for call in calls), info.name
            assert ("wallet", None, None) in calls
            assert ("settings", None, None) in calls
        rows = {row.account_id: row for row in account_rows(frame)}
        for info in good:
            truth = exchange.truth(info.uid)
            row = rows[info.name]
            assert row.is_fresh
            assert row.n_positions == len(truth.positions)
            assert row.margin_mode == "cross"
            assert row.equity_usd is not None
            assert row.gross_usd is not None
        assert len(position_rows(frame)) == sum(row.n_positions or 0 for row in rows.values())
        assert all(row.mark_price is not None for row in position_rows(frame))
        assert any(row.net_usd for row in exposure_by_asset(frame))
        assert stage.server.sockets() == 0, "nothing is left behind"


async def test_one_reading_survives_a_slow_and_failing_interface(set_stage: Any) -> None:
    faults = "rest_error=15%,rest_busy=3%,latency=0ms..100ms,disconnect=1s"
    async with set_stage(62, faults, exchange_class=Asked, n_accounts=6, activity_per_s=0.0) as stage:
        exchange: Asked = stage.exchange
        exchange.asked.clear()
        frame = await one_shot(stage.config(), timeout_s=40)
        summary = portfolio_summary(frame)
        assert summary.n_included == 6, summary.not_included
        assert all(exchange.asked[info.uid] >= SWEEPS for info in exchange.accounts())
        stage.faults.stop()
        assert summary.n_positions == exchange.stats().open_positions


async def test_profits_of_coins_and_greeks_of_options_are_the_exchanges_own(set_stage: Any) -> None:
    async with set_stage(63, n_accounts=6, activity_per_s=0.0) as stage:
        exchange: Exchange = stage.exchange
        writer, holder = (info.uid for info in exchange.accounts()[:2])
        options = {
            kind: [
                one.symbol
                for one in exchange.instruments("option")
                if (one.base_coin, one.settle_coin, one.option_kind) == ("BTC", "USDT", kind)
            ][-4]
            for kind in ("Call", "Put")
        }
        exchange.open_position(writer, options["Call"], "-2")
        exchange.open_position(writer, options["Put"], "1.5")
        exchange.open_position(holder, options["Call"], "0.5")
        frame = await one_shot(stage.config(), timeout_s=30)

        profits: dict[str, float] = defaultdict(float)
        for info in exchange.accounts():
            for row in exchange.truth(info.uid).positions:
                coin = exchange.instruments(row.category, row.symbol)[0].base_coin.removeprefix("1000")
                profits[coin] += float(row.unrealized_pnl) * exchange.usd_index(row.settle_coin)
        assert len(profits) > 3
        ours = {row.name: row.unrealized_pnl_usd for row in exposure_by_asset(frame) if row.gross_usd}
        assert ours == pytest.approx(dict(profits), rel=1e-3, abs=1.0)

        for info in exchange.accounts():
            rows = position_rows(frame, info.name)
            for name in GREEKS:
                sums: dict[str, float] = defaultdict(float)
                for row in rows:
                    value = getattr(row, name)
                    if row.instrument_kind == "option":
                        sums[row.underlying_asset] += value
                    else:
                        assert (value, row.reasons[name]) == (None, "not_applicable")
                theirs = {one.coin: float(getattr(one, name)) for one in exchange.coin_greeks(info.uid)}
                # Of each position and of their sum eight digits are told.
                assert sums == pytest.approx(theirs, rel=1e-6, abs=2e-8), (info.name, name)
        assert {one.coin for one in exchange.coin_greeks(writer)} == {"BTC"}
