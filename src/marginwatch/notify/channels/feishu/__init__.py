"""Feishu and Lark: the custom bot of one group.

In: messages in words. Out: receipts. State: none. Never: words of an alert in Lark's markdown, the bot's address or signing
secret in an error.

Modules
-------
manifest  what the platform bears, and where that stands
config    keys of its table
signing   the signature of a request
form      a message as a card
channel   sends
"""
