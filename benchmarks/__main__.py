"""``python -m benchmarks [NAME …]``: run benchmarks and print their tables."""

import argparse
import datetime as dt
import json
import sys
from pathlib import Path

from benchmarks import (
    alerts,
    bench_liquidation,
    bench_pages,
    bench_sim,
    bench_stress,
    bench_var,
    bench_wire,
    frame_budget,
    machine,
    rules,
)

BENCHMARKS = {
    "wire": bench_wire.run,
    "frame": frame_budget.run,
    "sim": bench_sim.run,
    "var": bench_var.run,
    "liquidation": bench_liquidation.run,
    "stress": bench_stress.run,
    "rules": rules.run,
    "pages": bench_pages.run,
    "alerts": alerts.run,
}
REPEATED = ("wire", "sim", "alerts")
"""Those whose runs are few and long; the others have rounds of their own."""


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which ({', '.join(BENCHMARKS)}); default: all"
    )
    made.add_argument(
        "--size", choices=("full", "tiny"), default="full", help="tiny only proves that it runs"
    )
    made.add_argument("--repetitions", type=int, metavar="N", help="runs of each client; the median is shown")
    made.add_argument("--strict", action="store_true", help="exit with 1 if a promise is missed")
    made.add_argument("--json", type=Path, metavar="FILE", help="write everything measured to FILE as well")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; exit code 2 for an unknown name, 1 with ``--strict`` if a full run misses a promise."""
    options = parser().parse_args(arguments)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown or (options.repetitions is not None and options.repetitions < 1):
        what = f"no benchmark named {unknown[0]!r}" if unknown else "--repetitions must be at least 1"
        print(f"{what}; known: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    described = machine.describe() | {"date": dt.datetime.now(dt.UTC).date().isoformat()}
    results: dict[str, dict[str, object]] = {}
    for name in options.names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr)
        results[name] = BENCHMARKS[name](options.size, options.repetitions if name in REPEATED else None)
        print(f"\n{results[name]['table']}\n")
    print(f"{described['processor']}, {described['cores']} cores, {described['python']}, {described['date']}")
    if options.json is not None:
        options.json.write_text(
            json.dumps({"machine": described, "size": options.size, "results": results}, indent=1)
        )
    missed = [p for result in results.values() for p in result["promises"] if p["is_kept"] is False]
    return 1 if missed and options.strict and options.size == "full" else 0


if __name__ == "__main__":
    sys.exit(main())
