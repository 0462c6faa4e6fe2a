"""How long to wait after the nth failure in a row: exponential, bounded, with full jitter."""

import random

DOUBLINGS_MAX = 16
"""Beyond this the bound has long been reached, and the power would only grow."""


def backoff_s(n_failures: int, first_s: float, max_s: float, chance: random.Random) -> float:
    """Return the wait before the next attempt.

    Full jitter: anything between nothing and the exponential bound, so that many who failed together do not return
    together. The lower tenth is left out, so that a wait is never none at all.

    Parameters
    ----------
    n_failures : int
        Failures in a row, from 1; fewer count as 1.
    first_s, max_s : float
        Bound after the first failure, and of all waits, seconds.
    chance : random.Random
        Source of the jitter.

    Returns
    -------
    float
        Seconds in [bound / 10, bound].

    References
    ----------
    Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015.
    """
    bound = min(max_s, first_s * 2.0 ** min(max(n_failures - 1, 0), DOUBLINGS_MAX))
    return chance.uniform(bound / 10, bound)
