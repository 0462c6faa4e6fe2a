"""How far every account is from its liquidation, and which position takes it there.

In: a margin sheet, betas. Out: shocks, as fractions, with what kind of answer each is. State: none but lent buffers. Never:
a root of a ratio, a distance of an account whose figures are missing, a loop over accounts.

Modules
-------
roots         the nearest root of many subjects at once: scan, then refine
shocks        accounts under a shock that every price follows with its exponent
exposures     what each account bets on each coin
market_move   one move of the whole market, and the cautious one
by_coin       a move of one coin alone
isolated      positions that stand on margin of their own
isolated_ways  their distances, and those of the accounts they stand in
concerned     which accounts can be liquidated at all
ways          the nearest liquidation in both directions
contribution  the position that takes most of an account's headroom
distance      all of it together
by_position   how far each position is, by its own price alone
ladder        who dies first, and who next
forced_actions  what the venue does first at the limit
cascade       deaths that cause deaths
probability   chances of reaching the limit within hours
"""
