"""Alerts pushed into a Prometheus Alertmanager, which groups, silences and tells them in its own way.

In: alerts as they are. Out: receipts. State: none: Alertmanager knows an alert by its labels. Never: an alert that ends there
because nobody spoke of it for a while.

Modules
-------
manifest  what the kind is called and needs
config    its table
form      alerts as Alertmanager wants them
channel   the request
"""
