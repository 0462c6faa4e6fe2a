"""Accounts in a scenario written as plainly as they can be: one account, one leg, one tier after the other."""

import math


def amounts(sheet, leg, factor):
    """Return value, maintenance margin without fee, profit, fee and initial margin of a leg, settlement coin."""
    contract = int(sheet.leg_contract[leg])
    quantity, entry = float(sheet.leg_quantity[leg]), float(sheet.leg_entry_price[leg])
    moved = factor[sheet.underlying_coin[contract]] / factor[sheet.quote_coin[contract]]
    mark, side = float(sheet.mark_price[contract]) * moved, math.copysign(1.0, quantity)
    if sheet.is_inverse[contract]:
        value, at_entry = abs(quantity) / mark, abs(quantity) / entry
        gain = quantity * (1.0 / entry - 1.0 / mark)
    else:
        value, at_entry = abs(quantity) * mark, abs(quantity) * entry
        gain = quantity * (mark - entry)
    place = 0
    while value > sheet.tier_limit[contract][place]:
        place += 1
    used = min(float(sheet.leg_leverage[leg]), float(sheet.tier_leverage[contract][place]))
    # Bust price of a linear position: entry × (1 ∓ 1/L); of an inverse one: entry × L ÷ (L ± 1).
    at_bust = at_entry * (1.0 + side / used) if sheet.is_inverse[contract] else at_entry * (1.0 - side / used)
    fee = at_bust * float(sheet.leg_taker_fee[leg])
    needed = value * sheet.tier_rate[contract][place] - sheet.tier_deduction[contract][place]
    return value, needed, gain, fee, at_entry / used


def collateral(sheet, coin, amount):
    counted, lower = 0.0, 0.0
    for upper, rate in zip(sheet.collateral_limit[coin], sheet.collateral_rate[coin], strict=True):
        counted += max(0.0, min(amount, float(upper)) - lower) * float(rate)
        lower = min(amount, float(upper))
    return counted


def slow_account(sheet, account, factor, is_isolated=False):
    """Return equity, adjusted equity, maintenance margin (USD), and how many isolated legs are taken, in plain floats.

    ``factor`` multiplies the USD price of each coin, by row.
    """
    profit, margin, taken = {}, {}, 0
    for leg in range(int(sheet.first_leg[account]), int(sheet.first_leg[account + 1])):
        _, needed, gain, fee, first = amounts(sheet, leg, factor)
        if is_isolated:
            now_first, now_fee = (
                amounts(sheet, leg, [1.0] * len(factor))[4],
                amounts(sheet, leg, [1.0] * len(factor))[3],
            )
            extra = float(sheet.leg_extra_margin[leg])
            counted = extra
            if sheet.is_inverse[sheet.leg_contract[leg]]:
                side = math.copysign(1.0, float(sheet.leg_quantity[leg]))
                counted = extra / (1.0 + side * float(sheet.leg_taker_fee[leg]))
            if first + counted + gain - needed <= 0.0:
                taken += 1
                gain = -(now_first + now_fee + extra)
        holding = int(sheet.leg_settle_holding[leg])
        profit[holding] = profit.get(holding, 0.0) + gain
        margin[holding] = margin.get(holding, 0.0) + needed + fee
    equity_usd = adjusted = required = 0.0
    for holding in range(int(sheet.first_holding[account]), int(sheet.first_holding[account + 1])):
        coin = int(sheet.holding_coin[holding])
        usd = float(sheet.coin_usd[coin]) * factor[coin]
        equity = float(sheet.holding_cash[holding]) + profit.get(holding, 0.0)
        equity_usd += equity * usd
        required += margin.get(holding, 0.0) * usd
        if equity > 0.0:
            adjusted += collateral(sheet, coin, equity) * usd
            continue
        place = 0
        while -equity > sheet.borrow_limit[coin][place]:
            place += 1
        adjusted += equity * usd
        required += -equity * sheet.borrow_maintenance_rate[coin][place] * usd
    return equity_usd, adjusted, required, taken
