"""Rules: what to look for in a frame, and what each alert is doing.

In: frames, lane results, facts. Out: transitions of alerts. State: where each rule stands with each subject. Never: I/O,
a message to anybody, an alert resolved because data are missing.

Modules
-------
definition  what a rule says
column      what evaluation asks of a measure
facts       what rules judge and no frame holds
measures    the measures that rules may name
"""
