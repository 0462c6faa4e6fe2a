"""The loop: events into the book, dirty accounts through the fast lane, everything into frames.

In: events, through a synchronous sink. Out: frames and lane results to whoever asked to be called. State: which
accounts are dirty, the latest frame. Never: a measure of its own, I/O, a wait between reading and writing the book.

Modules
-------
settings           how often
engine             the sink and the loop
heavy_settings     how often heavy measures are reckoned, and what counts as danger
heavy_supervision  a measure that fails is missing with its reason
heavy_measures     what each heavy measure is reckoned from and by
heavy_wire         how a moment goes to the process that reckons, and how results come back
heavy_process      that process as the service sees it: started, asked, given up, started again
heavy_worker       that process itself
heavy              heavy measures on their own cadence
"""
