"""Slack: an incoming webhook, or a bot that can change its messages.

In: messages in words. Out: receipts. State: none. Never: a text that Slack could take for markup or a mention, the webhook's
address or the token in an error.

Modules
-------
manifest  what the platform bears, and where that stands
config    keys of its table
form      a message as blocks
errors    what its error words mean
channel   sends and edits
"""
