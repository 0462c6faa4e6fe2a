"""The whole monitor against the simulated exchange, in virtual time, from one seed: faults of every kind, then the truth.

``python -m simulation --seeds 50`` or ``make simulate SEEDS=50``; a failing run prints the command that repeats it.

Modules
-------
virtual_time  an event loop whose clock jumps, and connections that never leave it
wire          what went over a connection, read from its bytes
deliveries    what each account was told, and when
auditor       every frame against what was delivered
truth         the book against the exchange
plan          what a seed means: accounts, faults, and for how long
owners        what the owners of accounts do meanwhile
constants     the long waits of both sides, shortened
run           one seed from start to verdict
"""
