"""The demo: the whole product against a simulated exchange, with a live picture in the terminal.

In: how many accounts, a seed, a market story. Out: a picture for people, one JSON object for programs. State: one
simulated exchange and one service, both ended with the demo. Never: a real exchange, a key, a file that stays.

Modules
-------
stage      the simulated exchange and the service that watches it
changes    what changed from frame to frame, as lines for people
foresight  how long before a liquidation its distance said so
alerts     what fires, who was told, who was warned
picture    one picture of one frame
tables     the tables of the picture
tally      the object that ``--json`` prints last
show       plays it: live on a terminal, quiet elsewhere
"""
