"""Seeded faults of a simulated exchange: what may go wrong as one readable list, and the dice that decide when.

In: a list such as ``drop=0.01,disconnect=30s``, a seed. Out: the fate of each frame, each REST call, each socket, each
key. State: dice. Never: a socket or a clock of its own.

Modules
-------
plan         the list of faults and its grammar
dice         what happens to the next REST call, and what befalls the whole exchange
socket_dice  what happens to the frames of one socket, and when it ends
"""

from marginwatch.sim.faults.dice import Doom, Faults, RestFault
from marginwatch.sim.faults.plan import CodeFault, FaultPlan, Span, parse_faults
from marginwatch.sim.faults.socket_dice import FrameFate, SocketFaults

__all__ = [
    "CodeFault",
    "Doom",
    "FaultPlan",
    "Faults",
    "FrameFate",
    "RestFault",
    "SocketFaults",
    "Span",
    "parse_faults",
]
