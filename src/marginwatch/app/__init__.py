"""The only place where the parts are wired; starts and stops them in order.

In: a configuration. Out: a running service, one frame, or one check. State: the parts that it started. Never: a
decision of its own about money, a part that knows another one by name where a callable will do.

Modules
-------
service      sessions, book, engine and store of one configuration
connections  HTTP connections that send nothing twice
settings     what the configuration says, in the words of the parts; which exchanges can be watched
exposures    what every account is exposed to right now
model_errors how far our margins are from the venue's, hour by hour
risk_days    the book of each day's end, its forecasts, and what became of it
past_prices  the closes that are kept, as returns
reading      one complete frame, for commands that look once
filed        one complete frame of a book file
checking     one check of every account
channel_tests a test through every channel
"""
