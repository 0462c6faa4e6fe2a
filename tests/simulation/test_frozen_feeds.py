"""The exchange goes silent in the crash itself: the clock alone makes things stale, and nothing hides it."""

from typing import Any

from marginwatch.app.service import Service
from marginwatch.config.settings import PriceSettings
from marginwatch.model.connectivity import LinkState
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.tables import account_rows, not_included, portfolio_summary, position_rows
from marginwatch.sim.faults import parse_faults

LATE_S = 1.5
"""A frame comes at least every second."""


async def test_a_frozen_private_api_makes_accounts_stale_by_the_clock(
    set_stage: Any, until: Any, all_stream: Any
) -> None:
    async with set_stage(51, n_accounts=3, activity_per_s=0.0) as stage:
        config = stage.config(reconcile_s=1.0, poll_s=1.0)
        async with stage.watched(config) as service:
            await until(
                lambda: service.is_complete() and all_stream(service) and not stage.left_out(service),
                15,
                lambda: stage.left_out(service),
            )
            judged: list[tuple[float, bool, bool]] = []

            def note(frame: Frame) -> None:
                for row, link in enumerate(frame.book.links):
                    if link is not None and link.reconciled_at_ns is not None:
                        # What it may be is planned from the budget, and stretched on a slow machine.
                        bound_s = link.fresh_for_ns / 1e9
                        over_s = (frame.at_ns - link.reconciled_at_ns) / 1e9 - bound_s
                        is_streaming = link.link_state is LinkState.STREAMING
                        judged.append((over_s, frame.inclusion[row] == Inclusion.INCLUDED, is_streaming))

            service.engine.on_frame.append(note)
            # Pushes stop, REST answers nothing of use; the socket still answers pings, as in a real crash.
            stage.server.freeze_private(is_frozen=True)
            stage.faults.plan = parse_faults("rest_error=100%")
            await until(
                lambda: {entry.state for entry in not_included(service.engine.run_frame())} == {"stale"},
                20,
                lambda: judged[-3:],
            )
            assert all(over_s <= 0.0 for over_s, is_included, _ in judged if is_included)
            assert all(over_s > 0.0 for over_s, is_included, _ in judged if not is_included)
            assert all(is_streaming for _, _, is_streaming in judged), "its socket was alive all the time"
            frame = service.engine.run_frame()
            summary = portfolio_summary(frame)
            assert summary.n_included == 0
            assert summary.equity_usd is None
            assert summary.net_usd is None
            assert all(entry.state == "stale" for entry in summary.not_included)
            assert all((entry.last_known_equity_usd or 0.0) > 0.0 for entry in summary.not_included)
            assert not any(row.is_fresh for row in account_rows(frame))
            stage.faults.plan = parse_faults("")
            stage.server.freeze_private(is_frozen=False)
            await until(lambda: not stage.left_out(service), 40, lambda: stage.left_out(service))


def ages(service: Service) -> tuple[int, int, int]:
    """Return how many positions there are, how many at an old price, and how many without one."""
    frame = service.engine.run_frame()
    rows = position_rows(frame)
    return len(rows), sum(row.is_stale_price for row in rows), sum(row.mark_price is None for row in rows)


async def test_a_frozen_public_feed_makes_marks_stale_then_unknown_and_totals_name_them(
    set_stage: Any, until: Any, all_stream: Any
) -> None:
    async with set_stage(52, n_accounts=4, activity_per_s=0.0) as stage:
        prices = PriceSettings(mark_stale_s=3.0, mark_unknown_s=6.0)
        config = stage.config(prices=prices, reconcile_s=60.0, price_refresh_s=1.0)
        stage.start_market()
        async with stage.watched(config) as service:
            await until(
                lambda: service.is_complete() and all_stream(service) and not stage.left_out(service),
                15,
                lambda: stage.left_out(service),
            )
            n_positions = ages(service)[0]
            assert n_positions == stage.exchange.stats().open_positions
            published = stage.server.publish_tickers
            stage.server.publish_tickers = lambda: None
            stage.faults.plan = parse_faults("rest_error=100%")

            await until(lambda: ages(service)[1] == n_positions, 3.0 + LATE_S + 5.0, lambda: ages(service))
            summary = portfolio_summary(service.engine.run_frame())
            assert summary.n_stale_positions == n_positions
            assert summary.n_included == 4
            assert summary.net_usd is not None, "an old price is still a price, and is said to be old"

            await until(lambda: ages(service)[2] == n_positions, 3.0 + LATE_S + 5.0, lambda: ages(service))
            frame = service.engine.run_frame()
            summary = portfolio_summary(frame)
            assert summary.n_included == 4, "the accounts themselves are well heard"
            assert not summary.is_complete
            named = [entry for entry in summary.not_included if entry.kind == "position"]
            assert {entry.state for entry in named} == {"missing_price"}
            # An inverse contract is so many dollars whatever its price is; only its profit needs one.
            held = {(row.account_id, row.instrument_id) for row in position_rows(frame) if not row.is_inverse}
            assert {(entry.account_id, entry.subject) for entry in named} == held
            assert held
            assert str(n_positions) in summary.reasons["unrealized_pnl_usd"]
            for row in account_rows(frame):
                if row.account_id in {account_id for account_id, _ in held}:
                    assert row.net_usd is None
                    assert row.reasons["net_usd"].startswith("missing: ")
                if row.n_positions:
                    assert row.unrealized_pnl_usd is None

            stage.server.publish_tickers = published
            stage.faults.plan = parse_faults("")
            await until(
                lambda: ages(service) == (n_positions, 0, 0) and not stage.left_out(service),
                15,
                lambda: (ages(service), stage.left_out(service)),
            )
