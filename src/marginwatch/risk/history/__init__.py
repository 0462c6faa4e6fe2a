"""How coins have moved: closes on one grid of times, returns without holes, volatilities, covariances, correlations.

In: closes of each coin as arrays, from whoever keeps them. Out: tables of returns in which every coin has every row, with
a list of whose rows were borrowed from whom; covariances; an alarm. State: none. Never: I/O, a gap filled in silence.

Modules
-------
closes       series of closes on one grid of times
kept         closes that were kept, one series a coin
returns      from closes to returns; a gap is no return
mapping      coins with short histories borrow from a stated proxy
volatility   exponentially weighted volatility
covariance   exponentially weighted covariance and its shrinkage
correlation  correlations, and an alarm when they break from their history
"""
