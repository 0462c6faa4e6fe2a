"""WeCom (企业微信): the robot of one group.

In: messages in words. Out: receipts. State: none. Never: a text that could be taken for markup, the robot's key in an error.

Modules
-------
manifest  what the platform bears, and where that stands
config    keys of its table
form      a message as markdown
channel   sends
"""
