"""Rows for people: nothing missing is 0, and totals say what they leave out."""

import json

import msgspec
import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import LinkState
from marginwatch.model.failure import Failure
from marginwatch.model.position import Greeks
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.risk import tables
from marginwatch.risk.measures.opposition import opposed_pairs


@pytest.fixture
def desk(world, parts):
    """Two desks, one account lost with a position, one stopped, one starting, one contract without a price."""
    world.usual_marks()
    state = AccountState(
        equity="1000",
        adjusted_equity="900",
        initial_margin="90",
        maintenance_margin="45",
        available_balance="810",
        margin_mode="cross",
        account_type="UTA2.0",
    )
    world.account(
        "main",
        parts.position(parts.BTCUSD, "600", "40000"),
        coins=[Balance(asset="USDT", wallet_balance="50")],
        state=state,
        desk="mm",
        tags=("x", "y"),
    )
    world.account(
        "hedge",
        parts.position(parts.BTCUSD, "-200", "40000"),
        parts.position(parts.contract("NEWUSDT", "NEW", "USDT"), "5", "1"),
        coins=[Balance(asset="ODD", wallet_balance="3")],
        state=state,
        desk="arb",
        tags=("x",),
    )
    world.account(
        "gone", parts.position(parts.BTCUSD, "-9000", "40000"), state=state, link=LinkState.LOST, desk="mm"
    )
    world.facts()
    world.account("off")
    world.link("off", LinkState.STOPPED, reason="the key may trade: make it read-only")
    world.account("new", link=LinkState.STARTING)
    return world


def test_portfolio_counts_whom_it_hears_and_lists_the_rest(desk):
    summary = tables.portfolio_summary(desk.frame())
    assert (summary.n_accounts, summary.n_included, summary.is_complete) == (5, 2, False)
    assert (summary.long_usd, summary.short_usd, summary.net_usd, summary.gross_usd) == (600, 200, 400, 800)
    assert summary.hedge_ratio == pytest.approx(1 / 3)
    assert summary.direction_bias_by_delta == pytest.approx(0.5)
    assert summary.direction_bias_by_count == pytest.approx(1 / 3)
    # 50 USDT and the profit of 600 USD bought at 40,000; the other account's NEW has no price.
    assert summary.equity_usd == pytest.approx(50 / 1.001 + 150)
    assert summary.reasons["equity_usd"] == "not included: 1 accounts without it"
    left_out = {(item.kind, item.subject): item for item in summary.not_included}
    assert {key: item.state for key, item in left_out.items()} == {
        ("account", "gone"): "lost",
        ("account", "off"): "stopped",
        ("account", "new"): "starting",
        ("position", "bybit:linear:NEWUSDT"): "missing_price",
        ("coin", "ODD"): "missing_price",
    }
    assert left_out["account", "gone"].last_known_net_usd == -9000
    assert left_out["account", "off"].reason == "the key may trade: make it read-only"


def test_account_rows_are_null_with_a_reason_where_there_is_no_number(desk):
    rows = {row.account_id: row for row in tables.account_rows(desk.frame())}
    main, hedge, new = rows["main"], rows["hedge"], rows["new"]
    # 1 % of the 600 USD and the fee to close at the bust price, over 50 USDT and 95 % of the profit in BTC.
    needed, had = 600 * 0.01 + 600 / 40000 * 1.1 * 0.00055 * 50000, 50 / 1.001 + 150 * 0.95
    assert main.maintenance_margin_usage == pytest.approx(needed / had)
    assert (main.venue_maintenance_margin_usd, main.venue_adjusted_equity_usd) == (45, 900)
    assert main.effective_leverage == pytest.approx(600 / (50 / 1.001 + 150))
    assert hedge.maintenance_margin_usage is None
    assert hedge.reasons["maintenance_margin_usage"] == "missing: mark price of bybit:linear:NEWUSDT"
    assert hedge.venue_equity_usd == 1000
    assert (main.net_usd, main.hedge_ratio, main.is_included) == (600, 0.0, True)
    assert hedge.net_usd is None
    assert hedge.reasons["net_usd"] == "missing: 1 rows without a price"
    assert hedge.reasons["hedge_ratio"].startswith("missing")
    assert (new.equity_usd, new.venue_equity_usd, new.is_fresh) == (0.0, None, False)
    assert rows["gone"].reason
    for row in rows.values():
        nulls = {
            name for name in row.__struct_fields__ if name.endswith(("_usd", "_usage", "_ratio", "_distance"))
        }
        assert all(getattr(row, name) is not None or name in row.reasons for name in nulls)


def test_position_rows_carry_exact_texts_beside_live_numbers(desk, parts):
    desk.sweep(
        "main", parts.position(parts.BTCUSD, "600.00", "40000.50", sequence=2, liquidation_price="25000")
    )
    (row,) = tables.position_rows(desk.frame(), "main")
    assert (row.quantity, row.entry_price, row.mark_price) == ("600.00", "40000.50", 50000.0)
    assert row.venue_liquidation_distance == pytest.approx(0.5)
    assert row.unrealized_pnl == pytest.approx(600 / 40000.5 - 600 / 50000)
    unpriced = tables.position_rows(desk.frame())[0]
    assert (unpriced.venue_symbol, unpriced.exposure_usd) == ("NEWUSDT", None)


def test_exposure_tables(desk):
    frame = desk.frame()
    assets = {row.name: row for row in tables.exposure_by_asset(frame)}
    assert (assets["BTC"].net_usd, assets["BTC"].concentration) == (400, pytest.approx(0.5))
    assert assets["USDT"].is_cash
    assert (assets["USDT"].net_with_wallet_usd, assets["USDT"].wallet_amount) == (0.0, 50.0)
    assert assets["NEW"].n_unvalued == 1
    assert (assets["ODD"].wallet_usd, assets["ODD"].reasons["wallet_usd"]) == (
        None,
        "missing: 1 wallets without a price",
    )
    # 400 of 600 − 200 dollars, bought at 40,000 and worth 50,000: a fifth of a 40,000th of a Bitcoin each. Who is lost counts not.
    assert assets["BTC"].unrealized_pnl_usd == pytest.approx(400 / 40_000 / 5 * 50_000)
    assert (assets["NEW"].unrealized_pnl_usd, assets["NEW"].reasons["unrealized_pnl_usd"]) == (
        None,
        "missing: no position has a price and an entry price",
    )
    assert assets["ODD"].unrealized_pnl_usd == 0.0
    desks = {row.name: row for row in tables.exposure_by_desk(frame)}
    assert (desks["mm"].net_usd, desks["mm"].n_accounts, desks["mm"].n_left_out) == (600, 1, 1)
    assert (desks["arb"].free_usd, desks["arb"].reasons["free_usd"]) == (
        None,
        "missing: no account that counts has it",
    )
    tags = {row.name: row for row in tables.exposure_by_tag(frame)}
    assert (tags["x"].net_usd, tags["y"].net_usd) == (400, 600)
    (venue,) = tables.exposure_by_venue(frame)
    assert (venue.name, venue.gross_usd) == ("bybit", 800)


def test_a_profit_of_a_coin_tells_how_many_positions_it_leaves_out(world, parts):
    world.usual_marks()
    world.account(
        "one", parts.position(parts.BTCUSDT, "2", "50000"), parts.position(parts.BTCPERP, "1", None)
    )
    (row,) = [row for row in tables.exposure_by_asset(world.frame()) if row.name == "BTC"]
    assert row.unrealized_pnl_usd == pytest.approx(2 * 50 * 50_000 / 50_050)
    assert row.reasons["unrealized_pnl_usd"] == "not included: 1 positions without a price or entry price"


def test_an_option_shows_the_greeks_of_all_its_contracts_and_others_none(world, parts):
    world.usual_marks()
    stated = Greeks(delta="0.4", gamma="0.00002", vega="31.5", theta="-12.25")
    world.mark(parts.CALL, "1200", "50000", underlying_price="50100", greeks=stated)
    world.account("a", parts.position(parts.CALL, "-3", "1000"), parts.position(parts.BTCUSDT, 1, "50000"))
    names = ("delta", "gamma", "vega", "theta")

    def shown():
        rows = {row.venue_symbol: row for row in tables.position_rows(world.frame())}
        return rows[parts.CALL.venue_symbol], rows["BTCUSDT"]

    option, future = shown()
    assert [getattr(option, name) for name in names] == pytest.approx([-1.2, -0.00006, -94.5, 36.75])
    assert {(getattr(future, name), future.reasons[name]) for name in names} == {(None, "not_applicable")}
    world.mark(parts.CALL, "1200", "50000", underlying_price="50100", greeks=Greeks(delta="0.4"))
    option, _ = shown()
    assert (option.delta, option.gamma) == (pytest.approx(-1.2), None)
    assert option.reasons["gamma"] == "missing: the venue states none with a price young enough"
    world.clock._elapsed_ns += 40 * parts.NS
    option, _ = shown()
    assert (option.delta, option.mark_price) == (None, None)


def test_opposition_names_both_accounts_and_what_cancels(desk):
    (row,) = tables.opposition_rows(desk.frame())
    assert (row.asset, row.long_account_id, row.short_account_id) == ("BTC", "main", "hedge")
    assert (row.long_usd, row.short_usd, row.offset_usd) == (600, -200, 200)


def test_offsets_of_a_coin_add_up_to_its_smaller_side(world):
    import numpy as np

    coin, account = np.array([1, 1, 1, 1, 2]), np.array([1, 2, 3, 4, 1])
    pairs = opposed_pairs(coin, account, np.array([100.0, 50.0, -120.0, -10.0, 7.0]))
    assert [(p.long_account, p.short_account, p.offset_usd) for p in pairs] == [
        (1, 3, 100.0),
        (2, 3, 20.0),
        (2, 4, 10.0),
    ]


@pytest.mark.parametrize("seed", range(40))
def test_the_largest_offsets_are_those_of_matching_every_coin_whole(seed):
    import numpy as np

    pick = np.random.default_rng(seed)
    coin, account = (np.ravel(one) for one in np.meshgrid(np.arange(5), np.arange(12)))
    # Whole numbers, so that many offsets are equal.
    net = pick.integers(-4, 5, size=coin.size).astype(float)
    net[pick.random(coin.size) < 0.1] = np.nan
    every = []
    for code in range(5):
        longs = sorted(((v, -p) for p, v in enumerate(net) if coin[p] == code and v > 0), reverse=True)
        shorts = sorted((v, p) for p, v in enumerate(net) if coin[p] == code and v < 0)
        longs, shorts = [[v, -p] for v, p in longs], [[-v, p] for v, p in shorts]
        while longs and shorts:
            offset = min(longs[0][0], shorts[0][0])
            every.append((code, offset))
            for side in (longs, shorts):
                side[0][0] -= offset
                if side[0][0] == 0:
                    side.pop(0)
    every.sort(key=lambda one: -one[1])
    for n_max in (1, 4, 1_000):
        found = opposed_pairs(coin, account, net, n_max)
        assert [(pair.coin, pair.offset_usd) for pair in found] == every[:n_max]
        assert all(pair.long_usd > 0 > pair.short_usd for pair in found)


@pytest.mark.parametrize("seed", range(6))
def test_every_table_is_json(parts, seed):
    frame = parts.random_world(seed).frame()
    for build in (
        tables.account_rows,
        tables.position_rows,
        tables.exposure_by_asset,
        tables.exposure_by_desk,
        tables.exposure_by_tag,
        tables.exposure_by_venue,
        tables.opposition_rows,
        tables.portfolio_summary,
    ):
        made = build(frame)
        text = msgspec.json.encode(made)
        kind = list[type(made[0])] if isinstance(made, list) else type(made)
        assert msgspec.json.decode(text, type=kind) == made
        assert json.loads(text)


def test_empty_portfolio_has_no_zero_totals(world):
    summary = tables.portfolio_summary(world.frame())
    assert (summary.net_usd, summary.equity_usd, summary.hedge_ratio) == (None, None, None)
    assert summary.reasons["hedge_ratio"] == "not_applicable"
    assert summary.reasons["net_usd"].startswith("missing")
    assert (summary.n_positions, summary.reasons["n_positions"]) == (None, "missing: no account counts yet")


def test_totals_name_what_an_account_that_counts_does_not_contain(desk):
    whole = {item.kind for item in tables.not_included(desk.frame())}
    assert "part" not in whole
    desk.book.apply(
        AccountSnapshot(
            account_id="main",
            positions=(),
            balances=(),
            account=AccountState(),
            as_of_ns=desk.now,
            ts_received_ns=desk.now,
            failures=(Failure("protocol", "ETHUSDT", "row 3: size is empty"),),
            not_covered=("option positions cannot be read with this key here",),
        )
    )
    parts = [item for item in tables.not_included(desk.frame()) if item.kind == "part"]
    assert [(item.account_id, item.state) for item in parts] == [("main", "not_covered")] * 2
    assert "option positions cannot be read" in parts[0].reason
    assert "ETHUSDT could not be read" in parts[1].reason
    desk.sweep("main")
    assert {item.kind for item in tables.not_included(desk.frame())} == whole


def test_a_sum_of_profits_names_the_positions_without_one(desk, parts):
    frame = desk.frame()
    (mm,) = (row for row in tables.exposure_by_desk(frame) if row.name == "mm")
    assert "unrealized_pnl_usd" not in mm.reasons
    desk.sweep("main", parts.position(parts.BTCUSD, "600", None, sequence=2))
    frame = desk.frame()
    (mm,) = (row for row in tables.exposure_by_desk(frame) if row.name == "mm")
    assert mm.reasons["unrealized_pnl_usd"].startswith("not included: 1 positions")
    assert (
        tables.portfolio_summary(frame).reasons["unrealized_pnl_usd"].startswith("not included: 2 positions")
    )


def test_silence_about_liquidation_is_no_safety_in_portfolio_margin(world, parts):
    world.usual_marks()
    row = parts.position(parts.BTCUSDT, "1", "50000")
    world.account("pm", row, state=AccountState(margin_mode="portfolio"))
    world.account("um", row, state=AccountState(margin_mode="cross"))
    frame = world.frame()
    accounts = {one.account_id: one for one in tables.account_rows(frame)}
    assert accounts["um"].reasons["venue_liquidation_distance"] == "none_in_range"
    assert accounts["pm"].reasons["venue_liquidation_distance"].startswith("missing: the venue names no")
    positions = {one.account_id: one for one in tables.position_rows(frame)}
    assert {one.reasons["liquidation_distance"] for one in positions.values()} == {"not_applicable"}
    assert positions["um"].reasons["venue_liquidation_distance"] == "none_in_range"
    assert positions["pm"].reasons["venue_liquidation_distance"].startswith("missing: the venue names no")


def test_a_group_in_which_nobody_counts_has_no_zero_totals(world, parts):
    world.usual_marks()
    world.account("gone", parts.position(parts.BTCUSD, "-9000", "40000"), link=LinkState.LOST, desk="mm")
    world.account("heard", desk="arb")
    desks = {row.name: row for row in tables.exposure_by_desk(world.frame())}
    mm, arb = desks["mm"], desks["arb"]
    assert (mm.n_accounts, mm.n_left_out) == (0, 1)
    for field in ("net_usd", "gross_usd", "net_with_wallet_usd", "hedge_ratio", "unrealized_pnl_usd"):
        assert getattr(mm, field) is None
        assert mm.reasons[field] == "missing: no account counts yet", field
    assert (arb.net_usd, arb.gross_usd, arb.reasons["hedge_ratio"]) == (0.0, 0.0, "not_applicable")


def test_nothing_of_an_account_never_heard_is_zero_or_inapplicable(world, parts):
    world.usual_marks()
    world.account("heard", parts.position(parts.BTCUSD, "100", "40000"))
    world.account("flat")
    world.register("unheard")
    world.link("unheard", LinkState.STARTING)
    frame = world.frame()
    rows = {row.account_id: row for row in tables.account_rows(frame)}
    for field in (
        "n_positions",
        "liquidation_distance",
        "hedge_ratio",
        "maintenance_margin_usage",
        "net_usd",
    ):
        assert getattr(rows["unheard"], field) is None
        assert rows["unheard"].reasons[field] == "missing: not heard yet", field
    assert (rows["heard"].n_positions, rows["flat"].n_positions) == (1, 0)
    assert rows["flat"].reasons["hedge_ratio"] == "not_applicable"
    assert tables.portfolio_summary(frame).n_positions == 1


def test_while_nobody_counts_no_total_is_zero_or_inapplicable(world):
    world.register("unheard")
    world.link("unheard", LinkState.STARTING)
    summary = tables.portfolio_summary(world.frame())
    assert (summary.n_accounts, summary.n_included) == (1, 0)
    for field in ("n_positions", "n_stale_positions", "hedge_ratio", "direction_bias_by_count", "net_usd"):
        assert getattr(summary, field) is None
        assert summary.reasons[field] == "missing: no account counts yet", field


def test_the_venues_margins_have_an_age_of_their_own(world, parts) -> None:
    """A wallet message of 40 s ago and a position message of now: the account is heard, its margins are old."""
    world.usual_marks()
    made_ns = world.now - 40_000_000_000
    world.account(
        "quiet",
        parts.position(parts.BTCUSD, "600", "40000"),
        state=AccountState(equity="1000", adjusted_equity="900", maintenance_margin="45", as_of_ns=made_ns),
    )
    world.account("untold", state=AccountState(equity="1000"))
    world.register("unheard")
    rows = {row.account_id: row for row in tables.account_rows(world.frame())}
    assert rows["quiet"].margin_age_s == 40.0
    assert rows["quiet"].data_age_s == 0.0
    for name in ("untold", "unheard"):
        assert rows[name].margin_age_s is None
        assert rows[name].reasons["margin_age_s"].startswith("missing")
