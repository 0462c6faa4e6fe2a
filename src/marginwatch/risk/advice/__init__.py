"""Advice in numbers: which transfers and which hedges would help, and what each would leave behind.

In: a ``MarginSheet``, betas, covariances, quotes. Out: amounts, costs, and every account before and after, as rows. State:
none. Never: I/O, an order or a transfer, an account that is missing as a giver or a taker, a linearization shown as a result.

Modules
-------
rows            what is advised, as structs
settings        targets and what is assumed
moved           accounts with other amounts of coins
conditions      what a target demands, as rooms that must not be negative
response        what moving a coin does to an account, measured with the model
solver          linear programs
program         the linear program of transfers
pairing         who sends how much to whom
transfer_group  one owner at one venue: what can be moved, and the best moves
transfer_rows   a group's answer as rows
transfers       the smallest transfers that bring every account to a target
pictures        accounts before and after
scope           what some accounts bet on together, and which leg adds what
trade_terms     quotes, steps and fees; which contract stands for a coin
trades          accounts after trades
hedge_sizes     how much of which contract
hedge_trades    sizes as trades with their costs
hedge_rows      a way to hedge as a row
hedges          three ways to hedge
"""
