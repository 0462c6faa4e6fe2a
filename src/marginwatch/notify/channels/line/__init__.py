"""LINE: an official account that pushes into one chat, by the Messaging API (LINE Notify ended in March 2025).

In: messages in words. Out: receipts. State: none. Never: the same message twice for a retry, the token in an error.

Modules
-------
manifest  what the platform bears, and where that stands
config    keys of its table
channel   sends
"""
