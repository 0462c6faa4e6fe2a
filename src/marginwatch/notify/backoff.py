"""How long to wait before a message is tried again."""

import random

DOUBLINGS_MAX = 16


def backoff_s(n_failures: int, first_s: float, max_s: float, chance: random.Random) -> float:
    """Return seconds to wait after the nth failure in a row: anything from half the exponential bound up to all of it.

    Parameters
    ----------
    n_failures : int
        From 1; fewer count as 1.
    first_s, max_s : float
        Bound after the first failure, and of all waits.
    chance : random.Random
        Source of the jitter, so that channels that failed together do not return together.
    """
    bound = min(max_s, first_s * 2.0 ** min(max(n_failures - 1, 0), DOUBLINGS_MAX))
    return chance.uniform(bound / 2, bound)
