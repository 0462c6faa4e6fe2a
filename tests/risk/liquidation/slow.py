"""Headroom and distances written as plainly as they can be: one account, one leg, one tier after the other."""

import math


def slow_headroom(sheet, account, betas, shock, only_coin=None):
    """Return adjusted equity − maintenance margin of one cross account after a shock, USD, in plain floats.

    Every coin's USD price is multiplied by (1 + shock) ** beta, or only that of ``only_coin`` by 1 + shock.
    """

    def factor(coin):
        if only_coin is not None:
            return 1.0 + shock if coin == only_coin else 1.0
        return (1.0 + shock) ** betas[coin]

    needed, profit, margin_in_coin = 0.0, {}, {}
    for leg in range(int(sheet.first_leg[account]), int(sheet.first_leg[account + 1])):
        contract = int(sheet.leg_contract[leg])
        quantity, entry = float(sheet.leg_quantity[leg]), float(sheet.leg_entry_price[leg])
        coin = int(sheet.underlying_coin[contract])
        mark = float(sheet.mark_price[contract]) * factor(coin)
        leverage, side = float(sheet.leg_leverage[leg]), math.copysign(1.0, quantity)
        fee_rate = float(sheet.leg_taker_fee[leg])
        if sheet.is_inverse[contract]:
            value, gain = abs(quantity) / mark, quantity * (1.0 / entry - 1.0 / mark)
        else:
            value, gain = abs(quantity) * mark, quantity * (mark - entry)
        place = 0
        while value > sheet.tier_limit[contract][place]:
            place += 1
        used = min(leverage, float(sheet.tier_leverage[contract][place]))
        if sheet.is_inverse[contract]:
            bankruptcy = entry * used / (used + side) if side > 0 or used > 1 else math.inf
            fee = abs(quantity) / bankruptcy * fee_rate
        else:
            fee = abs(quantity) * entry * (1.0 - side / used) * fee_rate
        margin = value * sheet.tier_rate[contract][place] - sheet.tier_deduction[contract][place] + fee
        holding = int(sheet.leg_settle_holding[leg])
        profit[holding] = profit.get(holding, 0.0) + gain
        margin_in_coin[holding] = margin_in_coin.get(holding, 0.0) + margin
    backed = 0.0
    for holding in range(int(sheet.first_holding[account]), int(sheet.first_holding[account + 1])):
        coin = int(sheet.holding_coin[holding])
        usd = float(sheet.coin_usd[coin]) * factor(coin)
        equity = float(sheet.holding_cash[holding]) + profit.get(holding, 0.0)
        needed += margin_in_coin.get(holding, 0.0) * usd
        if equity > 0.0:
            backed += collateral(sheet, coin, equity) * usd
            continue
        place = 0
        while -equity > sheet.borrow_limit[coin][place]:
            place += 1
        backed += equity * usd
        needed += -equity * sheet.borrow_maintenance_rate[coin][place] * usd
    return backed - needed


def collateral(sheet, coin, amount):
    """Return how much of an amount counts, band after band."""
    counted, lower = 0.0, 0.0
    for upper, rate in zip(sheet.collateral_limit[coin], sheet.collateral_rate[coin], strict=True):
        counted += max(0.0, min(amount, float(upper)) - lower) * float(rate)
        lower = min(amount, float(upper))
    return counted


def slow_distance(headroom, direction, steps=4000):
    """Return the nearest shock at which ``headroom(shock)`` is not above 0: small steps, then bisection; None without."""
    end = -0.99 if direction < 0 else 5.0
    if headroom(0.0) <= 0.0:
        return 0.0
    before = 0.0
    for step in range(1, steps + 1):
        # Steps of equal ratio, so that small shocks are looked at closely.
        shock = math.expm1(math.log1p(end) * step / steps)
        if headroom(shock) <= 0.0:
            safe, gone = before, shock
            for _ in range(60):
                middle = 0.5 * (safe + gone)
                if headroom(middle) <= 0.0:
                    gone = middle
                else:
                    safe = middle
            return gone
        before = shock
    return None
