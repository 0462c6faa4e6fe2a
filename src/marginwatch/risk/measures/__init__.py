"""Families of measures, each a file of pure functions over arrays.

In: arrays. Out: arrays. State: none. Never: a loop over positions or accounts, a time of its own.

Modules
-------
prices      USD prices of coins
contracts   what one contract is worth and bets
exposure    long, short, net, gross, hedge ratio, concentration, bias
margin      usage, free margin, nearest liquidation as the venue states it
opposition  accounts that bet against each other
freshness   which accounts count
"""
