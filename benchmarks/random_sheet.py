"""Random margin sheets of any size: many accounts with many positions, for the heavy measures."""

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.model.ids import AccountId, InstrumentId
from marginwatch.risk.margin.sheet import MarginSheet

TIER_LIMITS = (1e6, 5e6, 2e7, 1e8, np.inf)
TIER_RATES = (0.005, 0.01, 0.025, 0.05, 0.1)
TIER_LEVERAGES = (100.0, 50.0, 20.0, 10.0, 5.0)


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

    Contract ``i`` is on coin ``i``; coin 1 is USDT, coin 2 is BTC. Accounts are long and short at random and hold about
    ``1 ÷ leverage`` of their gross value in USDT.
    """
    rng = np.random.default_rng(seed)
    k, n, c = n_accounts, n_accounts * legs_each, n_contracts + 2
    mark = np.concatenate(([np.nan, 1.0, 60_000.0], np.exp(rng.normal(2.0, 2.0, c - 3))))
    is_inverse = np.arange(c) >= c - int(inverse_part * n_contracts)
    contract = (
        np.sort(np.argsort(rng.random((k, n_contracts)), axis=1)[:, :legs_each], axis=1).reshape(-1) + 2
    )
    value = np.exp(rng.normal(9.0, 1.2, n))
    side = rng.choice([-1.0, 1.0], n, p=[0.4, 0.6])
    price = mark[contract]
    quantity = side * np.where(is_inverse[contract], value, value / price)
    account: CodeArray = np.repeat(np.arange(k), legs_each)
    gross = np.bincount(account, weights=value, minlength=k)
    coins: CodeArray = np.arange(c, dtype=np.int64)
    settle = np.where(is_inverse, coins, 1)
    # Every account has USDT, BTC, and each coin that it settles in.
    inverse = np.flatnonzero(is_inverse[contract])
    pairs = np.concatenate(
        (np.arange(k) * c + 1, np.arange(k) * c + 2, account[inverse] * c + contract[inverse])
    )
    keys = np.unique(pairs)
    holding_account, holding_coin = keys // c, keys % c
    usd = np.where(coins == 1, 1.0, mark)
    part = np.where(holding_coin == 1, 1.0, rng.uniform(0.0, 0.2, len(keys)))
    cash = gross[holding_account] / leverage * part / usd[holding_coin]
    rows: FloatArray = np.ones(c)
    tiers = np.outer(rows, TIER_LIMITS)
    tiers[is_inverse] /= mark[is_inverse, None]
    tiers[:, -1] = np.inf
    rates = np.outer(rows, TIER_RATES)
    deductions = np.zeros_like(tiers)
    for step in range(1, tiers.shape[1]):
        gap = rates[:, step] - rates[:, step - 1]
        deductions[:, step] = deductions[:, step - 1] + tiers[:, step - 1] * gap
    nothing, blank = np.zeros(c), np.full(c, np.nan)
    codes = np.array([MARGIN_MODES[mode] for mode in modes])
    names = tuple(AccountId(f"account-{i}") for i in range(k))
    return MarginSheet(
        at_ns=1_700_000_000 * 10**9,
        account_ids=names,
        account_row=np.arange(k) + 1,
        mode=codes[np.arange(k) % len(modes)],
        venue=np.ones(k, np.int64),
        owner=np.ones(k, np.int64),
        desk=np.ones(k, np.int64),
        venue_names=(None, "bybit"),
        owner_names=(None, "fund"),
        desk_names=(None, "desk"),
        is_missing=np.zeros(k, np.bool_),
        missing_reasons=(None,) * k,
        is_estimated=np.zeros(k, np.bool_),
        estimated_reasons=(None,) * k,
        venue_equity=np.full(k, np.nan),
        venue_adjusted_equity=np.full(k, np.nan),
        venue_initial_margin=np.full(k, np.nan),
        venue_maintenance_margin=np.full(k, np.nan),
        venue_as_of_ns=np.zeros(k, np.int64),
        order_loss=np.zeros(k),
        calibration=np.ones(k),
        initial_calibration=np.ones(k),
        first_leg=np.arange(k + 1) * legs_each,
        first_holding=np.concatenate(([0], np.cumsum(np.bincount(holding_account, minlength=k)))),
        leg_account=account,
        leg_contract=contract,
        leg_settle_holding=np.searchsorted(keys, account * c + settle[contract]),
        leg_quantity=quantity,
        leg_entry_price=price * rng.uniform(0.95, 1.05, n),
        leg_leverage=np.full(n, 10.0),
        leg_extra_margin=np.zeros(n),
        leg_taker_fee=np.full(n, 0.00055),
        leg_order_value=np.zeros(n),
        leg_position_row=np.arange(n) + 1,
        contract_names=(None, *(InstrumentId(f"contract-{i}") for i in range(1, c))),
        mark_price=mark,
        multiplier=np.ones(c),
        is_inverse=is_inverse,
        is_option=np.zeros(c, np.bool_),
        is_call=np.zeros(c, np.bool_),
        underlying_coin=coins,
        quote_coin=np.where(is_inverse, 0, 1),
        settle_coin=settle,
        expiry_ns=np.zeros(c, np.int64),
        strike_price=blank,
        volatility=blank,
        underlying_price=blank,
        index_price=mark,
        funding_rate=nothing,
        next_funding_at_ns=np.zeros(c, np.int64),
        funding_interval_s=np.full(c, 28_800),
        tier_limit=tiers,
        tier_rate=rates,
        tier_deduction=deductions,
        tier_leverage=np.outer(rows, TIER_LEVERAGES),
        holding_account=holding_account,
        holding_coin=holding_coin,
        holding_cash=cash,
        holding_order_initial_margin=np.zeros(len(keys)),
        holding_locked=np.zeros(len(keys)),
        holding_borrowed=np.zeros(len(keys)),
        holding_is_collateral=np.ones(len(keys), np.bool_),
        coin_names=(None, "USDT", "BTC", *(f"coin-{i}" for i in range(3, c))),
        coin_usd=usd,
        coin_is_exempt=coins < 2,
        collateral_limit=np.outer(rows, [np.inf]),
        collateral_rate=np.where(coins == 1, 1.0, 0.9)[:, None],
        borrow_limit=np.outer(rows, [1e6, np.inf]),
        borrow_initial_rate=np.outer(rows, [0.1, 0.2]),
        borrow_maintenance_rate=np.outer(rows, [0.04, 0.08]),
    )
