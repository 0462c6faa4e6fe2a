"""A measured client, as a process: ``python -m benchmarks.wire.client NAME PLAN PRIVATE REST`` prints one JSON line."""

import importlib
import json
import sys

import uvloop

from benchmarks.machine import pin_to_core
from benchmarks.wire.meter import Meter, settle
from benchmarks.wire.plan import plan_of

CLIENTS = {
    "floor": ("benchmarks.wire.client_floor", "run"),
    "to the book": ("benchmarks.wire.client_marginwatch", "run_to_book"),
    "marginwatch": ("benchmarks.wire.client_marginwatch", "run"),
    "with rules": ("benchmarks.wire.client_marginwatch", "run_with_rules"),
    "alerts": ("benchmarks.wire.client_alerts", "run"),
    "ccxt.pro": ("benchmarks.wire.client_ccxt", "run"),
    "pybit": ("benchmarks.wire.client_pybit", "run"),
}

THREADED = ("alerts",)
"""Those that run what they run in threads on other cores as well: they get all there are."""


def main() -> None:
    """Run the client named on the command line and print what it measured."""
    name, plan_text, private, rest = sys.argv[1:5]
    if name not in THREADED:
        pin_to_core(1)
    plan = plan_of(plan_text)
    meter = Meter(plan.warm, plan.measured)
    module, function = CLIENTS[name]
    run = getattr(importlib.import_module(module), function)
    settle()
    extra = uvloop.run(run(plan, meter, private, rest))
    print(json.dumps(meter.result() | {"extra": extra}))


if __name__ == "__main__":
    main()
