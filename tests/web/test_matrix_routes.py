"""Exposure by coin and account: it agrees with the rows of exposure, and what is not shown is in the rest."""

import math
from collections import defaultdict
from types import SimpleNamespace

import aiohttp
import pytest
from tests.risk.conftest import BTCUSDT, World, position, random_world

from marginwatch.engine.engine import Engine
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import LinkState
from marginwatch.model.secret import Secret
from marginwatch.risk.frame import Frame
from marginwatch.web.app import create_app
from marginwatch.web.matrix_replies import MatrixReply, matrix_reply
from marginwatch.web.replies import exposure_reply, positions_reply
from marginwatch.web.server import WebServer


def frame_of(world: World) -> Frame:
    return Engine(world.book, world.clock).run_frame()


def sums(reply: MatrixReply, side: str, field: str) -> dict[str | None, float]:
    """Add up cells as a person with the page would."""
    found: dict[str | None, float] = defaultdict(float)
    for cell in reply.cells:
        name = reply.assets[cell.asset].name if side == "asset" else reply.groups[cell.group].name
        found[name] += getattr(cell, field) or 0.0
    return found


@pytest.mark.parametrize("by", ["account", "desk"])
@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_the_rows_of_exposure(seed: int, by: str) -> None:
    frame = frame_of(random_world(seed, 30))
    reply = matrix_reply(frame, by, 100, 100)
    assert reply.n_assets == len(reply.assets)
    assert reply.n_groups == len(reply.groups)
    rows = {row.name: row for row in exposure_reply(frame, "asset").rows}
    for asset, total in sums(reply, "asset", "net_usd").items():
        assert total == pytest.approx(rows[asset].net_usd, abs=1e-6)
    for asset in reply.assets:
        assert asset.net_usd == pytest.approx(rows[asset.name].net_usd, abs=1e-9)
        assert asset.net_with_wallet_usd == pytest.approx(rows[asset.name].net_with_wallet_usd, abs=1e-9)
        assert (asset.rest_usd, asset.rest_with_wallet_usd) == (0.0, 0.0)
    groups = {row.name: row for row in exposure_reply(frame, by).rows}
    for name, total in sums(reply, "group", "net_usd").items():
        assert total == pytest.approx(groups[name].net_usd, abs=1e-6)
    # Nobody who holds anything and counts is absent.
    held = {row.underlying_asset for row in positions_reply(frame).rows if row.is_included}
    assert held <= {asset.name for asset in reply.assets}


@pytest.mark.parametrize("seed", range(3))
def test_each_cell_is_the_sum_of_its_positions(seed: int) -> None:
    frame = frame_of(random_world(seed, 20))
    reply = matrix_reply(frame, "account", 100, 100)
    slow: dict[tuple[str, str], list[float | None]] = defaultdict(list)
    for row in positions_reply(frame).rows:
        if row.is_included:
            slow[row.account_id, row.underlying_asset].append(row.exposure_usd)
    cells = {
        (reply.groups[cell.group].name, reply.assets[cell.asset].name): cell
        for cell in reply.cells
        if cell.n_positions
    }
    assert cells.keys() == slow.keys()
    for key, exposures in slow.items():
        known = [one for one in exposures if one is not None]
        assert (cells[key].n_positions, cells[key].n_unvalued) == (
            len(exposures),
            len(exposures) - len(known),
        )
        assert cells[key].net_usd == (pytest.approx(math.fsum(known), abs=1e-6) if known else None)


def test_what_is_not_shown_is_in_the_rest() -> None:
    frame = frame_of(random_world(1, 30))
    few, every = matrix_reply(frame, "account", 3, 4), matrix_reply(frame, "account", 100, 100)
    assert [asset.name for asset in few.assets] == [asset.name for asset in every.assets[:3]]
    assert [group.name for group in few.groups] == [group.name for group in every.groups[:4]]
    assert (few.n_assets, few.n_groups) == (len(every.assets), len(every.groups))
    shown = sums(few, "asset", "net_usd")
    for asset in few.assets:
        assert shown[asset.name] + asset.rest_usd == pytest.approx(asset.net_usd, abs=1e-6)


def test_wallets_and_what_has_no_price() -> None:
    world = World()
    world.usual_marks()
    coins = [
        Balance(asset=asset, wallet_balance=amount, equity=amount, is_collateral=True)
        for asset, amount in (("BTC", "1"), ("USDT", "5000"), ("NEW", "7"))
    ]
    state = AccountState(margin_mode="cross")
    world.account("hedged", position(BTCUSDT, "-1", "50000"), coins=coins, state=state)
    world.account("lost", position(BTCUSDT, "3", "50000"), state=state, link=LinkState.LOST)
    reply = matrix_reply(frame_of(world))
    assert [group.name for group in reply.groups] == ["hedged"]
    assert reply.n_left_out == 1
    cells = {reply.assets[cell.asset].name: cell for cell in reply.cells}
    assert cells.keys() == {"BTC", "NEW"}
    short = cells["BTC"].net_usd
    assert short is not None
    assert short < -49_000
    # A coin short by contract and long in the wallet is no bet, but for the basis.
    assert cells["BTC"].net_with_wallet_usd == pytest.approx(0.0, abs=100.0)
    assert (cells["NEW"].net_usd, cells["NEW"].net_with_wallet_usd) == (0.0, None)
    # Sums without it say so.
    assert {one.name: one.n_unknown_coins for one in reply.assets} == {"BTC": 0, "NEW": 1}
    assert [group.n_unknown_coins for group in reply.groups] == [1]


def test_an_empty_book_has_no_cells() -> None:
    reply = matrix_reply(frame_of(World()))
    assert (reply.assets, reply.groups, reply.cells, reply.n_assets, reply.n_groups) == ((), (), (), 0, 0)


async def test_the_route_answers_and_refuses() -> None:
    frame = frame_of(random_world(1, 10))
    model = SimpleNamespace(latest_frame=lambda: frame, is_alive=lambda: True)
    server = WebServer(create_app(model, Secret("t0ken")), port=0)
    await server.start()
    headers = {"Authorization": "Bearer t0ken"}
    async with aiohttp.ClientSession(server.url, headers=headers) as http:
        async with http.get("/api/v1/exposure/matrix?by=desk&assets=2") as reply:
            found = await reply.json()
        assert (reply.status, found["by"], len(found["assets"])) == (200, "desk", 2)
        for wrong in ("by=moon", "assets=0", "accounts=101"):
            async with http.get(f"/api/v1/exposure/matrix?{wrong}") as reply:
                assert reply.status == 400
    await server.stop()
