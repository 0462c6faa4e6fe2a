"""Value at risk and expected shortfall of accounts, desks and everything, where they come from, and whether to believe them.

In: a ``MarginSheet``, a ``History`` of returns, yesterday's frozen book. Out: figures with what they rest on, components
that add up, verdicts of a backtest. State: none. Never: I/O, a verdict before there is evidence, a missing account as 0.

Modules
-------
exposures       USD per coin of each account, from the sheet
option_curves   what options gain over a range of prices of their underlying
scenarios       returns of all coins over a horizon: historical, filtered
tail            loss quantile and mean loss beyond it
normal          parametric: exponentially weighted covariance and a normal distribution
cornish_fisher  parametric with skewness and kurtosis
components      what each asset, account and desk contributes
settings        methods, confidence levels, horizons, windows
measure         all of it for one method, confidence and horizon
coverage        Kupiec's and Christoffersen's tests
traffic_light   the Basel zones
frozen          a book kept from one day to the next
backtest        forecasts of a frozen book against what happened
"""
