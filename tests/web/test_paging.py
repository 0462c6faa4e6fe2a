"""Pages of the routes whose rows may be thousands: together they are all rows, each once, and each says how many there are."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from litestar.datastructures import State
from tests.risk.conftest import random_world
from tests.web.stream.scene import Play

from marginwatch.model.balance import AccountState
from marginwatch.model.ids import AccountId, Asset
from marginwatch.risk.advice.rows import (
    AccountPicture,
    Hedge,
    HedgeAdvice,
    HedgeEffect,
    LeftOut,
    OpenExposure,
    Transfer,
    TransferAdvice,
    TransferEffect,
    TransferGroup,
)
from marginwatch.risk.frame import Frame
from marginwatch.risk.tables import positions
from marginwatch.web.app import accounts, exposure
from marginwatch.web.app import positions as positions_route
from marginwatch.web.most import Most, most_hedges, most_transfers
from marginwatch.web.risk_routes import levels, margin


def asked(frame: Frame) -> State:
    return State({"model": SimpleNamespace(latest_frame=lambda: frame, is_alive=lambda: True)})


async def answer(route: Any, frame: Frame, **asking: Any) -> dict[str, Any]:
    reply = await route.fn(state=asked(frame), **asking)
    return json.loads(reply.body)


@pytest.fixture
def reckoned() -> Frame:
    play = Play(4)
    play.world.account("empty", state=AccountState(margin_mode="cross"))
    play.reckon()
    return play.frame()


@pytest.mark.parametrize("sort", [None, "-account_id"])
@pytest.mark.parametrize("route", [accounts, positions_route, margin])
async def test_pages_together_are_all_rows(route: Any, sort: str | None) -> None:
    frame = random_world(2, 25).frame()
    whole = await answer(route, frame, sort=sort)
    assert whole["n_rows"] == len(whole["rows"]) > 20
    found: list[dict[str, Any]] = []
    for offset in range(0, whole["n_rows"] + 7, 7):
        page = await answer(route, frame, sort=sort, limit=7, offset=offset)
        assert page["n_rows"] == whole["n_rows"]
        assert page["n_included"] == whole["n_included"]
        assert page["not_included"] == whole["not_included"]
        assert len(page["rows"]) <= 7
        found += page["rows"]
    assert found == whole["rows"]


async def test_of_a_page_of_positions_no_others_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, made = random_world(2, 25).frame(), list[int]()
    make = positions._position_row

    def counted(frame: Frame, row: int, legs: Any) -> Any:
        made.append(row)
        return make(frame, row, legs)

    monkeypatch.setattr(positions, "_position_row", counted)
    page = await answer(positions_route, frame, limit=5, offset=10)
    assert len(page["rows"]) == len(made) == 5


async def test_filters_come_before_pages() -> None:
    frame = random_world(2, 25).frame()
    some = await answer(positions_route, frame, desk="mm", limit=2)
    every = await answer(positions_route, frame, desk="mm")
    assert some["n_rows"] == len(every["rows"]) < (await answer(positions_route, frame))["n_rows"]
    assert some["rows"] == every["rows"][:2]
    groups = await answer(exposure, frame, by="asset", limit=1, offset=1)
    assert groups["rows"] == (await answer(exposure, frame, by="asset"))["rows"][1:2]


async def test_ladders_of_a_page_are_those_of_its_accounts(reckoned: Frame) -> None:
    whole = await answer(margin, reckoned)
    page = await answer(margin, reckoned, limit=3)
    shown = {row["account_id"] for row in page["rows"]}
    assert page["ladder"] == [rung for rung in whole["ladder"] if rung["account_id"] in shown]
    assert len(page["ladder"]) < len(whole["ladder"])


async def test_pages_of_levels_begin_with_the_riskiest(reckoned: Frame) -> None:
    whole = await answer(levels, reckoned)
    n_rows = whole["n_rows"]
    assert n_rows == len(whole["levels"]["accounts"]) > 4
    pages = [await answer(levels, reckoned, limit=2, offset=offset) for offset in range(0, n_rows, 2)]
    found = [one for page in pages for one in page["levels"]["accounts"]]
    assert sorted(one["name"] for one in found) == sorted(one["name"] for one in whole["levels"]["accounts"])
    scores = [one["score"] for one in found]
    known = [score for score in scores if score is not None]
    assert known == sorted(known, reverse=True)
    # Behind all that have one those come that nobody knows, and last those of which there is nothing to know.
    kinds = [one["reasons"]["score"].partition(":")[0] for one in found[len(known) :]]
    assert kinds == sorted(kinds)
    assert set(kinds) == {"missing", "not_applicable"}
    assert pages[0]["levels"]["desks"] == whole["levels"]["desks"]
    assert (await answer(levels, replace(reckoned, heavy=Play(1).heavy)))["n_rows"] is None


NOTHING = AccountPicture(**dict.fromkeys(AccountPicture.__struct_fields__[1:]), reasons={})


def effect(number: int, missing_usd: float) -> TransferEffect:
    return TransferEffect(
        account_id=AccountId(f"a{number}"),
        given_usd=0.0,
        taken_usd=0.0,
        missing_usd=missing_usd,
        is_at_target=None,
        is_estimated=False,
        before=NOTHING,
        after=NOTHING,
    )


def advised() -> TransferAdvice:
    """Three groups with three, two and one accounts, of which the last lacks most."""
    groups = [
        TransferGroup(
            venue="bybit",
            owner=f"o{number}",
            status="partly" if number else "nothing_to_do",
            transfers=tuple(
                Transfer(
                    giver_id=AccountId("g"), taker_id=AccountId("t"), coin=Asset("USDT"), amount=usd, usd=usd
                )
                for usd in (90.0 * number, 1.0)
            ),
            total_usd=100.0 * number,
            missing_usd=0.0,
            accounts=tuple(effect(10 * number + place, 10.0 * number + place) for place in range(3 - number)),
            left_out=(LeftOut(account_id=AccountId(f"l{number}"), reason="isolated"),),
            summary="",
        )
        for number in range(3)
    ]
    return TransferAdvice(usage=0.5, distance=None, groups=tuple(groups), left_out=())


def test_advice_on_transfers_keeps_who_lacks_most_and_counts_the_others() -> None:
    most = Most(2)
    found = most_transfers(advised(), most)
    assert found is not None
    assert [group.owner for group in found.groups] == ["o1", "o2"], "whoever has nothing to do goes first"
    assert [[one.account_id for one in group.accounts] for group in found.groups] == [["a11"], ["a20"]]
    assert [[one.usd for one in group.transfers] for group in found.groups] == [[90.0], [180.0]]
    assert most.not_shown == {
        "transfers.groups": 1,
        "transfers.groups.accounts": 1,
        "transfers.groups.transfers": 2,
    }
    everything = Most(None)
    assert most_transfers(advised(), everything) == advised()
    assert everything.not_shown == {}
    assert most_transfers(None, most) is None


def test_advice_on_hedges_is_cut_hedge_by_hedge() -> None:
    hedge = Hedge(
        **dict.fromkeys(
            name
            for name in Hedge.__struct_fields__
            if name not in ("kind", "status", "trades", "open_exposures", "accounts", "warnings", "summary")
        )
        | {"reasons": {}},
        kind="beta",
        status="possible",
        trades=(),
        open_exposures=tuple(
            OpenExposure(coin=Asset(f"C{number}"), before_usd=0.0, after_usd=usd)
            for number, usd in enumerate((1.0, -50.0, 7.0))
        ),
        accounts=tuple(
            HedgeEffect(
                account_id=AccountId(f"a{number}"),
                is_estimated=False,
                before=msgspec.structs.replace(NOTHING, maintenance_margin_usage=usage),
                after=NOTHING,
            )
            for number, usage in enumerate((0.1, None, 0.9, 0.3))
        ),
        warnings=("a", "b", "c"),
        summary="",
    )
    most = Most(2)
    found = most_hedges(HedgeAdvice(hedges=(hedge,), left_out=()), most)
    assert found is not None
    (one,) = found.hedges
    assert [account.account_id for account in one.accounts] == ["a2", "a3"]
    assert [coin.coin for coin in one.open_exposures] == ["C1", "C2"]
    assert one.warnings == ("a", "b")
    assert most.not_shown == {
        "hedges.beta.open_exposures": 1,
        "hedges.beta.accounts": 2,
        "hedges.beta.warnings": 1,
    }
