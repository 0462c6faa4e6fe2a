"""What is written down of a minute is what rules judged in it."""

import numpy as np
import pytest
from tests.rules.scene import BTC_MARK, BTCUSDT, ETHUSDT, Scene, position

from marginwatch.app.equity_samples import SampleColumns, observed
from marginwatch.app.recorded_measures import RECORDED
from marginwatch.rules.measures.registry import MEASURES

JUDGED = (
    "equity_usd",
    "initial_margin_usage",
    "maintenance_margin_usage",
    "liquidation_distance",
    "gross_exposure_to_equity",
    "net_exposure_share",
    "unrealized_loss_share",
)


def test_replayed_figures_are_those_that_rules_judged() -> None:
    """One account holds two coins, so that the market's move and the move of one contract to its end are far apart."""
    scene = Scene(heavy=("distance",))
    rows = position(BTCUSDT, 1, str(BTC_MARK)), position(ETHUSDT, -10, "3100")
    scene.hold("a", *rows, cash=12_000)
    scene.hold("idle", cash=1e6)
    scene.refresh()
    source = scene.source()
    frame = scene.frame_now
    assert frame is not None
    seen = observed(frame, scene.book.columns.holdings.settled_equity)
    nothing = np.full(seen.equity.shape, np.nan)
    columns = SampleColumns(frame, seen, nothing, nothing)
    samples = {sample.name: sample for sample in columns.samples(0, 0, 10)}
    for name in JUDGED:
        judged = source.column(MEASURES[f"account.{name}"]).values[scene.code("a")]
        assert RECORDED[f"account.{name}"](samples["a"], {}) == pytest.approx(judged), name
    assert samples["idle"].liquidation_distance is None
