"""Telegram: a bot that writes into one chat, changes its message as the alert develops, and takes acknowledgements.

In: messages in words. Out: receipts; acknowledgements that people gave by a button. State: the offset of updates, which a
restart may forget. Never: the token in an error or a log (it is part of every URL), words of another chat.

Modules
-------
manifest  what the platform bears, and where that stands
config    keys of its table
bot_api   methods of the Bot API, and what its answers mean
form      a message as HTML with buttons
channel   sends and edits
polling   takes pressed buttons
"""
