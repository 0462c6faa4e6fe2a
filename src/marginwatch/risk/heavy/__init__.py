"""Measures too heavy for a frame: reckoned from one frozen sheet, each with its own age.

In: a margin sheet, closes of the past. Out: parts, each a value with its moment or the reason why there is none. State:
none. Never: I/O, the book itself, a value without the moment it is of.

Modules
-------
parts          one measure with its moment or its reason, and all of them together
moves          how coins follow Bitcoin and how far Bitcoin moves in a day, with where that is known from
distance       distance to liquidation of every account, and the ladders
stress         scenarios and worst cases
value_at_risk  value at risk by every method
chances        how likely accounts reach their limits
depth          what it takes to move a coin
cascades       deaths that cause deaths
advice         transfers and hedges
levels         levels of risk, and what comes when
what_if        one move of the market whenever somebody asks
asked          what somebody who looks once wants reckoned
inputs         all that heavy measures are reckoned from at one moment
"""
