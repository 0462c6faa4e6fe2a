"""``python -m simulation``: play seeds, print the failing ones with the command that repeats them."""

import argparse
import concurrent.futures
import sys
import time

from simulation.run import Outcome, simulate


def main() -> int:
    """Play the seeds that were asked for; return 1 if any of them failed, else 0."""
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--verbose", action="store_true", help="a line for each seed")
    wanted = parser.parse_args()
    seeds = range(wanted.first, wanted.first + wanted.seeds)
    began_s, n_failed = time.monotonic(), 0
    with concurrent.futures.ProcessPoolExecutor(wanted.jobs) as pool:
        for outcome in map(simulate, seeds) if wanted.jobs == 1 else pool.map(simulate, seeds):
            n_failed += bool(outcome.wrong)
            if outcome.wrong or wanted.verbose:
                _tell(outcome)
    _say(f"{wanted.seeds} seeds, {n_failed} failed, {time.monotonic() - began_s:.0f} s")
    return 1 if n_failed else 0


def _tell(outcome: Outcome) -> None:
    plan = outcome.plan
    verdict = "FAILED" if outcome.wrong else "passed"
    _say(f"seed {plan.seed} {verdict}: {outcome.lasted_s:.0f} s, true after {outcome.settled_s:.1f} s")
    _say(f"  faults: {plan.faults or 'idle sockets'}")
    for line in outcome.wrong:
        _say(f"  {line}")
    if outcome.wrong:
        _say(f"  again: make simulate SEEDS=1 FIRST={plan.seed}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
