"""Advice in numbers: which transfers and which hedges would help, and what each would leave behind.

In: a ``MarginSheet``, betas, covariances, quotes. Out: amounts, costs, and every account before and after, as rows. State:
none. Never: I/O, an order or a transfer, an account that is missing as a giver or a taker, a linearization shown as a result.

Modules
-------
rows       what is advised, as structs
settings   targets and what is assumed
transfers  the smallest transfers that bring every account to a target
hedges     three ways to hedge
"""
