"""The stages between a transition and a message; each a function of its arguments.

In: rows, alerts, silences, what was told. Out: rows that go on, and a reason for each that does not. State: none. Never:
I/O, a row that vanishes without a reason.

Modules
-------
superseding      several rows of one alert become one item
dedup            nobody is told twice, nor the end of what they never heard of
view             what holds at one moment
inhibition       what need not be told because something above it is
silences         what somebody does not want to hear of
mutes            hours of the week without some alerts
acknowledgement  what somebody takes care of
holding          whether any of these holds an alert back
grouping         items that go out together, and how often a group speaks
digest           fewer messages where there is no room for all
"""
