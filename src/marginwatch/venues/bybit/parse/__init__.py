"""Bybit's bytes to our nouns: pure functions of their arguments.

In: reply bodies, ``result`` parts and frames. Out: ``model`` structs, pages with their failures, events. State: none
but the catalog handed in. Never: half a record; a frame is taken whole or raises, a REST row that cannot be read is a
failure beside the others.

Modules
-------
text            what means none, what is a number, what is a time
envelope        the outside of a REST reply
page            lists of rows with failures and cursor
positions       position rows
wallet          account totals and coins
fills           executions
orders          orders
greeks          option totals of an account
ledger          ledger lines and closed profits
account         margin mode, collateral, fees, wallets outside
haircuts        collateral bands and borrow tiers of coins
keys            what a key may do; sub-accounts
instruments     contracts
tiers           risk-limit tables
tickers         public prices
candles         closes of past intervals
server          the venue's clock and announced interruptions
topic           the topic of a frame
control         answers to auth, subscribe and ping
private_stream  frames of an account's socket
public_stream   frames of the public sockets: prices
market_news     frames of the public sockets: depth, liquidations, insurance, deleveraging
"""
