from marginwatch.sim.bybit.limits import RateLimits, RollingWindow


def test_a_window_rolls_instead_of_resetting() -> None:
    window = RollingWindow(2, 1.0)
    assert window.take(10.0).remaining == 1
    assert window.take(10.5).remaining == 0
    refused = window.take(10.75)
    assert (refused.is_allowed, refused.reset_s) == (False, 11.0)
    assert window.take(11.0).is_allowed
    assert not window.take(11.25).is_allowed
    assert window.peak == 2


def test_each_account_and_endpoint_has_its_own_bucket() -> None:
    limits = RateLimits()
    assert all(limits.admit_call("1", "/v5/account/fee-rate", 0.0).is_allowed for _ in range(5))
    assert not limits.admit_call("1", "/v5/account/fee-rate", 0.5).is_allowed
    assert limits.admit_call("2", "/v5/account/fee-rate", 0.5).is_allowed
    assert limits.admit_call("1", "/v5/position/list", 0.5).is_allowed


def test_an_address_beyond_its_limit_is_shut_out_until_the_ban_ends() -> None:
    limits = RateLimits(ip_calls=3, ip_ban_s=600.0)
    assert [limits.admit_address("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert not limits.admit_address("a", 599.0)
    assert limits.admit_address("b", 599.0)
    assert limits.admit_address("a", 600.0)


def test_new_sockets_are_counted_over_five_minutes() -> None:
    limits = RateLimits()
    assert sum(limits.admit_socket("a", 0.0) for _ in range(600)) == 500
    assert not limits.admit_socket("a", 299.0)
    assert limits.admit_socket("a", 300.0)
