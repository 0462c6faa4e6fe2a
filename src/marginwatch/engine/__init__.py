"""The loop: events into the book, dirty accounts through the fast lane, everything into frames.

In: events, through a synchronous sink. Out: frames and lane results to whoever asked to be called. State: which
accounts are dirty, the latest frame. Never: a measure of its own, I/O, a wait between reading and writing the book.

Modules
-------
settings           how often
engine             the sink and the loop
heavy_settings     how often heavy measures are reckoned, and what counts as danger
heavy_supervision  a measure that fails is missing with its reason
heavy              heavy measures in threads, on their own cadence
"""
