"""An auditor that cannot fail proves nothing: each of these monitors is broken in one way, and a seed finds it."""

from collections.abc import Callable

import numpy as np
import pytest
from simulation.run import simulate

from marginwatch.book import position_book
from marginwatch.collect import session
from marginwatch.collect.backfill import Backfill
from marginwatch.collect.event_buffer import EventBuffer
from marginwatch.collect.lifeline import Lifeline
from marginwatch.risk import frame
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.venues.bybit import calls
from marginwatch.venues.bybit.paging import Listing


def ignore_sequences(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(position_book, "is_older", lambda new, old: False)


def call_everything_fresh(patch: pytest.MonkeyPatch) -> None:
    judge = frame.inclusion

    def judge_kindly(accounts, now_ns):
        states = judge(accounts, now_ns)
        return np.where(states == Inclusion.STALE, np.uint8(Inclusion.INCLUDED), states)

    patch.setattr(frame, "inclusion", judge_kindly)


def take_the_first_page_for_all(patch: pytest.MonkeyPatch) -> None:
    async def first_page(fetch, *, what):
        page, at_ns = await fetch(None)
        return Listing(tuple(page.rows), tuple(page.failures), 1, at_ns)

    patch.setattr(calls, "collect_pages", first_page)


def never_look_back(patch: pytest.MonkeyPatch) -> None:
    async def nothing(self, client):
        return None

    patch.setattr(Backfill, "fetch", nothing)


def take_half_open_for_alive(patch: pytest.MonkeyPatch) -> None:
    def ping_only(self, now_s: float) -> None:
        if self._socket is not None and now_s - self._pinged_s >= self._services.settings.ping_s:
            self._pinged_s = now_s
            self.send(self._dialect.ping())

    patch.setattr(Lifeline, "beat", ping_only)


def forget_what_was_held_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EventBuffer, "drain", lambda self: [])


def keep_asking_with_dead_keys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(session, "is_fatal", lambda error: False)


def believe_a_clock_set_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(position_book, "latest_possible_ns", lambda snapshot, heard_ns: None)


def call_every_price_fresh(patch: pytest.MonkeyPatch) -> None:
    judge = frame.price_ages

    def judge_kindly(instruments, now_ns, settings):
        ages = judge(instruments, now_ns, settings)
        return ages._replace(is_stale=np.zeros_like(ages.is_stale))

    patch.setattr(frame, "price_ages", judge_kindly)


MUTATIONS: dict[Callable[[pytest.MonkeyPatch], None], tuple[int, str]] = {
    ignore_sequences: (6, "was pushed"),
    forget_what_was_held_back: (19, "was pushed"),
    never_look_back: (30, "was never told"),
    take_half_open_for_alive: (36, "is left out: stale"),
    call_everything_fresh: (4, "was last answered"),
    keep_asking_with_dead_keys: (10, "is dead, and it"),
    believe_a_clock_set_back: (2, "not told so lately"),
    call_every_price_fresh: (16, "has a fresh price"),
    take_the_first_page_for_all: (3, "was last answered never"),
}
"""What may be broken in the monitor → a seed that finds it, and with what words; unbroken, all of them pass."""


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_broken_monitor_is_found(mutation: Callable[[pytest.MonkeyPatch], None]) -> None:
    seed, words = MUTATIONS[mutation]
    assert 1 <= seed <= 50, "one that passes unbroken, as test_seeds shows"
    with pytest.MonkeyPatch.context() as patch:
        mutation(patch)
        outcome = simulate(seed)
    assert any(words in line for line in outcome.wrong), outcome.wrong
