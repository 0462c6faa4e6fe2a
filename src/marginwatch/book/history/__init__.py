"""Performance of accounts, desks and of all: what equity did since the day began and since its peak, with money moved removed.

In: equity by row at each frame, lines of ledgers, samples kept from before a restart. Out: daily P&L, its share of the
capital, drawdown, each with why one is missing. State: a few numbers for each account and desk. Never: I/O, a clock, a
guess at what a transfer was.

Modules
-------
why       why a figure is missing, in words
days      when a day begins in a zone
kinds     which lines of a ledger are money from outside
growth    the arithmetic: capital, growth, drawdown
moves     the money that moved in one account lately
state     the columns of accounts
wallets   how far balances moved, in coins
accounts  the figures of accounts, by row
groups    the same for desks and for all together
"""
