"""Risk numbers as pure functions over the book's columns: the same ones for a few accounts and for all of them.

In: columns of ``book``, a time, settings. Out: arrays, each with what kind of answer it holds; frozen frames; rows for
people. State: none but the reused buffers of a frame. Never: I/O, a change of the book, a missing number as 0.

Modules
-------
answers           the four kinds of answer
funding           payments that will be due
betas             how far coins move with Bitcoin
settings          limits of age
workspace         buffers that are used again
rows              which rows are measured: all, or those of a few accounts
measures          one file for each family of measures
margin            margins by our own reckoning, for any prices
history           returns of coins from their closes, volatilities, correlations
var               value at risk, expected shortfall, and a backtest of both
liquidation       how far accounts are from liquidation, and what one sets off
heavy             what is too heavy for a frame, each part with its own moment
scenarios         what if: stress, and the worst that each coin could do
account_margins   margins of each account: ours, and the venue's beside them
account_measures  everything measured for each account
group_measures    sums over coins, desks, tags, venues and all
levels            low, medium, high: accounts, desks and everything
level_scores      scores of accounts from their measures
level_settings    thresholds of measures
level_rows        levels and margin sums as structs
contributions     what each position adds to the risk of its group
margin_sums       margin figures of desks and of everything
calendars         funding due, deleveraging queue, expiries
past_funding      funding paid and received, by account and contract
calendar_rows     these as structs
advice            transfers and hedges that would help
frame             all of it at one moment, frozen
kept_frame        a frame that nobody overwrites
overview_rows     parts of the first page, as structs
what_if_rows      what a move of the market makes of everything, as structs
heavy_rows        what people see of heavy measures, as structs
table_rows        what people see, as structs
tables            the structs made from a frame, one file for each
"""
