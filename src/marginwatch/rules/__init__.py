"""Rules: what to look for in a frame, and what each alert is doing.

In: frames, lane results, facts. Out: transitions of alerts. State: where each rule stands with each subject. Never: I/O,
a message to anybody, an alert resolved because data are missing.

Modules
-------
definition  what a rule says
column      what evaluation asks of a measure
facts       what rules judge and no frame holds
measures    the measures that rules may name
members     who belongs to what, and whose data are not fresh
subjects    who the rows of each scope are
sources     a frame or a lane result as rules read it
rulebook    all rules together: sources in, transitions out
state       everything that rules remember between evaluations
evaluation  one evaluation: masks for all, Python for what changes
view        rules that look at the same column in the same way
watch       one rule and its state by row
ladder      the rungs of a rule as plain numbers
sight       what a view sees: a measure, its change, or where another is large enough
windows     what a measure was some time ago
scope_rows  whose the rows of a scope are
held        alerts that are not at rest, as columns
stepping    the life of one alert
telling     alerts and transitions as they are handed on
unknown     whose data are missing: one notice each
notices     the end of a full evaluation: notices, and what a restart left behind
restore     alerts from before a restart
standing    where each rule stands
series      sources from plain numbers
identifiers names of alerts and transitions
trying      rules tried on a series written by hand
reading     rules out of their tables
table       the table of a rule as it is written
bounds      ladders, and what a measure can reach
vocabulary  labels and placeholders by scope
"""
