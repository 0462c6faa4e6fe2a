"""Whatever else Apprise can speak to, through an optional dependency.

In: messages in words. Out: receipts. State: none. Never: the address in an error or a log, the event loop held up by a
library that blocks.

Modules
-------
manifest  what the kind is called and needs
config    its table
channel   handing over in a thread
"""
