"""Who the rows of each scope are: names, labels for routes and silences, further figures for messages.

In: the latest frame, lane results. Out: subjects. State: whose rows of accounts are. Never: a bound, a state of an alert.

Modules
-------
figures    numbers as texts with their units
book       the subjects of every scope, kept from one moment to the next
accounts   accounts
positions  positions
groups     everything, venues, desks and tags
assets     coins
single     the service itself, channels
"""
