import pytest

from marginwatch.clock import ManualClock
from marginwatch.web.access.login_limit import ADDRESSES_MAX, LoginLimit, network_of


async def test_one_address_has_ten_tries_and_then_one_in_five_seconds() -> None:
    clock = ManualClock()
    limit = LoginLimit(clock.monotonic_s)
    assert [limit.take("10.0.0.1") for _ in range(12)] == [0] * 10 + [5, 5]
    assert limit.take("10.0.0.2") == 0, "others are not held up"
    await clock.advance(2)
    assert limit.take("10.0.0.1") == 3
    await clock.advance(3)
    assert [limit.take("10.0.0.1") for _ in range(2)] == [0, 5]


async def test_a_right_password_counts_for_nothing() -> None:
    clock = ManualClock()
    limit = LoginLimit(clock.monotonic_s)
    for _ in range(100):
        assert limit.take("10.0.0.1") == 0
        limit.give_back("10.0.0.1")


async def test_its_memory_is_bounded_whoever_comes() -> None:
    clock = ManualClock()
    limit = LoginLimit(clock.monotonic_s)
    for number in range(3 * ADDRESSES_MAX):
        await clock.advance(1)
        limit.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        assert len(limit._addresses) <= ADDRESSES_MAX
    for number in range(2 * ADDRESSES_MAX):
        limit.take(f"11.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        assert len(limit._addresses) <= ADDRESSES_MAX


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("unknown", "unknown", True),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, is_same: bool) -> None:
    assert (network_of(one) == network_of(other)) is is_same
