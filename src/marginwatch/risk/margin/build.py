"""From the book's columns to a margin sheet."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import AccountTable
from marginwatch.book.columns import Columns
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.margin.accounts import known_or_zero
from marginwatch.risk.margin.estimates import TEXTS, CoinSigns, Estimate, LegSigns, estimates
from marginwatch.risk.margin.lacking import Lacks
from marginwatch.risk.margin.missing import mark_known, mark_missing
from marginwatch.risk.margin.picking import (
    Picked,
    Picker,
    coin_amounts,
    entry_price,
    extra_margin,
    order_loss,
)
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.terms import Terms, TermsKeeper
from marginwatch.risk.measures.prices import Ages, AssetPrices


class Calibrations(NamedTuple):
    """Multipliers of margins by row of the book's account table, float64; accounts beyond their length have 1."""

    maintenance: FloatArray
    initial: FloatArray


class SheetBuilder:
    """Builds sheets, keeping between two what seldom changes."""

    def __init__(self) -> None:
        self._keeper = TermsKeeper()
        self._picker = Picker()
        self._names: tuple[int, CodeArray, tuple[AccountId, ...]] | None = None

    def build(
        self,
        columns: Columns,
        ages: Ages,
        prices: AssetPrices,
        now_ns: int,
        calibrations: Calibrations | None = None,
        lacks: Lacks | None = None,
    ) -> MarginSheet:
        """Return the sheet of all accounts; see :func:`build_sheet`.

        ``lacks`` is what a frame found missing a moment ago, by row of the account table; without it the accounts are
        reckoned once to find out, which costs as much as all the rest.
        """
        columns.facts.sync()
        terms = self._keeper.terms(columns)
        rows, names = self._accounts(columns.accounts)
        place = np.zeros(columns.accounts.size, np.int64)
        place[rows] = np.arange(rows.shape[0])
        legs = self._picker.picked(columns, place)
        parts: dict[str, object] = {
            "at_ns": now_ns,
            "n_opened": columns.positions.n_opened,
            "account_ids": names,
            **_contract_columns(columns, ages, terms),
            **_coin_columns(columns, prices, terms),
            **_holding_columns(columns, legs),
            **_leg_columns(columns, legs, rows, ages, terms),
            **_account_columns(columns, legs, rows, calibrations),
        }
        sheet = MarginSheet(**parts)  # pyright: ignore[reportArgumentType]  # columns by name
        return mark_missing(sheet, columns) if lacks is None else mark_known(sheet, lacks)

    def _accounts(self, accounts: AccountTable) -> tuple[CodeArray, tuple[AccountId, ...]]:
        if self._names is None or self._names[0] != accounts.groups_version:
            specs = [(row, spec.account_id) for row, spec in enumerate(accounts.specs) if spec is not None]
            rows = np.array([row for row, _ in specs], np.int64)
            self._names = (accounts.groups_version, rows, tuple(name for _, name in specs))
        return self._names[1], self._names[2]


def build_sheet(
    columns: Columns,
    ages: Ages,
    prices: AssetPrices,
    now_ns: int,
    calibrations: Calibrations | None = None,
) -> MarginSheet:
    """Return the sheet of all accounts of the book; whoever builds many uses a :class:`SheetBuilder`.

    Parameters
    ----------
    columns : Columns
        The book's tables; their facts are brought up to date.
    ages : Ages
        Which contracts' prices may be used (:func:`marginwatch.risk.measures.prices.price_ages`).
    prices : AssetPrices
        USD prices of coins (:func:`marginwatch.risk.measures.prices.usd_prices`).
    now_ns : int
        The moment, UTC nanoseconds.
    calibrations : Calibrations, optional
        How far estimates were from the venue's last figures; by default they stand as they are.
    """
    return SheetBuilder().build(columns, ages, prices, now_ns, calibrations)


def _contract_columns(columns: Columns, ages: Ages, terms: Terms) -> dict[str, object]:
    table = columns.instruments
    c = table.size

    def known(values: FloatArray) -> FloatArray:
        return np.where(ages.is_known, values[:c], np.nan)

    return {
        "contract_names": terms.contract_names,
        "mark_price": known(table.mark_price),
        "multiplier": table.multiplier[:c].copy(),
        "is_inverse": table.is_inverse[:c].copy(),
        "is_option": table.is_option[:c].copy(),
        "is_call": table.is_call[:c].copy(),
        "underlying_coin": table.underlying_asset[:c].copy(),
        "quote_coin": table.quote_asset[:c].copy(),
        "settle_coin": table.settle_asset[:c].copy(),
        "expiry_ns": table.expiry_ns[:c].copy(),
        "strike_price": table.strike_price[:c].copy(),
        "volatility": known(table.mark_volatility),
        "underlying_price": known(table.underlying_price),
        "index_price": known(table.index_price),
        "funding_rate": known(table.funding_rate),
        "next_funding_at_ns": table.next_funding_at_ns[:c].copy(),
        "funding_interval_s": table.funding_interval_s[:c].copy(),
        "tier_limit": terms.tiers.limit,
        "tier_rate": terms.tiers.rate,
        "tier_deduction": terms.tiers.deduction,
        "tier_leverage": terms.tiers.leverage,
    }


def _coin_columns(columns: Columns, prices: AssetPrices, terms: Terms) -> dict[str, object]:
    return {
        "coin_names": tuple(asset or None for _, asset in columns.assets.names),
        "coin_usd": prices.usd,
        "coin_is_exempt": terms.is_exempt,
        "collateral_limit": terms.rules.collateral_limit,
        "collateral_rate": terms.rules.collateral_rate,
        "borrow_limit": terms.rules.borrow_limit,
        "borrow_initial_rate": terms.rules.borrow_initial_rate,
        "borrow_maintenance_rate": terms.rules.borrow_maintenance_rate,
    }


def _holding_columns(columns: Columns, legs: Picked) -> dict[str, object]:
    facts, rows = columns.facts.coins, legs.holding_row
    amounts = coin_amounts(columns, legs, columns.instruments.is_option)
    return {
        "holding_account": legs.holding_account,
        "holding_coin": columns.holdings.asset[rows],
        "holding_cash": amounts.cash,
        "holding_order_initial_margin": known_or_zero(facts.order_initial_margin.take(rows)),
        "holding_locked": facts.locked[rows],
        "holding_borrowed": amounts.borrowed,
        "holding_is_collateral": facts.is_collateral[rows] != 0,
    }


def _leg_columns(
    columns: Columns, legs: Picked, rows: CodeArray, ages: Ages, terms: Terms
) -> dict[str, object]:
    facts, table, contract = columns.facts.legs, columns.instruments, legs.leg_contract
    multiplier, is_inverse = table.multiplier.take(contract), table.is_inverse.take(contract)
    leverage, fee = facts.leverage_setting.take(legs.leg_row), facts.taker_fee.take(legs.leg_row)
    order_value = known_or_zero(facts.order_value.take(legs.leg_row))
    mode = columns.accounts.margin_mode.take(rows).take(legs.leg_account)

    def worth_at_mark(some: CodeArray) -> FloatArray:
        mine, unit = contract[some], multiplier[some]
        mark = np.where(ages.is_known[mine], table.mark_price[mine], np.nan)
        return np.where(is_inverse[some], -unit / mark, unit * mark)

    return {
        "leg_account": legs.leg_account,
        "leg_contract": contract,
        "leg_settle_holding": legs.leg_settle,
        "leg_quantity": legs.quantity,
        "leg_entry_price": entry_price(legs.entry_value, multiplier, is_inverse),
        "leg_leverage": leverage,
        "leg_extra_margin": extra_margin(legs, mode, worth_at_mark, leverage, fee, order_value, terms.tiers),
        "leg_taker_fee": fee,
        "leg_order_value": order_value,
        "leg_position_row": legs.leg_row,
    }


def _signs(columns: Columns, legs: Picked) -> tuple[LegSigns, CoinSigns]:
    facts, rows, coins = columns.facts, legs.leg_row, legs.holding_row
    return (
        LegSigns(
            account=legs.leg_account,
            quantity=legs.quantity,
            twins=columns.positions.twins.take(rows),
            options=np.flatnonzero(columns.instruments.is_option.take(legs.leg_contract)),
            order_value=facts.legs.order_value.take(rows),
            fee_source=facts.legs.fee_source.take(rows),
        ),
        CoinSigns(
            account=legs.holding_account,
            is_held=columns.holdings.has_coin[coins],
            wallet=facts.coins.wallet_balance[coins],
            switch=facts.coins.is_collateral[coins],
            order_margin=facts.coins.order_initial_margin[coins],
        ),
    )


def _account_columns(
    columns: Columns, legs: Picked, rows: CodeArray, calibrations: Calibrations | None
) -> dict[str, object]:
    table = columns.accounts
    k: int = rows.shape[0]
    every: CodeArray = np.arange(k + 1)
    mode = table.margin_mode[rows]
    estimate = estimates(mode, *_signs(columns, legs))
    is_estimated = estimate > Estimate.EXACT
    return {
        "account_row": rows,
        "mode": mode,
        "venue": table.venue[rows],
        "owner": table.owner[rows],
        "desk": table.desk[rows],
        "venue_names": tuple(table.venues.texts),
        "owner_names": tuple(table.owners.texts),
        "desk_names": tuple(table.desks.texts),
        "is_missing": np.zeros(k, np.bool_),
        "missing_reasons": (None,) * k,
        "is_estimated": is_estimated,
        "estimated_reasons": tuple(map(TEXTS.get, estimate.tolist())),
        "venue_equity": table.equity[rows],
        "venue_adjusted_equity": table.adjusted_equity[rows],
        "venue_initial_margin": table.initial_margin[rows],
        "venue_maintenance_margin": table.maintenance_margin[rows],
        "venue_as_of_ns": table.stated_at_ns[rows],
        "order_loss": order_loss(
            table.adjusted_equity[rows], table.initial_margin[rows], table.available_balance[rows]
        ),
        **_calibration_columns(calibrations, rows, is_estimated),
        "first_leg": np.searchsorted(legs.leg_account, every),
        "first_holding": np.searchsorted(legs.holding_account, every),
    }


def _calibration_columns(
    calibrations: Calibrations | None, rows: CodeArray, is_estimated: BoolArray
) -> dict[str, object]:
    maintenance, initial = np.ones(rows.shape[0]), np.ones(rows.shape[0])
    if calibrations is not None:
        mine = np.flatnonzero(is_estimated & (rows < calibrations.maintenance.shape[0]))
        maintenance[mine] = calibrations.maintenance[rows[mine]]
        initial[mine] = calibrations.initial[rows[mine]]
    return {"calibration": maintenance, "initial_calibration": initial}
