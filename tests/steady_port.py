"""A port to which a server can come back, or that another program is told before it takes it."""

import random
import socket

STEADY = range(20_000, 30_000)
"""Below those that Linux (from 32768) and macOS (from 49152) give to whoever asks for any: such a one may be somebody
else's as soon as it is free for a moment."""


def steady_port() -> int:
    """Return a port of loopback on which nobody listens, and that the system gives to nobody by itself."""
    while True:
        # Not of the seeded numbers: two processes with one seed would always want the same.
        port = random.SystemRandom().choice(STEADY)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
