"""The simulator leaves room on its core: held by counting its work, for seconds depend on what else a machine does.

At 5,000 messages a second one core has 200 µs for each. A call of a function costs about 0.3 µs (``python -m benchmarks sim``
prints both), so the bound below is 150 µs; a change that makes the work of a message grow with the number of accounts
breaks it by far.
"""

import asyncio

from benchmarks.sim.work import count_work

CALLS_MAX = 500


def test_a_message_of_a_thousand_accounts_takes_no_more_work_than_a_core_has_time_for() -> None:
    thousand = asyncio.run(count_work(1000, 2.0))
    assert thousand.messages > 4000
    assert thousand.calls_per_message < CALLS_MAX
    hundred = asyncio.run(count_work(100, 2.0))
    assert hundred.messages > 400
    assert thousand.calls_per_message < 1.25 * hundred.calls_per_message


def test_the_count_is_the_same_every_time() -> None:
    assert asyncio.run(count_work(20, 1.0)) == asyncio.run(count_work(20, 1.0))
