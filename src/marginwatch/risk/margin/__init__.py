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
build             from the book's columns to a sheet
"""
