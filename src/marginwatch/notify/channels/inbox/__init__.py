"""A local file that messages are appended to: for the demo, tests, and desks without a network.

In: messages. Out: blocks of text or JSON lines, on the disk when the receipt is given. State: none. Never: a message
that is cut, an earlier one changed.

Modules
-------
manifest  what the kind is called and needs
config    its table
channel   appending to the file
"""
