"""Programs that listen to the live stream of a service that watches a simulated exchange: what they cost, and what they get.

In: how many positions and listeners, how long. Out: figures and verdicts. State: an exchange and a monitor, ended with the
run. Never: an address that is not of this machine.

Modules
-------
listener  one listener, and one that stops reading
stage     the exchange and the monitor, until all positions are known and priced
"""
