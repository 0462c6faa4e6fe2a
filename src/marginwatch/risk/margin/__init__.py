"""Margins by our own reckoning: one model for each venue and account mode, over columns, for any prices.

In: columns of ``book`` with the facts that the venues state (tiers, haircuts, fees), prices that are or might be. Out: a
``MarginSheet``, and from it equity, margins and headroom of every account. State: none but what a builder keeps to build
the next sheet quicker. Never: I/O, a venue's figure in place of one that we cannot reckon, a missing number as 0.

Modules
-------
sheet             everything that margins are reckoned from, frozen
prices            one market for everybody, or one for each account
figures           what a model answers
models            the model of each account, and all of them at once
part              some accounts of a sheet, as a sheet of their own
build             from the book's columns to a sheet
model_error       how far ours are from the venue's figures, and calibration
terms             facts of contracts and coins in the form of formulas
picking           from rows of the book to legs and holdings
estimates         which accounts are estimates, and why
missing           which accounts cannot be reckoned
lacking           what an account lacks, as a code and in words
row_plan          the plan of a slice of the book, for frames and lanes
plan              what of a reckoning does not depend on prices
sheet_plan        the plan of a sheet, and the market that prices are for it
reckoning         a plan in a market: from legs to accounts
legs              margins of legs, by tiers and with the fee to close
accounts          from coins to accounts: haircuts, debts, USD
steps             stepped tables in formulas
options           what an option is priced by
black76           the price of options on a forward
bybit_cross       Bybit, cross margin: what options need
bybit_isolated    Bybit, isolated margin: each leg on its own
bybit_portfolio   Bybit, portfolio margin: an estimate, calibrated
"""
