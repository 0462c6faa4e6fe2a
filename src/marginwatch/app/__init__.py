"""The only place where the parts are wired; starts and stops them in order.

In: a configuration. Out: a running service, one frame, or one check. State: the parts that it started. Never: a
decision of its own about money, a part that knows another one by name where a callable will do.

Modules
-------
service      sessions, book, engine and store of one configuration
registration configured accounts in the book
connections  HTTP connections that send nothing twice
alerting     rules, outbox and channels
api          what the routes of the API read, fitted to a service
live_accounts single accounts for whoever looks at one
health       how the parts of a service do
histogram    durations counted by how long they were
watched      what rules ask a service beside its frames
settings     what the configuration says, in the words of the parts; which exchanges can be watched
exposures    what every account is exposed to right now
equity       equity by the minute: what each frame says of it, what is kept, what rules are told
equity_ledgers deposits and withdrawals of accounts, as their ledgers say
equity_samples what history takes out of a frame
equity_facts daily P&L and drawdown as rules read them
kept_equity  what was kept before a restart
ledger_lines lines of ledgers as they are kept
coin_prices  what coins were worth lately
model_errors how far our margins are from the venue's, hour by hour
risk_days    the book of each day's end, its forecasts, and what became of it
past_prices  the closes that are kept, as returns
reading      one complete frame, for commands that look once
filed        one complete frame of a book file
checking     one check of every account
channel_tests a test through every channel
replaying    rules over recorded history
recorded_measures what of the measures history holds
"""
