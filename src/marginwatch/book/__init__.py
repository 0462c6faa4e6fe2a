"""The position book: what every account holds and what everything costs, as columns that risk can sum at once.

In: events and snapshots of ``model``, in any order and more than once. Out: columns, frozen ``BookSnapshot``s, breaks
and notices. State: the columns, written by nobody else. Never: I/O, a wait, a risk number, a float made from anything
but the venue's decimal text.

Modules
-------
table          columns that grow together and hand out rows
names          texts counted into codes: desks, tags, venues, coins
instruments    contracts and their live prices
assets         coins of each venue, and where their USD price comes from
holdings       one row for each coin that an account owns or bets on
positions      one row for each open position
open_orders    the open orders of one account
paid_funding   funding paid and received, since an account is followed and by the hour
order_value    what open orders add to a position for the choice of its tier
fees           what trading costs each account, contract by contract
accounts       one row for each account, and what only Python needs to know of it
tiers          stepped tables as arrays: risk limits, collateral bands, borrow tiers
leg_facts      columns beside positions and holdings that are filled when they are read
market_state   depth, recent liquidations, insurance pools, deleveraging alerts
margin_facts   slow facts that margins are computed from, and why one is missing
columns        the tables together, and the few writes that touch more than one
clock_setback  a venue whose clock was set back: its earlier messages are not newer ones
ordering       which of two messages about one row is the newer
reconcile      a venue's snapshot against ours: what to take, what to doubt, what to report
money          the same for coins and totals
snapshot       the book frozen at one moment, in reused buffers
position_book  the book itself: register, apply, freeze
history        what equity did since the day began and since its peak, with money moved removed
"""
