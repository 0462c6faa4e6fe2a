"""Random margin sheets of any size: many accounts with many positions, for the heavy measures."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId, InstrumentId
from marginwatch.risk.margin.sheet import MarginSheet

TIER_LIMITS = (1e6, 5e6, 2e7, 1e8, np.inf)
TIER_RATES = (0.005, 0.01, 0.025, 0.05, 0.1)
TIER_LEVERAGES = (100.0, 50.0, 20.0, 10.0, 5.0)


class Bets(NamedTuple):
    """Legs: account, contract, signed quantity, entry price; USD value of all of each account, shape (k,)."""

    account: CodeArray
    contract: CodeArray
    quantity: FloatArray
    entry_price: FloatArray
    gross: FloatArray


class Wallets(NamedTuple):
    """Holdings: a number for each pair of account and coin, ascending, and how much of it there is."""

    keys: CodeArray
    cash: FloatArray


def random_sheet(
    seed: int,
    n_accounts: int,
    legs_each: int,
    n_contracts: int,
    *,
    leverage: float = 5.0,
    modes: tuple[str, ...] = ("cross",),
    inverse_part: float = 0.1,
) -> MarginSheet:
    """Return accounts that bet on linear and inverse perpetuals, with USDT and some coins in their wallets.

    Contract ``i`` is on coin ``i``; coin 1 is USDT, coin 2 is BTC, the last one is USD, in which inverse contracts are
    quoted. Accounts are long and short at random and hold about ``1 ÷ leverage`` of their gross value in USDT.
    """
    rng = np.random.default_rng(seed)
    k, c = n_accounts, n_contracts + 2
    mark = np.concatenate(([np.nan, 1.0, 60_000.0], np.exp(rng.normal(2.0, 2.0, c - 3))))
    is_inverse: BoolArray = np.arange(c) >= c - int(inverse_part * n_contracts)
    settle: CodeArray = np.where(is_inverse, np.arange(c), 1)
    picked = np.sort(np.argsort(rng.random((k, n_contracts)), axis=1)[:, :legs_each], axis=1).reshape(-1) + 2
    value = np.exp(rng.normal(9.0, 1.2, k * legs_each))
    side = rng.choice([-1.0, 1.0], k * legs_each, p=[0.4, 0.6])
    account: CodeArray = np.repeat(np.arange(k), legs_each)
    gross: FloatArray = np.bincount(account, weights=value, minlength=k).astype(np.float64)
    usd: FloatArray = np.where(np.arange(c) == 1, 1.0, mark)
    wallets = _wallets(rng, account, picked, is_inverse, gross / leverage, usd)
    quantity = side * np.where(is_inverse[picked], value, value / mark[picked])
    bets = Bets(account, picked, quantity, mark[picked] * rng.uniform(0.95, 1.05, k * legs_each), gross)
    codes = np.array([MARGIN_MODES[mode] for mode in modes])
    parts: dict[str, object] = {
        "at_ns": 1_700_000_000 * 10**9,
        **_account_columns(codes[np.arange(k) % len(modes)]),
        **_leg_columns(bets, legs_each, np.searchsorted(wallets.keys, account * c + settle[picked])),
        **_contract_columns(mark, is_inverse, settle),
        **_tier_columns(mark, is_inverse),
        **_holding_columns(wallets, k, c),
        **_coin_columns(np.append(usd, 1.0)),
    }
    return MarginSheet(**parts)  # pyright: ignore[reportArgumentType]  # columns by name


def _wallets(
    rng: np.random.Generator,
    account: CodeArray,
    contract: CodeArray,
    is_inverse: BoolArray,
    means: FloatArray,
    usd: FloatArray,
) -> Wallets:
    """Return USDT, BTC, and each coin that something settles in, for every account; ``means`` is what it has, USD."""
    k, c = len(means), len(usd)
    inverse = np.flatnonzero(is_inverse[contract])
    keys: CodeArray = np.unique(
        np.concatenate((np.arange(k) * c + 1, np.arange(k) * c + 2, account[inverse] * c + contract[inverse]))
    )
    coin = keys % c
    part = np.where(coin == 1, 1.0, rng.uniform(0.0, 0.2, len(keys)))
    return Wallets(keys, means[keys // c] * part / usd[coin])


def _account_columns(mode: CodeArray) -> dict[str, object]:
    k = mode.shape[0]
    stated = ("equity", "adjusted_equity", "initial_margin", "maintenance_margin")
    return {
        "account_ids": tuple(AccountId(f"account-{i}") for i in range(k)),
        "account_row": np.arange(k) + 1,
        "mode": mode,
        **{name: np.ones(k, np.int64) for name in ("venue", "owner", "desk")},
        "venue_names": (None, "bybit"),
        "owner_names": (None, "fund"),
        "desk_names": (None, "desk"),
        "is_missing": np.zeros(k, np.bool_),
        "missing_reasons": (None,) * k,
        "is_estimated": np.zeros(k, np.bool_),
        "estimated_reasons": (None,) * k,
        **{f"venue_{name}": np.full(k, np.nan) for name in stated},
        "venue_as_of_ns": np.zeros(k, np.int64),
        "order_loss": np.zeros(k),
        "calibration": np.ones(k),
        "initial_calibration": np.ones(k),
    }


def _leg_columns(bets: Bets, legs_each: int, settle_holding: CodeArray) -> dict[str, object]:
    n = bets.account.shape[0]
    return {
        "first_leg": np.arange(bets.gross.shape[0] + 1) * legs_each,
        "leg_account": bets.account,
        "leg_contract": bets.contract,
        "leg_settle_holding": settle_holding,
        "leg_quantity": bets.quantity,
        "leg_entry_price": bets.entry_price,
        "leg_leverage": np.full(n, 10.0),
        "leg_extra_margin": np.zeros(n),
        "leg_taker_fee": np.full(n, 0.00055),
        "leg_order_value": np.zeros(n),
        "leg_position_row": np.arange(n) + 1,
    }


def _contract_columns(mark: FloatArray, is_inverse: BoolArray, settle: CodeArray) -> dict[str, object]:
    c = mark.shape[0]
    blank = np.full(c, np.nan)
    return {
        "contract_names": (None, *(InstrumentId(f"contract-{i}") for i in range(1, c))),
        "mark_price": mark,
        "multiplier": np.ones(c),
        "is_inverse": is_inverse,
        "is_option": np.zeros(c, np.bool_),
        "is_call": np.zeros(c, np.bool_),
        "underlying_coin": np.arange(c, dtype=np.int64),
        "quote_coin": np.where(is_inverse, c, 1),
        "settle_coin": settle,
        "expiry_ns": np.zeros(c, np.int64),
        "strike_price": blank,
        "volatility": blank,
        "underlying_price": blank,
        "index_price": mark,
        "funding_rate": np.zeros(c),
        "next_funding_at_ns": np.zeros(c, np.int64),
        "funding_interval_s": np.full(c, 28_800),
    }


def _tier_columns(mark: FloatArray, is_inverse: BoolArray) -> dict[str, object]:
    rows: FloatArray = np.ones(len(mark))
    limits = np.outer(rows, TIER_LIMITS)
    limits[is_inverse] /= mark[is_inverse, None]
    limits[:, -1] = np.inf
    rates = np.outer(rows, TIER_RATES)
    deductions = np.zeros_like(limits)
    for step in range(1, limits.shape[1]):
        gap = rates[:, step] - rates[:, step - 1]
        deductions[:, step] = deductions[:, step - 1] + limits[:, step - 1] * gap
    return {
        "tier_limit": limits,
        "tier_rate": rates,
        "tier_deduction": deductions,
        "tier_leverage": np.outer(rows, TIER_LEVERAGES),
    }


def _holding_columns(wallets: Wallets, n_accounts: int, n_coins: int) -> dict[str, object]:
    account, h = wallets.keys // n_coins, wallets.keys.shape[0]
    return {
        "first_holding": np.concatenate(([0], np.cumsum(np.bincount(account, minlength=n_accounts)))),
        "holding_account": account,
        "holding_coin": wallets.keys % n_coins,
        "holding_cash": wallets.cash,
        **{f"holding_{name}": np.zeros(h) for name in ("order_initial_margin", "locked", "borrowed")},
        "holding_is_collateral": np.ones(h, np.bool_),
    }


def _coin_columns(usd: FloatArray) -> dict[str, object]:
    c = len(usd)
    rows: FloatArray = np.ones(c)
    coins: CodeArray = np.arange(c)
    return {
        "coin_names": (None, "USDT", "BTC", *(f"coin-{i}" for i in range(3, c - 1)), "USD"),
        "coin_usd": usd,
        "coin_is_exempt": (coins < 2) | (coins == c - 1),
        "collateral_limit": np.outer(rows, [np.inf]),
        "collateral_rate": np.where(coins == 1, 1.0, 0.9)[:, None],
        "borrow_limit": np.outer(rows, [1e6, np.inf]),
        "borrow_initial_rate": np.outer(rows, [0.1, 0.2]),
        "borrow_maintenance_rate": np.outer(rows, [0.04, 0.08]),
    }
