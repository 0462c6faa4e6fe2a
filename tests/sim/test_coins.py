import itertools

import pytest

from marginwatch.sim.coins import borrow_tiers, collateral_bands, collateral_ratio


def test_collateral_counts_band_by_band() -> None:
    assert collateral_ratio("BTC", 10.0) == pytest.approx(0.98)
    assert collateral_ratio("BTC", 100.0) == pytest.approx((50 * 0.98 + 50 * 0.95) / 100)


def test_debt_counts_in_full_and_unknown_coins_not_at_all() -> None:
    assert collateral_ratio("BTC", -3.0) == 1.0
    assert collateral_ratio("DOGE", 1e6) == 0.0


def test_bands_have_no_gap_and_end_open() -> None:
    for coin in {band.coin for band in collateral_bands()}:
        bands = collateral_bands(coin)
        assert bands[0].min_qty == 0
        assert bands[-1].max_qty is None
        assert all(a.max_qty == b.min_qty for a, b in itertools.pairwise(bands))


def test_borrow_tiers_of_one_coin() -> None:
    assert [row.tier for row in borrow_tiers("USDT")] == [1, 2]
    assert borrow_tiers("NOPE") == ()
