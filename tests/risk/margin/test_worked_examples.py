"""Every published example: recomputed by the product's own code, or listed with the reason why not."""

import json
from pathlib import Path

import numpy as np
import pytest

from marginwatch.risk.margin.bybit_isolated import inverse_leverage_used, room
from marginwatch.risk.margin.legs import INITIAL, MAINTENANCE, PNL, fee_to_close, leg_margins, leg_terms
from marginwatch.risk.margin.steps import counted_amount, tiers_of
from marginwatch.risk.workspace import Workspace

DATA = Path(__file__).parent / "data"
EXAMPLES = {one["id"]: one for one in json.loads((DATA / "worked_examples.json").read_text())["examples"]}

ELSEWHERE = {
    "bybit-inverse-average-entry": "the venue states the average entry; it is never worked out from fills here",
    "bybit-funding-fee-ltc-small": "payments of funding are no margin: see the calendar of funding",
    "binance-isolated-eth-long": "there is no margin model of Binance yet",
    "binance-isolated-short-5x": "there is no margin model of Binance yet",
    "binance-isolated-long-5x": "there is no margin model of Binance yet",
    "okx-isolated-long-3x": "there is no margin model of OKX yet: its maintenance margin has the liquidation fee in it",
    "okx-single-currency-order-check": "orders are not placed here, so nothing checks whether one would be accepted",
    "deribit-future-margin": "there is no margin model of Deribit",
}


def leg(size, entry, mark, leverage, rate, *, fee=0.0, deduction=0.0, inverse=False, tiers=None):
    """One leg of one contract with one tier: what the product's own functions make of it."""
    if tiers is None:
        columns = ([[np.inf]], [[rate]], [[deduction]], [[np.inf]])
        tiers = tiers_of(*(np.array(column) for column in columns))

    def worth(price):
        return -1.0 / price if inverse else price

    one = np.array([1.0])
    terms = leg_terms(
        np.zeros(1, np.int64),
        size * one,
        worth(entry) * one,
        leverage * one,
        fee * one,
        0.0 * one,
        tiers,
        Workspace(),
    )
    return terms, leg_margins(terms, worth(mark) * one, tiers, Workspace()), tiers


def isolated_liquidation(side, size, entry, leverage, rate):
    """Find the mark at which the room of an isolated leg is 0, by bisection."""
    sign, low, high = (1.0, 0.0, entry) if side == "long" else (-1.0, entry, 10.0 * entry)
    for _ in range(200):
        middle = (low + high) / 2.0
        terms, block, tiers = leg(sign * size, entry, middle, leverage, rate)
        every = np.zeros(1, np.int64)
        used = inverse_leverage_used(terms, every, block[0], tiers)
        left = room(block, terms, every, used, np.zeros(1), np.zeros(1, np.bool_))[0]
        low, high = (low, middle) if (left > 0.0) == (side == "long") else (middle, high)
    return low


def published_tiers():
    rows = json.loads((DATA / "bybit_btcusdt_margin_parameters.json").read_text())["tiers"]
    limit, leverage, rate, deduction = (np.array([column], float) for column in zip(*rows, strict=True))
    limit[0, -1] = np.inf
    return tiers_of(limit, rate, deduction, leverage)


def position_row(given):
    sign = 1.0 if given["side"] == "long" else -1.0
    size, entry = given["size"], given["entry"]
    _, block, _ = leg(sign * size, entry, entry, given["leverage"], given["mmr"], fee=given["taker_fee"])
    return {"positionIM": block[INITIAL, 0], "positionMM": block[MAINTENANCE, 0]}


def isolated_long(given):
    _, block, _ = leg(
        given["size_btc"], given["entry_price"], given["entry_price"], given["leverage"], given["mmr"]
    )
    return {"initial_margin": block[INITIAL, 0], "maintenance_margin": block[MAINTENANCE, 0]}


def pnl(given):
    long, short = given["long"], given["short"]
    return {
        "long_pnl": leg(long["qty"], long["entry"], long["last"], 1, 0)[1][PNL, 0],
        "short_pnl": leg(-short["qty"], short["entry"], short["last"], 1, 0)[1][PNL, 0],
    }


def plain_row(given):
    """Binance's and OKX's rows need value ÷ leverage and value × rate: what ours is without a fee."""
    size = given.get("size") or given["contracts"] * given["ctVal"]
    sign = -1.0 if given.get("side") == "short" else 1.0
    entry = given.get("entry", given["mark"])
    leverage = given.get("leverage") or given["lever"]
    _, block, _ = leg(sign * size, entry, given["mark"], leverage, given["mmr"])
    return {
        "unrealised_pnl": block[PNL, 0],
        "initial_margin": block[INITIAL, 0],
        "maintenance_margin": block[MAINTENANCE, 0],
        "imr": block[INITIAL, 0],
        "mmr": block[MAINTENANCE, 0],
    }


def okx_coin_pnl(given):
    size = given["contracts"] * given["face_usd"]
    return {"pnl_xrp": leg(size, given["entry"], given["mark"], 1, 0, inverse=True)[1][PNL, 0]}


def haircut(given):
    limits = np.array([[np.inf if limit is None else limit for limit, _ in given["tiers"]]], float)
    rates = np.array([[rate for _, rate in given["tiers"]]], float)
    amount = np.array([float(given["amount_usdt"])])
    return {"adjusted": counted_amount(amount, np.zeros(1, np.int64), limits, rates)[0]}


RECOMPUTED = {
    "bybit-usdt-isolated-long": isolated_long,
    "bybit-usdt-average-entry-and-pnl": pnl,
    "bybit-position-im-mm-with-fee-6x": position_row,
    "bybit-position-im-mm-with-fee-10x-ltc": position_row,
    "bybit-position-docs-xrp": position_row,
    "binance-ltc-short-row": plain_row,
    "okx-xrp-swap-row": plain_row,
    "okx-coin-margined-pnl": okx_coin_pnl,
    "okx-discount-tiers-usdt-2022": haircut,
}
OF_THEIR_OWN = {"bybit-btcusdt-mm-tier-1-2", "binance-mm-btcusdt-tier3-faq", "bybit-isolated-long-10x"}


def test_every_example_has_its_place():
    assert set(RECOMPUTED) | OF_THEIR_OWN | set(ELSEWHERE) == set(EXAMPLES)
    assert not set(RECOMPUTED) & set(ELSEWHERE)


@pytest.mark.parametrize("name", RECOMPUTED)
def test_example_reproduces(name):
    example = EXAMPLES[name]
    got, within = RECOMPUTED[name](example["inputs"]), example["tolerance"]
    compared = set(got) & set(example["published"])
    assert compared
    for field in compared:
        want = example["published"][field]
        assert got[field] == pytest.approx(want, abs=within.get(field, within.get("*"))), field


def test_isolated_liquidation_prices_reproduce_in_the_form_of_their_day():
    """Before September 2025 the maintenance margin was that of the entry value: with a rate on it instead of the mark."""
    given = EXAMPLES["bybit-usdt-isolated-long"]
    old = given["published"]["liquidation_price"]
    inputs = given["inputs"]
    now = isolated_liquidation("long", 1.0, inputs["entry_price"], inputs["leverage"], inputs["mmr"])
    # Margin 400 and a rate of 0.5 %: the price p with 400 + (p − 20,000) = 0.005 p, against 0.005 × 20,000 then.
    assert now == pytest.approx(19_600 / 0.995)
    assert old == pytest.approx(20_000 - (400 - 100))
    given = EXAMPLES["bybit-isolated-long-10x"]["inputs"]
    assert isolated_liquidation("long", 1.0, given["entry"], 10.0, 0.01) == pytest.approx(9.0 / 0.99)


@pytest.mark.parametrize(("value", "rate", "amount"), [(2_600_000, 0.0056, 1200.0), (2_000_000, 0.005, 0.0)])
def test_bybit_tiers_with_the_published_deductions(value, rate, amount):
    tiers = published_tiers()
    _, block, _ = leg(value / 100_000.0, 100_000.0, 100_000.0, 10.0, 0.0, tiers=tiers)
    assert block[MAINTENANCE, 0] == pytest.approx(value * rate - amount, abs=1e-6)


def test_binance_amounts_are_deductions():
    """Tiers of the FAQ: 0.4 % to 50,000, 0.5 % to 250,000, 1 % above; at 500,000 the amount is 1,300."""
    limits, rates, amounts = [50_000.0, 250_000.0, np.inf], [0.004, 0.005, 0.01], [0.0, 50.0, 1300.0]
    tiers = tiers_of(*(np.array([column]) for column in (limits, rates, amounts, [125.0, 100.0, 50.0])))
    _, block, _ = leg(500_000.0, 1.0, 1.0, 10.0, 0.0, tiers=tiers)
    assert block[MAINTENANCE, 0] == pytest.approx(500_000 * 0.01 - 1300)
    assert EXAMPLES["binance-mm-btcusdt-tier3-faq"]["published"]["maintenance_amount"] == amounts[2]


@pytest.mark.parametrize(
    ("size", "entry", "mark", "leverage", "fee", "rate", "initial", "maintenance"),
    [
        # A live push of 2026-03-29: BTCPERP, one-way, cross, after the change to mark prices.
        (0.001, 66473.5, 66472.02, 10, 0.001, 0.004, 6.70702815, 0.32571423),
    ],
)
def test_rows_that_the_venue_sent_are_exact_to_its_rounding(
    size, entry, mark, leverage, fee, rate, initial, maintenance
):
    _, block, _ = leg(size, entry, mark, leverage, rate, fee=fee)
    assert block[INITIAL, 0] == pytest.approx(initial, abs=5e-9)
    assert block[MAINTENANCE, 0] == pytest.approx(maintenance, abs=5e-9)


def test_the_fee_to_close_of_an_inverse_leg_is_taken_at_its_bankruptcy_price():
    quantity, entry, leverage, fee = 300.0, 27464.5, 10.0, 0.00055
    for sign, bust in ((1.0, entry * 10 / 11), (-1.0, entry * 10 / 9)):
        worth = np.array([-sign * quantity / entry])
        got = fee_to_close(worth, np.array([1 / leverage]), np.array([fee]))
        assert got[0] == pytest.approx(quantity / bust * fee)
