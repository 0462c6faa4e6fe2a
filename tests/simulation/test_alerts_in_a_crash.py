"""The exchange's private side stands still in the crash itself: we warn from our own reckoning, and nothing is called over."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from marginwatch.app.alerting.setup import AlertSetup, alert_setup
from marginwatch.app.service import Service, running
from marginwatch.config.settings import AlertTable, Config, ServiceSettings
from marginwatch.model.alert import Transition, TransitionKind
from marginwatch.model.severity import Severity
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import parse_faults

WARNED_BY = {"maintenance-margin", "liquidation-distance"}
FALLS = (0.97, 0.95, 0.93, 0.92, 0.912)
"""Of the first price; then on in small steps, for at ten times leverage half a percent is half of what is left."""

STEP = 0.9993
STEPS_MAX = 60
SETTLE_S = 0.6
"""Time for distances, which are reckoned every half second while anything is in danger; margins are in every frame."""


def with_alerts(config: Config, folder: Path) -> Config:
    return msgspec.structs.replace(
        config,
        service=ServiceSettings(port=0, data_dir=folder),
        alerts=AlertTable(unknown_after="2s"),
        channels=({"name": "inbox", "type": "inbox", "path": str(folder / "inbox.jsonl"), "format": "json"},),
    )


def hurried(setup: AlertSetup) -> AlertSetup:
    """Return the same rules, which call an alert over after a second instead of a minute."""
    rules = (msgspec.structs.replace(rule, keep_firing_for_s=1.0) for rule in setup.rules)
    return msgspec.structs.replace(setup, rules=tuple(rules))


def of(heard: list[Transition], account: str, kind: TransitionKind) -> dict[str, Severity]:
    """Return the worst severity by rule of what an account's margin alerts did."""
    found: dict[str, Severity] = {}
    for one in heard:
        if one.kind is kind and one.alert.subject.name == account and one.alert.rule in WARNED_BY:
            found[one.alert.rule] = max(one.alert.severity, found.get(one.alert.rule, Severity.INFO))
    return found


async def judged_at(service: Service, price: Decimal, until: Any) -> None:
    """Wait until a frame of Bitcoin's new price was judged, and what came of it is stored and heard."""

    def mark() -> float | None:
        frame = service.engine.frame
        return frame and next(
            float(frame.values.mark_price[row])
            for row, one in enumerate(frame.book.instruments)
            if one is not None and (one.category, one.venue_symbol) == ("linear", "BTCUSDT")
        )

    await until(lambda: mark() == float(price), 40, mark)
    await service.alerting.writer.flush()


async def told_before_liquidation(
    exchange: Exchange, uid: str, heard: list[Transition], service: Service, until: Any
) -> list[Transition]:
    """Let Bitcoin fall from its price until the account is liquidated; return what was told before that step."""
    first = float(exchange.tickers("linear", "BTCUSDT")[0].mark_price)
    for fall in (*FALLS, *(FALLS[-1] * STEP**step for step in range(1, STEPS_MAX))):
        before = len(heard)
        price = Decimal(f"{fall * first:.1f}")
        exchange.set_price("BTCUSDT", price)
        if exchange.truth(uid).liquidations:
            return heard[:before]
        await judged_at(service, price, until)
        if fall in FALLS:
            await asyncio.sleep(SETTLE_S)
    pytest.fail("it was not liquidated")


@pytest.mark.parametrize("is_lying", [False, True], ids=["rest_errors", "rest_repeats_itself"])
async def test_the_margin_alert_comes_before_the_liquidation_and_none_resolves_because_data_stopped(
    set_stage: Any, until: Any, all_stream: Any, tmp_path: Path, is_lying: bool
) -> None:
    heard: list[Transition] = []
    async with set_stage(61, n_accounts=2, activity_per_s=0.0) as stage:
        exchange = stage.exchange
        info = exchange.open_account("reckless", "directional")
        exchange.deposit(info.uid, "USDT", "10000")
        exchange.set_leverage(info.uid, "BTCUSDT", "25")
        first = float(exchange.tickers("linear", "BTCUSDT")[0].mark_price)
        exchange.open_position(info.uid, "BTCUSDT", Decimal(f"{100_000 / first:.3f}"))
        config = with_alerts(stage.config(), tmp_path)
        service = Service(config, alerts=hurried(alert_setup(config)), on_transitions=heard.extend)
        async with running(service):
            await until(
                lambda: service.is_complete() and all_stream(service) and not stage.left_out(service),
                20,
                lambda: stage.left_out(service),
            )
            await until(
                lambda: "liquidation-distance" in of(heard, "reckless", TransitionKind.FIRED), 15, heard.copy
            )
            # Pushes stop; REST fails, or goes on saying what it said before. Prices are public and go on.
            stage.server.freeze_private(is_frozen=True, with_replies=is_lying)
            if not is_lying:
                stage.faults.plan = parse_faults("rest_error=100%")
            told = await told_before_liquidation(exchange, info.uid, heard, service, until)
            assert set(of(told, "reckless", TransitionKind.FIRED)) >= WARNED_BY
            worst = of(told, "reckless", TransitionKind.FIRED) | of(told, "reckless", TransitionKind.RAISED)
            assert worst["maintenance-margin"] is Severity.CRITICAL
            assert worst["liquidation-distance"] is Severity.CRITICAL

            # The market recovers while nothing is heard of the account: by our figures it is safe, and we know nothing.
            exchange.set_price("BTCUSDT", Decimal(f"{first * 1.05:.1f}"))
            n_frames = service.engine.n_frames
            await asyncio.sleep(3.0)
            assert service.engine.n_frames > n_frames
            if not is_lying:
                assert not of(heard, "reckless", TransitionKind.RESOLVED)
                firing = {
                    one.rule for one in service.alerting.open_alerts() if one.subject.name == "reckless"
                }
                assert firing >= WARNED_BY
                await until(
                    lambda: any(
                        one.alert.is_unknown_notice for one in heard if one.kind is TransitionKind.FIRED
                    ),
                    15,
                    lambda: [one.alert.key for one in heard],
                )
            stage.faults.plan = parse_faults("")
            stage.server.freeze_private(is_frozen=False)
            await until(
                lambda: (
                    not any(
                        one.subject.name == "reckless" and one.rule in WARNED_BY
                        for one in service.alerting.open_alerts()
                    )
                ),
                90,
                service.alerting.open_alerts,
            )
            assert await service.alerting.drain(30)
        lines = (tmp_path / "inbox.jsonl").read_text().splitlines()
        assert any("reckless" in line and "maintenance-margin" in line for line in lines)
