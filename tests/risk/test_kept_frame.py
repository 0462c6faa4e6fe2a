"""A kept frame says the same however many frames come after it."""

import numpy as np
from tests.risk.conftest import random_world

from marginwatch.risk import account_measures
from marginwatch.risk.kept_frame import kept_frame
from marginwatch.risk.tables import (
    account_rows,
    coin_rows,
    exposure_by_asset,
    exposure_by_desk,
    not_included,
    opposition_rows,
    portfolio_summary,
    position_rows,
)
from marginwatch.web.matrix_replies import matrix_reply


def said(frame):
    n_accounts = sum(spec is not None for spec in frame.book.specs)
    return (
        account_rows(frame),
        position_rows(frame),
        not_included(frame),
        portfolio_summary(frame),
        opposition_rows(frame),
        exposure_by_asset(frame),
        exposure_by_desk(frame),
        matrix_reply(frame),
        [coin_rows(frame, code) for code in range(1, n_accounts + 1)],
    )


def test_it_stays_what_it_was_while_the_world_goes_on(parts):
    # Of a twin of this world: what somebody looks at is worked out then and there, which must not help the kept frame.
    before = said(random_world(3, 25).frame())
    assert all(before)
    world = random_world(3, 25)
    frame = world.frame()
    kept = kept_frame(frame)
    for step in range(3):
        world.mark(parts.BTCUSDT, str(40_000 + step))
        world.mark(parts.ETHUSDT, str(1_000 + step))
        world.account(f"new-{step}", parts.position(parts.BTCUSDT, 5))
        world.sweep("a1", parts.position(parts.ETHUSDT, -9 - step))
        world.frame()
    assert said(kept) == before
    assert not frame.is_intact()


def test_it_may_be_made_while_somebody_else_looks_at_the_frame(monkeypatch):
    frame = random_world(3, 25).frame()
    before, whole = vars(frame.holdings).keys() - {"net_usd", "wallet_usd"}, account_measures.deepcopy
    assert before == vars(frame.holdings).keys(), "nobody has looked yet"

    def looked_at_meanwhile(of):
        _ = frame.holdings.net_usd, frame.holdings.wallet_usd
        return whole(of)

    monkeypatch.setattr(account_measures, "deepcopy", looked_at_meanwhile)
    kept = kept_frame(frame)
    assert not np.shares_memory(kept.holdings.net_usd, frame.holdings.net_usd)
    np.testing.assert_array_equal(kept.holdings.net_usd, frame.holdings.net_usd)
    assert said(kept) == said(frame)
