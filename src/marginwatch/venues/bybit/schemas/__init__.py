"""Bybit's wire shapes as msgspec Structs, each naming the document that describes it.

In: nothing. Out: struct types for typed decoders. State: none. Never: meaning; a field that can be ``""`` is text here.
Unknown keys are ignored, so that a field added by the venue breaks nothing.

Modules
-------
envelope  replies, pages, stream control frames
position  position rows and pushes
wallet    account totals and coins
market    tickers, contracts, risk limits, server
market_news  order books, liquidations, insurance pools, alerts
owner     keys, members, account settings, collateral, fees
activity  executions, orders, ledger lines, closed profits, option totals
"""
