import asyncio
import threading
import time

import pytest
from tests.web.access.conftest import quick_hash

from marginwatch.model.secret import Secret
from marginwatch.web.access import verifying
from marginwatch.web.access.passwords import HASHER
from marginwatch.web.access.verifying import NOBODYS, Verifier


async def test_each_hash_is_judged_by_itself() -> None:
    verifier = Verifier(quick_hash("nobody's").reveal())
    one, other = quick_hash("first password"), quick_hash("second password")
    assert await verifier.matches(Secret("first password"), (one, other)) == (True, False)
    assert await verifier.matches(Secret("second password"), (one, other)) == (False, True)
    assert await verifier.matches(Secret("third"), (one, None)) == (False, False)


async def test_nobodys_password_opens_nothing() -> None:
    verifier = Verifier(quick_hash("nobody's").reveal())
    assert await verifier.matches(Secret("nobody's"), (None, None)) == (False, False)


async def test_letters_are_the_same_however_a_keyboard_composes_them() -> None:
    verifier = Verifier(quick_hash("x").reveal())
    composed = quick_hash("mật khẩu dài lắm")
    decomposed = "ma\u0323\u0302t kha\u0302\u0309u da\u0300i la\u0306\u0301m"
    assert await verifier.matches(Secret(decomposed), (composed,)) == (True,)


async def test_what_no_keyboard_types_is_wrong_and_no_defect() -> None:
    verifier = Verifier(quick_hash("x").reveal())
    assert await verifier.matches(Secret("\ud800 lone surrogate"), (quick_hash("x"),)) == (False,)


def test_nobodys_hash_costs_what_a_real_one_does() -> None:
    assert not HASHER.check_needs_rehash(NOBODYS)


async def test_as_much_is_compared_whoever_has_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    compare = verifying._compare
    monkeypatch.setattr(
        verifying, "_compare", lambda typed, hashes: counts.append(len(hashes)) or compare(typed, hashes)
    )
    verifier = Verifier(quick_hash("x").reveal())
    for hashes in ((None, None), (quick_hash("one"), None), (quick_hash("one"), quick_hash("two"))):
        await verifier.matches(Secret("one"), hashes)
    assert counts == [2, 2, 2]


async def test_only_one_is_compared_at_a_time_and_never_on_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most, threads = 0, 0, set()

    def compare(typed: str, hashes: list[str]) -> list[bool]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        threads.add(threading.get_ident())
        time.sleep(0.002)  # long enough for a second one to begin, if one could
        under_way -= 1
        return [False for _ in hashes]

    monkeypatch.setattr(verifying, "_compare", compare)
    verifier = Verifier()
    await asyncio.gather(*(verifier.matches(Secret("x"), (None,)) for _ in range(20)))
    assert most == 1
    assert len(threads) == 1
    assert threads.isdisjoint({threading.get_ident()})
