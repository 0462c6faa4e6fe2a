"""Rules tried on a series written by hand, and held to what is expected of them.

In: a TOML file of rules, series and expectations. Out: what changed when, and each expectation that is not met. State:
none beyond one run. Never: a network, a store, a message to anybody.

Modules
-------
notation  a series in one line of text
document  the file, with a line for every complaint
trial     one run, step by step
"""
