"""The stages between a transition and a message; each a function of its arguments.

In: rows, alerts, silences, what was told. Out: rows that go on, and a reason for each that does not. State: none. Never:
I/O, a row that vanishes without a reason.

Modules
-------
"""
