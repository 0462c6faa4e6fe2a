"""Simulated exchanges: true accounts on a moving market, margined, funded and liquidated by an engine of their own.

In: a seed, a clock, a scenario. Out: frozen rows and an ordered stream of changes. State: the whole exchange, with
books that add up after every step. Never: code shared with venues or risk: an independent check must not share mistakes.

Modules
-------
rows         what readers get: frozen rows and changes
exchange     the exchange as one object: step, read, control
faults       what goes wrong on a wire, as a seeded list of options
bybit        Bybit's wire protocol in front of the exchange
"""
