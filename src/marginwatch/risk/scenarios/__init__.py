"""What if: every account, desk and asset in named scenarios, and the worst that each coin could do.

In: a margin sheet, betas, scenarios. Out: profit, margin usage, liquidations and what is left, each with what kind of
answer it is. State: none but lent buffers. Never: I/O, a forecast, a total that hides what it leaves out.

Modules
-------
stress         every account in every scenario
results        what stress answers
library        grid, coins, depegs, funding, recorded days
recorded_days  prices of the days that are replayed
coin_moves     what a scenario does to each coin, and who stands in for whom
market         prices of a scenario, and its funding payments
isolated_legs  positions that stand on margin of their own
coin_profit    equity taken apart by coin
assets         profit by asset
group_sums     sums over desks and over everything
worst_case     each held coin to zero or doubled
what_if        one move before and after, when somebody asks
"""
