from marginwatch.collect.planning import plan_intervals


def test_what_the_budget_can_keep_is_kept() -> None:
    plan = plan_intervals(8, 2, 5 / 28.8, 5.0, 60.0)
    assert (plan.poll_s, plan.reconcile_s) == (5.0, 60.0)
    assert (plan.poll_fresh_s, plan.reconcile_fresh_s) == (15.0, 180.0)


def test_a_thousand_polled_accounts_get_the_interval_that_28_calls_a_second_allow() -> None:
    # 1,000 accounts × 5 calls at 28.8 calls/s take 173.6 s, however one turns it.
    plan = plan_intervals(0, 1000, 5 / 28.8, 5.0, 60.0)
    assert round(plan.poll_s, 1) == 173.6
    assert round(plan.poll_fresh_s, 1) == 347.2


def test_calls_of_all_accounts_together_never_exceed_the_budget() -> None:
    per_sweep = 5 / 28.8
    for n_streaming in (0, 1, 10, 150, 345, 346, 999):
        for n_polled in (0, 1, 40, 400, 1000):
            plan = plan_intervals(n_streaming, n_polled, per_sweep, 5.0, 60.0)
            used = per_sweep * (n_streaming / plan.reconcile_s + n_polled / plan.poll_s)
            assert used <= 1.0 + 1e-9


def test_a_stretch_by_a_little_does_not_shorten_freshness() -> None:
    per_sweep = 5 / 28.8
    plan = plan_intervals(350, 0, per_sweep, 5.0, 60.0)
    assert 60.0 < plan.reconcile_s < 61.0
    assert plan.reconcile_fresh_s == 180.0
