"""The measures that rules may name, each a column over the subjects of its scope.

In: a moment. Out: columns. State: none of their own. Never: a number where there is none, a bound or a state.

Modules
-------
columns         shares, answers, and why a number is missing or doubtful
accounts        of accounts, in frames and lanes: margins, exposure, profit
danger          of accounts, heavy: distance to liquidation, chances, funding
state           of accounts: whether they are heard, how far we are from the venue's figures
groups          of everything, venues, desks and tags
portfolio_risk  value at risk and what it rests on
assets          of coins
positions       of positions
facts           what no frame holds: names, units, meanings
registry        every measure by its name
"""
