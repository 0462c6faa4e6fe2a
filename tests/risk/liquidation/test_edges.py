"""Accounts at the edges, as a book has them: nothing held, nothing left, debts alone, legs that die alone, facts missing."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import LinkState
from marginwatch.model.position import Greeks
from marginwatch.model.secret import Secret
from marginwatch.risk.answers import Answer
from marginwatch.risk.betas import Betas
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.moves import moves_of
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.risk.liquidation.cascade import cascade
from marginwatch.risk.liquidation.distance import distances
from marginwatch.risk.liquidation.forced_actions import ForcedAction
from marginwatch.risk.liquidation.probability import HOURS_MIN, first_passage
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_at, prices_now

CROSS, ISOLATED = AccountState(margin_mode="cross"), AccountState(margin_mode="isolated")
PORTFOLIO = AccountState(margin_mode="portfolio")


def cash(amount, asset="USDT", **more):
    fields = {"order_initial_margin": "0", "is_collateral": True} | more
    return Balance(asset=asset, wallet_balance=str(amount), **fields)


def sheet_of(world):
    return world.press.sheet(world.now)


def figures_of(world):
    sheet = sheet_of(world)
    return sheet, measure_distance(sheet, moves_of(sheet, None))


def chances(sheet):
    """Return first passages with the room that each account's headroom is."""
    returns = np.random.default_rng(1).normal(0.0, 0.01, (HOURS_MIN, len(sheet.coin_names)))
    room = margins(sheet, prices_now(sheet)).headroom
    return first_passage(sheet, room, returns, {24: np.zeros(sheet.n_accounts)})


@pytest.fixture
def zoo(world, parts):
    """Accounts of every kind that is unusual, by name."""
    world.usual_marks()
    on = parts.position
    accounts = {
        "bare": ((), (), CROSS),
        "nothing": ((), [cash(0)], CROSS),
        "coins": ((), [cash(2, "BTC")], CROSS),
        "switched off": ((), [cash(2, "BTC", is_collateral=False)], CROSS),
        "flat": ([on(parts.BTCUSDT, 0, "0")], [cash(10)], CROSS),
        "debt": ((), [cash(-100)], CROSS),
        "coin debt": ((), [cash(-1, "BTC"), cash(1e5)], CROSS),
        "broke": ([on(parts.BTCUSDT, 1, "90000")], [cash(10)], CROSS),
        "backed by coins": ([on(parts.BTCUSDT, 3, "50000")], [cash(1, "BTC")], CROSS),
        "hedged": (
            [on(parts.BTCUSDT, 1, "50000", side="long"), on(parts.BTCUSDT, -1, "50000", side="short")],
            [cash(5_000)],
            CROSS,
        ),
        "full hedge": ([on(parts.BTCUSD, -50_000, "50000")], [cash(1, "BTC")], CROSS),
        "usdc": ([on(parts.BTCPERP, 1, "50000")], [cash(20_000, "USDC")], CROSS),
        "tiny": ([on(parts.BTCUSDT, "1e-9", "50000")], [cash(1)], CROSS),
        "huge": ([on(parts.BTCUSDT, "1e12", "50000")], [cash(1e16)], CROSS),
        "alone": ([on(parts.BTCUSDT, 1, "50000", initial_margin="5000")], [cash(1e5)], ISOLATED),
        "alone and idle": ((), [cash(1e5)], ISOLATED),
        "portfolio": ([on(parts.BTCUSDT, 1, "50000")], [cash(20_000)], PORTFOLIO),
        "portfolio and idle": ((), [cash(20_000)], PORTFOLIO),
    }
    for name, (rows, coins, state) in accounts.items():
        world.account(name, *rows, coins=coins, state=state)
    world.facts()
    return world


IDLE = {"bare", "nothing", "coins", "switched off", "flat", "alone and idle", "portfolio and idle"}


def test_every_kind_of_account_gets_the_answer_it_deserves(zoo):
    sheet, found = figures_of(zoo)
    assert not sheet.is_missing.any()
    common = found.distances.common
    answers = dict(zip(sheet.account_ids, common.answer.tolist(), strict=True))
    assert {name for name, answer in answers.items() if answer == Answer.NOT_APPLICABLE} == IDLE
    assert {name for name, answer in answers.items() if answer == Answer.NONE_IN_RANGE} == {
        "full hedge",
        "tiny",
    }
    at = {name: row for row, name in enumerate(sheet.account_ids)}
    for name in ("debt", "broke"):
        assert common.down[at[name]] == common.up[at[name]] == 0.0
    assert common.up[at["coin debt"]] > 0.0
    assert common.down_answer[at["coin debt"]] == Answer.NONE_IN_RANGE
    assert common.up[at["hedged"]] > 0.0
    # Position × price and cash alike are a trillion times as large.
    assert -0.25 < common.down[at["huge"]] < -0.15


def test_who_has_nothing_to_lose_dies_in_no_cascade_and_has_no_chance_to(zoo):
    sheet, found = figures_of(zoo)
    names = np.array(sheet.account_ids)
    for direction in (-1, 1):
        died = cascade(sheet, found.moves.betas, direction, np.zeros(len(sheet.coin_names)))
        ladder = found.down if direction < 0 else found.up
        in_order = np.concatenate([one.accounts for one in died.rounds])
        at_their_own = names[ladder.account] != "alone"
        assert set(names[in_order]) == set(names[ladder.account[at_their_own]])
        assert died.n_left_out == 1  # the isolated one
    passage = chances(sheet)
    assert set(names[passage.answer == Answer.NOT_APPLICABLE]) == IDLE | {"alone"}
    assert not (passage.answer == Answer.MISSING).any()
    is_number = passage.answer == Answer.NUMBER
    assert (np.isfinite(passage.within[24]) == is_number).all()
    assert passage.within[24][names == "broke"] == 1.0


def test_a_loss_beyond_the_wallet_is_a_debt_that_is_repaid_first(zoo):
    sheet, found = figures_of(zoo)
    first = dict(zip(sheet.account_ids, found.first_action.tolist(), strict=True))
    # Only coins are in the wallet, so whatever is lost on the way is owed in USDT.
    assert first["backed by coins"] == ForcedAction.DEBTS_REPAID
    assert first["usdc"] == ForcedAction.LIQUIDATION
    assert first["coins"] == ForcedAction.NONE


def test_a_book_without_anything_has_no_distance_and_no_error(world):
    sheet, found = figures_of(world)
    assert sheet.n_accounts == sheet.n_legs == sheet.n_holdings == 0
    assert found.nearest == float("inf")
    for direction in (-1, 1):
        died = cascade(sheet, found.moves.betas, direction, np.zeros(len(sheet.coin_names)))
        assert died.rounds == ()
    assert chances(sheet).within[24].shape == (0,)


def test_of_an_account_never_heard_it_is_missing_whether_it_can_be_liquidated(world):
    world.register("silent")
    sheet, found = figures_of(world)
    assert found.distances.common.answer.tolist() == [Answer.MISSING]
    assert found.down.n_missing == found.up.n_missing == 1
    assert chances(sheet).answer.tolist() == [Answer.MISSING]


def test_an_amount_that_is_not_known_may_be_a_debt(world):
    world.usual_marks()
    world.account("a", coins=[Balance(asset="USDT", wallet_balance=None, is_collateral=True)], state=CROSS)
    world.facts()
    sheet, found = figures_of(world)
    assert sheet.missing_reasons == ("amount of USDT",)
    assert found.distances.common.answer.tolist() == [Answer.MISSING]


def test_a_mark_that_is_missing_of_a_flat_leg_is_missed_by_nobody(world, parts):
    world.usual_marks()
    new = parts.contract("NEWUSDT", "NEW", "USDT")
    rows = parts.position(parts.BTCUSDT, 1, "50000"), parts.position(new, 0, "0")
    world.account("a", *rows, coins=[cash(20_000)], state=CROSS)
    world.facts()
    sheet, found = figures_of(world)
    assert not sheet.is_missing.any()
    assert found.distances.common.answer.tolist() == [Answer.NUMBER]
    frame = world.frame()
    assert frame.accounts.maintenance_margin_usage_answer[world.code("a")] == Answer.NUMBER


async def test_old_marks_are_used_while_stale_and_missing_when_unknown(world, parts):
    world.usual_marks()
    world.account("a", parts.position(parts.BTCUSDT, 1, "50000"), coins=[cash(20_000)], state=CROSS)
    world.facts()
    fresh = figures_of(world)[1].distances.common.down[0]
    await world.clock.advance(20.0)
    world.link("a", LinkState.STREAMING)
    stale = figures_of(world)[1].distances.common
    assert stale.down[0] == fresh
    await world.clock.advance(20.0)
    assert figures_of(world)[1].distances.common.answer.tolist() == [Answer.MISSING]


def isolated(world, parts, quantity, instrument=None):
    world.usual_marks()
    row = parts.position(instrument or parts.ETHUSDT, quantity, "3000", initial_margin="3000")
    world.account("a", row, coins=[cash(1e5)], state=ISOLATED)
    world.facts()
    return sheet_of(world)


def betas(sheet, value, low, high):
    """Return the same beta for ETH, with its band; nothing else moves."""
    is_eth = np.array([name == "ETH" for name in sheet.coin_names])
    each = [np.where(is_eth, one, 0.0) for one in (value, low, high)]
    return Betas(*each, np.zeros(len(is_eth)))


@pytest.mark.parametrize("side", [1, -1])
def test_isolated_legs_are_taken_at_the_worse_end_of_their_band(world, parts, side):
    sheet = isolated(world, parts, 5 * side)
    found = distances(sheet, betas(sheet, 1.0, 0.5, 2.0))
    own = found.legs.ways.shock[0]
    assert own * side < 0.0
    assert found.common.shock[0] == pytest.approx(own)
    # At twice Bitcoin's log move, whichever way hurts.
    assert found.cautious.shock[0] == pytest.approx(np.sqrt(1.0 + own) - 1.0)


def test_an_isolated_leg_that_may_go_against_bitcoin_dies_on_either_side_if_one_is_cautious(world, parts):
    sheet = isolated(world, parts, 5)
    found = distances(sheet, betas(sheet, 1.0, -0.5, 2.0))
    own = found.legs.ways.down[0]
    assert found.common.up_answer[0] == Answer.NONE_IN_RANGE
    assert found.cautious.up[0] == pytest.approx((1.0 + own) ** (1.0 / -0.5) - 1.0)


@pytest.mark.parametrize("side", [1, -1])
def test_an_isolated_leg_in_what_does_not_follow_bitcoin_is_never_reached_by_it(world, parts, side):
    sheet = isolated(world, parts, 5 * side)
    found = distances(sheet, betas(sheet, 0.0, 0.0, 0.0))
    assert found.legs.ways.answer[0] == Answer.NUMBER
    assert found.common.down_answer[0] == found.common.up_answer[0] == Answer.NONE_IN_RANGE
    assert np.isnan(found.common.shock[0])


def test_an_isolated_account_that_lacks_something_is_missing_as_in_its_row(world, parts):
    world.usual_marks()
    row = parts.position(parts.BTCUSDT, 1, "50000", initial_margin="5000")
    world.account("a", row, coins=[cash(1e5), cash(3, "DUST")], state=ISOLATED)
    world.facts()
    sheet, found = figures_of(world)
    assert sheet.missing_reasons == ("USD price of DUST",)
    assert found.distances.common.answer.tolist() == [Answer.MISSING]
    assert np.isnan(found.distances.common.down[0])
    # The leg itself stands on its own margin, which is known.
    assert found.distances.legs.ways.answer.tolist() == [Answer.NUMBER]


def test_an_account_whose_figures_go_missing_on_the_way_is_counted_by_the_cascade(zoo):
    sheet, found = figures_of(zoo)
    usdt = [name == "USDT" for name in sheet.coin_names]
    untold = replace(sheet, borrow_maintenance_rate=np.where(np.array(usdt)[:, None], np.nan, 0.04))
    row = sheet.account_ids.index("backed by coins")
    assert np.isfinite(margins(untold, prices_now(untold)).headroom[row])
    before = cascade(sheet, found.moves.betas, -1, np.zeros(len(usdt)))
    after = cascade(untold, found.moves.betas, -1, np.zeros(len(usdt)))
    assert row in np.concatenate([one.accounts for one in before.rounds])
    assert row not in np.concatenate([one.accounts for one in after.rounds])
    assert after.n_left_out > before.n_left_out
    # And nobody says that nothing liquidates it.
    assert distances(untold, found.moves.betas).common.down_answer[row] == Answer.MISSING


@pytest.mark.parametrize("n", [5, 30])
def test_bitcoin_follows_itself_however_short_its_history(zoo, n):
    sheet = sheet_of(zoo)
    returns = np.random.default_rng(2).normal(0.0, 0.03, (n, 1))
    table = ReturnTable(names=("BTC",), values=returns, interval_s=86_400, times_s=np.arange(n) * 86_400)
    found = moves_of(sheet, table).betas
    bitcoin = [row for row, name in enumerate(sheet.coin_names) if name == "BTC"]
    for each in (found.value, found.low, found.high):
        assert (each[bitcoin] == 1.0).all()


def test_positions_at_a_venue_without_a_model_are_missing_even_if_their_formula_would_do(world, parts):
    world.usual_marks()
    for mode in ("cross", "isolated"):
        spec = AccountSpec(
            account_id=mode,
            exchange="elsewhere",
            venue="elsewhere",
            endpoints=Endpoints(rest="", private="", public={}),
            api_key=Secret("k"),
            api_secret=Secret("s"),
        )
        world.book.register(spec)
        row = parts.position(parts.BTCUSDT, 1, "50000", initial_margin="5000")
        world.sweep(mode, row, coins=[cash(1e5)], state=AccountState(margin_mode=mode))
        world.link(mode, LinkState.STREAMING)
    world.facts()
    sheet, found = figures_of(world)
    assert set(sheet.missing_reasons) == {"there is no margin model for this venue yet"}
    assert (found.distances.common.answer == Answer.MISSING).all()
    frame = world.frame().accounts
    assert np.isnan(frame.maintenance_margin_usd[sheet.account_row]).all()


@pytest.mark.parametrize("side", [1, -1])
def test_straddles_die_on_both_sides_if_short_and_on_none_if_long(world, parts, side):
    world.usual_marks()
    put = parts.contract("BTC-27MAR26-50000-P-USDT", "BTC", "USDT", kind=parts.CALL.instrument_kind)
    rows = []
    for instrument, kind in ((parts.CALL, "call"), (put, "put")):
        listed = world_option(world, instrument, kind)
        rows.append(parts.position(listed, side, "4000"))
    world.account("a", *rows, coins=[cash(30_000)], state=CROSS)
    world.facts()
    sheet, found = figures_of(world)
    assert not sheet.is_missing.any(), sheet.missing_reasons
    common = found.distances.common
    if side > 0:
        assert common.answer[0] == Answer.NONE_IN_RANGE
    else:
        assert common.down[0] < 0.0 < common.up[0]
        assert sheet.estimated_reasons[0].startswith("short options")


def test_a_loss_between_two_gains_is_found_under_a_move_of_the_coin_alone(world, parts):
    """A short butterfly loses most around its middle strike and nothing far beyond: the end of the range shows no danger."""
    world.usual_marks()
    rows = []
    for strike, quantity in (("60000", -1), ("70000", 2), ("80000", -1)):
        symbol = f"BTC-1DEC23-{strike}-C-USDT"
        call = parts.contract(symbol, "BTC", "USDT", kind=parts.CALL.instrument_kind)
        listed = world_option(world, call, "call", strike=strike, days=5, mark="10")
        rows.append(parts.position(listed, quantity, "10"))
    world.account("a", *rows, coins=[cash(8_000)], state=PORTFOLIO)
    world.facts()
    sheet, found = figures_of(world)
    assert not sheet.is_missing.any(), sheet.missing_reasons
    coins = found.distances.coins
    btc = [sheet.coin_names[coin] for coin in coins.coin].index("BTC")
    up = coins.ways.up[btc]
    assert 0.1 < up < 0.6
    far = margins(sheet, prices_at(sheet, np.where(np.array(sheet.coin_names) == "BTC", 6.0, 1.0)))
    assert far.headroom[0] > 0.0
    # One coin moves either way, so the whole market says the same.
    assert found.distances.common.up[0] == pytest.approx(up, rel=1e-8)


def world_option(world, instrument, kind, *, strike="50000", days=90, mark="4000"):
    """Return an option with its terms, and tell its prices."""
    terms = {"strike_price": strike, "option_kind": kind, "expiry_ns": world.now + days * 86_400 * 10**9}
    listed = msgspec.structs.replace(instrument, **terms)
    greeks = Greeks(delta="0.5")
    world.mark(listed, mark, "50000", underlying_price="50000", mark_volatility="0.4", greeks=greeks)
    return listed
