"""Single measures where their books are awkward: empty, isolated, unpriced, starting, gone."""

import math

import msgspec
import numpy as np
import pytest
from tests.rules.scene import BTC_MARK, BTCPERP, BTCUSDT, ETHUSDT, NS, PEPE, Scene, position

from marginwatch.model.connectivity import LinkState
from marginwatch.risk.answers import Answer
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.rules.facts import FactColumn, Reading
from marginwatch.rules.measures.registry import MEASURES


def seen(scene: Scene, measure: str, row: int | str) -> tuple[Answer, float]:
    """Return the answer of one row, and the number if it is one."""
    scene.refresh()
    column = scene.source().column(MEASURES[measure])
    place = scene.code(row) if isinstance(row, str) else row
    return Answer(int(column.answers[place])), float(column.values[place])


def row_of(scene: Scene, name: str, contract) -> int:
    return scene.book.entry(name).rows[contract.instrument_id, "net"]


@pytest.fixture
def scene() -> Scene:
    made = Scene(heavy=("distance", "calendars"))
    made.hold("cross", position(BTCUSDT, 1, str(BTC_MARK)), cash=10_000)
    made.hold("empty", cash=10_000)
    made.hold("alone", position(BTCUSDT, 1, str(BTC_MARK), initial_margin="5005"), mode="isolated")
    made.hold("unpriced", position(PEPE, 5, "0.01"), cash=10_000)
    made.prices.pop(PEPE)
    made.clock.ns += 60 * NS
    return made


@pytest.mark.parametrize(
    ("measure", "cross", "empty", "alone", "unpriced"),
    [
        ("account.maintenance_margin_usage", 0, 0, 0, 3),
        ("account.initial_margin_usage", 0, 0, 1, 3),
        ("account.effective_leverage", 0, 1, 0, 3),
        ("account.net_exposure_usd", 0, 0, 0, 3),
        ("account.gross_exposure_to_equity", 0, 0, 0, 3),
        ("account.hedge_ratio", 0, 1, 0, 3),
        ("account.hedge_ratio_with_wallet", 0, 1, 0, 3),
        ("account.unrealized_loss_share", 0, 1, 0, 3),
        ("account.liquidation_distance", 0, 1, 0, 3),
        ("account.nearest_coin_distance", 0, 1, 1, 3),
        ("account.funding_cost_to_equity", 3, 1, 3, 3),
        ("account.model_error_to_equity", 1, 1, 1, 1),
        ("account.seconds_without_data", 0, 0, 0, 0),
        ("account.n_positions", 0, 0, 0, 0),
    ],
)
def test_four_kinds_of_account(
    scene: Scene, measure: str, cross: int, empty: int, alone: int, unpriced: int
) -> None:
    found = [seen(scene, measure, name)[0] for name in ("cross", "empty", "alone", "unpriced")]
    assert found == [cross, empty, alone, unpriced]


def test_a_position_is_as_far_as_its_own_price_takes_it(scene: Scene) -> None:
    """Cross: cash ÷ size, as Bitcoin is all there is; isolated: what was put up ÷ size; both less 1.05 % maintenance."""
    answer, cross = seen(scene, "position.liquidation_distance", row_of(scene, "cross", BTCUSDT))
    assert answer is Answer.NUMBER
    assert cross == pytest.approx((10_000 / BTC_MARK - 0.0105) / (1 - 0.0105), rel=0.01)
    _, alone = seen(scene, "position.liquidation_distance", row_of(scene, "alone", BTCUSDT))
    assert alone == pytest.approx((0.1 - 0.0105) / (1 - 0.0105), rel=0.01)
    assert seen(scene, "account.liquidation_distance", "cross")[1] == pytest.approx(cross, rel=1e-6)
    assert seen(scene, "position.liquidation_distance", row_of(scene, "unpriced", PEPE))[0] is Answer.MISSING


def test_only_isolated_positions_have_a_margin_to_lose(scene: Scene) -> None:
    assert seen(scene, "position.loss_to_margin", row_of(scene, "cross", BTCUSDT))[0] is Answer.NOT_APPLICABLE
    assert seen(scene, "position.loss_to_margin", row_of(scene, "alone", BTCUSDT)) == (
        0,
        pytest.approx(0, abs=0.01),
    )


def test_a_position_opened_after_the_figures_has_none_of_the_rows_last_owner() -> None:
    scene = Scene(heavy=("distance",))
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=10_000)
    scene.refresh()
    before = scene.source()
    figures = scene.frame_now.heavy.distance
    row = row_of(scene, "a", BTCUSDT)
    identity = int(before.subjects("position").identities[row])
    scene.hold("a")
    scene.settle()
    scene.hold("a", position(ETHUSDT, 1, "3003"))
    assert row_of(scene, "a", ETHUSDT) == row
    scene.heavy = ()
    scene.refresh()
    source = scene.source()
    scene.frame_now.heavy = Heavy(distance=figures)
    column = source.column(MEASURES["position.liquidation_distance"])
    assert column.answers[row] == Answer.MISSING
    assert "opened" in column.reason(row)
    assert int(source.subjects("position").identities[row]) not in (0, identity)


def test_what_is_too_old_is_missing_with_its_age(scene: Scene) -> None:
    scene.refresh()
    source = scene.source()
    old = scene.frame_now.heavy.distance
    late = Part(at_ns=old.at_ns - 90 * NS, value=old.value, reason=None, good_for_s=15.0)
    scene.frame_now.heavy = Heavy(distance=late)
    for name in (
        "account.liquidation_distance",
        "position.liquidation_distance",
        "account.nearest_coin_distance",
    ):
        column = source.column(MEASURES[name])
        row = scene.code("cross")
        assert column.answers[row] == Answer.MISSING
        assert column.reason(row) == "last reckoned 90 s ago, good for 15 s"


def test_what_is_at_least_so_large_is_judged_and_doubted(scene: Scene) -> None:
    """A fourth of the positions has no price: the gross is at least that of the others, the net is anybody's guess."""
    row = row_of(scene, "cross", BTCUSDT)
    assert seen(scene, "portfolio.gross_exposure_usd", 1) == (Answer.NUMBER, pytest.approx(100_000.0))
    column = scene.source().column(MEASURES["portfolio.gross_exposure_usd"])
    assert column.is_doubtful[1]
    assert column.doubt(1).startswith("not known: 1 positions without a price")
    assert seen(scene, "portfolio.net_exposure_usd", 1)[0] is Answer.MISSING
    assert seen(scene, "account.gross_exposure_usd", "unpriced") == (Answer.NUMBER, 0.0)
    assert scene.source().column(MEASURES["account.gross_exposure_usd"]).is_doubtful[scene.code("unpriced")]
    # A share of what has a price says nothing of the share of the whole: one position may be all that is left.
    assert seen(scene, "position.exposure_share", row)[0] is Answer.MISSING
    assert scene.source().column(MEASURES["position.exposure_share"]).reason(row).startswith("too many")
    assert (
        seen(scene, "asset.concentration", scene.book.columns.assets.coins.find("BTC"))[0] is Answer.MISSING
    )


def test_one_contract_without_a_price_does_not_blind_a_whole_desk() -> None:
    scene = Scene()
    for number in range(60):
        scene.hold(f"a{number}", position(BTCUSDT, 1, "1"), cash=1e6)
    scene.hold("odd", position(PEPE, 5, "0.01"), cash=1e6)
    scene.prices.pop(PEPE)
    scene.clock.ns += 60 * NS
    for name, value in (
        ("net_exposure_usd", 3_000_000.0),
        ("net_exposure_to_equity", 0.05),
        ("hedge_ratio", 0.0),
    ):
        assert seen(scene, f"portfolio.{name}", 1) == (Answer.NUMBER, pytest.approx(value, rel=0.06))
        assert scene.source().column(MEASURES[f"portfolio.{name}"]).is_doubtful[1]


def test_shares_of_the_whole_are_those_of_a_plain_sum() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 2, "1"), position(ETHUSDT, -10, "1"))
    scene.hold("b", position(BTCPERP, -1, "1"))
    usd = {"BTC": (2 * 50_000.0, 50_000.0), "ETH": (0.0, 30_000.0)}
    gross = sum(long + short for long, short in usd.values())
    find = scene.book.columns.assets.coins.find
    for coin, (long, short) in usd.items():
        assert seen(scene, "asset.concentration", find(coin))[1] == pytest.approx(abs(long - short) / gross)
        assert seen(scene, "asset.gross_share", find(coin))[1] == pytest.approx((long + short) / gross)
    assert seen(scene, "asset.opposed_usd", find("BTC"))[1] == pytest.approx(50_000.0)
    assert seen(scene, "asset.opposed_usd", find("ETH"))[1] == 0.0
    assert seen(scene, "position.exposure_share", row_of(scene, "a", BTCUSDT))[1] == pytest.approx(
        1e5 / gross
    )
    assert seen(scene, "portfolio.one_sided_delta_share", 1)[1] == pytest.approx(1e5 / gross)
    assert seen(scene, "portfolio.direction_bias_by_count", 1)[1] == pytest.approx(-1 / 3)
    assert seen(scene, "portfolio.net_exposure_usd", 1)[1] == pytest.approx(20_000.0)


def test_prices_are_asked_of_coins_that_somebody_has() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 1, "1"))
    find = scene.book.columns.assets.coins.find
    assert seen(scene, "asset.price", find("BTC")) == (Answer.NUMBER, pytest.approx(50_000.0))
    assert seen(scene, "asset.price", find("USDT")) == (Answer.NUMBER, pytest.approx(50_000 / 50_050))
    assert seen(scene, "asset.price", find("ETH"))[0] is Answer.NOT_APPLICABLE
    scene.prices = {}
    scene.clock.ns += 60 * NS
    assert seen(scene, "asset.price", find("BTC"))[0] is Answer.MISSING


def test_neutral_measures_leave_others_out() -> None:
    scene = Scene()
    scene.hold("n", position(BTCUSDT, 1, "1"), tags=("delta-neutral",))
    scene.hold("m", position(BTCUSDT, -0.5, "1"), tags=("x", "delta-neutral"))
    scene.hold("d", position(BTCUSDT, -9, "1"), tags=("x",))
    coin = scene.book.columns.assets.coins.find("BTC")
    assert seen(scene, "asset.neutral_hedge_ratio", coin)[1] == pytest.approx(0.5)
    assert seen(scene, "asset.neutral_opposed_usd", coin)[1] == pytest.approx(25_000.0)
    assert seen(scene, "asset.neutral_gross_exposure_usd", coin)[1] == pytest.approx(75_000.0)
    assert seen(scene, "asset.neutral_n_positions", coin)[1] == 2.0
    assert seen(scene, "asset.hedge_ratio", coin)[1] == pytest.approx(1.0 / 9.5)


def test_coins_in_wallets_count_where_the_measure_says_so() -> None:
    """Two BTC against three sold; dust of ETH beside a position in it is no leg, and cash is no coin."""
    scene = Scene()
    rows = position(BTCUSDT, -3, "1"), position(ETHUSDT, -10, "1")
    scene.hold("a", *rows, coins={"BTC": 2, "ETH": 0.5}, tags=("delta-neutral",), desk="d")
    long_usd, short_usd = 2 * 50_000.0 + 0.5 * 3_000.0, 3 * 50_000.0 + 10 * 3_000.0
    desk = scene.measured().desk_names.index("d")
    for measure, row in (("account.hedge_ratio", "a"), ("desk.hedge_ratio", desk)):
        assert seen(scene, measure, row)[1] == 0.0
        assert seen(scene, f"{measure}_with_wallet", row)[1] == pytest.approx(long_usd / short_usd, rel=1e-3)
    share = seen(scene, "desk.one_sided_delta_share_with_wallet", desk)[1]
    assert share == pytest.approx(short_usd / (long_usd + short_usd), rel=1e-3)
    assert seen(scene, "desk.direction_bias_by_count", desk)[1] == -1.0
    assert seen(scene, "desk.direction_bias_by_count_with_wallet", desk)[1] == pytest.approx(-1 / 3)
    coin = scene.book.columns.assets.coins.find("BTC")
    assert seen(scene, "asset.neutral_gross_exposure_usd", coin)[1] == pytest.approx(50_000.0, rel=1e-3)


def test_the_time_without_data_counts_from_the_last_complete_reading() -> None:
    scene = Scene()
    scene.hold("a")
    assert seen(scene, "account.seconds_without_data", "a") == (Answer.NUMBER, 0.0)
    scene.quiet.add("a")
    scene.link("a", LinkState.LOST)
    scene.clock.ns += 40 * NS
    assert seen(scene, "account.seconds_without_data", "a") == (Answer.NUMBER, 40.0)
    scene.register("refused")
    scene.accounts.append("refused")
    scene.quiet.add("refused")
    scene.link("refused", LinkState.STOPPED, reconciled_at_ns=None, socket_replied_at_ns=None)
    scene.clock.ns += 7 * NS
    answer, value = seen(scene, "account.seconds_without_data", "refused")
    assert answer is Answer.NUMBER
    assert value > 0.0
    assert seen(scene, "account.is_stopped", "refused")[1] == 1.0


def test_what_positions_say_of_themselves() -> None:
    scene = Scene()
    due = scene.now + 3_600 * NS
    scene.hold(
        "a",
        position(BTCUSDT, 1, "1", adl_rank=5, status="adl", is_reduce_only=True, margin_change_at_ns=due),
        position(ETHUSDT, 1, "1", adl_rank=0, status="normal", is_reduce_only=False),
        position(PEPE, 1, "1"),
    )
    told = {
        name: [seen(scene, f"position.{name}", row_of(scene, "a", one)) for one in (BTCUSDT, ETHUSDT, PEPE)]
        for name in ("adl_rank", "is_seized", "is_reduce_only", "seconds_to_margin_change")
    }
    assert [value for _, value in told["adl_rank"][:2]] == [5.0, 0.0]
    assert told["adl_rank"][2][0] is Answer.NOT_APPLICABLE
    assert [value for _, value in told["is_seized"]] == [1.0, 0.0, 0.0]
    assert [value for _, value in told["is_reduce_only"]] == [1.0, 0.0, 0.0]
    assert told["seconds_to_margin_change"][0] == (Answer.NUMBER, (due - scene.now) / NS)
    assert [answer for answer, _ in told["seconds_to_margin_change"][1:]] == [Answer.NOT_APPLICABLE] * 2
    # A patch of the row is seen by both buffers of frames.
    for sequence in (2, 3):
        rank = 6 - sequence
        held = position(BTCUSDT, 1, "1", adl_rank=rank, sequence=sequence)
        scene.hold("a", held, position(ETHUSDT, 1, "1"), position(PEPE, 1, "1"))
        for _ in range(2):
            assert seen(scene, "position.adl_rank", row_of(scene, "a", BTCUSDT))[1] == float(rank)
            assert seen(scene, "position.is_seized", row_of(scene, "a", BTCUSDT))[1] == 0.0


def test_facts_that_nobody_told_are_not_there() -> None:
    scene = Scene()
    scene.hold("a")
    scene.refresh()
    for name in ("account.drawdown", "account.adl_fills", "service.loop_lag", "channel.is_failing"):
        assert scene.source().column(MEASURES[name]) is None


def test_facts_say_what_they_know_of_whom() -> None:
    scene = Scene()
    scene.hold("a")
    scene.hold("b")
    facts = scene.facts_known
    facts.by_name["account.adl_fills"] = {"b": Reading(2.0), "gone": Reading(9.0)}
    assert [seen(scene, "account.adl_fills", name) for name in ("a", "b")] == [(0, 0.0), (0, 2.0)]
    facts.by_name["account.key_expires_in"] = {"a": Reading(60.0)}
    assert seen(scene, "account.key_expires_in", "a") == (Answer.NUMBER, 60.0)
    assert seen(scene, "account.key_expires_in", "b")[0] is Answer.NOT_APPLICABLE
    values = np.array([math.nan, 0.25])
    facts.by_row["account.drawdown"] = FactColumn(values, np.array([3, 0], np.uint8), "no day yet")
    assert seen(scene, "account.drawdown", "a") == (Answer.NUMBER, 0.25)
    assert seen(scene, "account.drawdown", "b")[0] is Answer.MISSING
    assert scene.source().column(MEASURES["account.drawdown"]).reason(scene.code("b")) == "no day yet"
    unread = Reading(math.nan, Answer.MISSING, "the disk cannot be read")
    facts.by_name["service.disk_free_share"] = {"marginwatch": unread}
    column = scene.source().column(MEASURES["service.disk_free_share"])
    assert column.answers.tolist() == [Answer.MISSING]
    assert column.reason(0) == "the disk cannot be read"


def test_histories_are_doubtful_while_accounts_are_not_heard_and_events_are_not() -> None:
    scene = Scene()
    scene.hold("a", desk="d")
    row = scene.code("a")
    scene.facts_known.by_row["account.drawdown"] = FactColumn(
        np.zeros(row + 1), np.zeros(row + 1, np.uint8), ""
    )
    scene.facts_known.by_name["desk.drawdown"] = {"d": Reading(0.1)}
    scene.facts_known.by_name["account.adl_fills"] = {}
    scene.quiet.add("a")
    scene.link("a", LinkState.LOST)
    scene.refresh()
    source = scene.source()
    assert source.column(MEASURES["account.drawdown"]).is_doubtful[row]
    assert source.column(MEASURES["desk.drawdown"]).is_doubtful.any()
    assert source.column(MEASURES["account.adl_fills"]).is_doubtful is None


def test_funding_of_the_next_day_is_cost_when_it_is_paid() -> None:
    scene = Scene(heavy=("calendars",))
    contract = msgspec.structs.replace(BTCUSDT, funding_interval_s=28_800)
    scene.prices = {contract: "50050"} | {one: price for one, price in scene.prices.items() if one != BTCUSDT}
    scene.funding = {"funding_rate": "0.001", "next_funding_at_ns": scene.now + 3_600 * NS}
    scene.hold("long", position(contract, 1, "1"))
    scene.hold("short", position(contract, -1, "1"))
    scene.hold("none")
    assert seen(scene, "account.funding_cost_usd", "long")[1] == pytest.approx(3 * 0.001 * 50_000)
    assert seen(scene, "account.funding_cost_usd", "short")[1] == pytest.approx(-3 * 0.001 * 50_000)
    assert seen(scene, "account.funding_cost_usd", "none")[0] is Answer.NOT_APPLICABLE
