"""``python -m benchmarks.soak``: run the soak, print how it goes and what held; exit code 1 if something did not."""

import argparse
import asyncio
import contextlib
import datetime as dt
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import msgspec

from benchmarks import machine
from benchmarks.soak import phases, verdicts
from benchmarks.soak.plan import Plan, tiny
from benchmarks.soak.stage import Stage, set_stage

LAST_LINES = 5
STOPPED = 130

Result = dict[str, Any]


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    usual = Plan()
    made.add_argument("--accounts", type=int, default=usual.accounts, help="simulated accounts")
    made.add_argument("--minutes", type=float, default=usual.minutes, help="how long everything goes wrong")
    made.add_argument(
        "--share", type=float, default=usual.share_of_limit, help="the monitor's share of every limit"
    )
    made.add_argument("--seed", type=int, default=usual.seed)
    made.add_argument(
        "--size", choices=("full", "tiny"), default="full", help="tiny only proves that it runs"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write everything measured to FILE as well")
    made.add_argument(
        "--folder", type=Path, metavar="DIR", help="keep configuration, data and logs in DIR, which is made"
    )
    return made


def plan_of(options: argparse.Namespace) -> Plan:
    """Return the plan that the command line asks for.

    Raises
    ------
    ValueError
        If a number is out of range; the message names it.
    """
    if options.folder is not None and options.folder.exists():
        raise ValueError(f"--folder: {options.folder} exists; name one that is to be made")
    if options.size == "tiny":
        return tiny()
    for name, is_fine in (
        ("accounts", 20 <= options.accounts <= 10_000),
        ("minutes", 0.1 <= options.minutes <= 600),
        ("share", 0 < options.share <= 1),
    ):
        if not is_fine:
            raise ValueError(
                f"--{name}: {getattr(options, name)} is out of range (20 to 10000 accounts, 0.1 to 600 minutes, share up to 1)"
            )
    return Plan(
        accounts=options.accounts,
        minutes=options.minutes,
        share_of_limit=options.share,
        seed=options.seed,
    )


def tell(words: str) -> None:
    """Print one line at once."""
    print(words, flush=True)


async def soak(plan: Plan, folder: Path) -> Result:
    """Run all phases; a phase that was not completed is the last one but for the look back."""
    result: Result = {"plan": plan}
    async with set_stage(plan, folder) as stage:
        tell(f"{plan.accounts} accounts, {plan.share_of_limit:.0%} of every limit, {plan.minutes:g} minutes")

        async def doomed() -> Result:
            return await phases.settle(stage, tell, result["faults"]["doomed_uids"])

        steps: tuple[tuple[str, str, Callable[[], Awaitable[Result]]], ...] = (
            ("picture", "1 the first picture by REST", lambda: phases.take_picture(stage, tell)),
            ("streams", "2 a stream for everybody", lambda: phases.open_streams(stage, tell)),
            ("faults", "3 everything goes wrong", lambda: phases.break_everything(stage, tell)),
            ("truth", "4 the truth", doomed),
        )
        for name, title, run in steps:
            tell(f"\n{title}")
            await _run_phase(stage, result, name, run)
            if stage.ended() or not result[name].get("is_complete", True):
                break
        stage.gauge.look()
        if not stage.ended():
            result["end"] = await phases.look_back(stage)
        result["ended"] = stage.ended()
        result["samples"] = stage.gauge.samples
    return result


async def _run_phase(stage: Stage, result: Result, name: str, run: Callable[[], Awaitable[Result]]) -> None:
    stage.gauge.enter(name)
    began_s = time.monotonic()
    result[name] = await run()
    short = {key: value for key, value in result[name].items() if isinstance(value, int | float | bool)}
    tell(f"{time.monotonic() - began_s:6.0f} s  {short}")


async def run_in(plan: Plan, folder: Path) -> Result:
    """Run the soak as a task that SIGTERM cancels, so that the children are ended then too."""
    task = asyncio.create_task(soak(plan, folder))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def last_words(folder: Path) -> str:
    """Return the end of what each child wrote down."""
    logs = [(log.stem, log.read_text(errors="replace").splitlines()) for log in sorted(folder.glob("*.log"))]
    return "\n".join(f"{name}: {line[:300]}" for name, lines in logs for line in lines[-LAST_LINES:])


def main(arguments: list[str] | None = None) -> int:
    """Return 0 if everything held, 1 if not, 2 for a wrong command line, 130 if somebody stopped it."""
    options = parser().parse_args(arguments)
    try:
        plan = plan_of(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack:
        if options.folder is not None:
            options.folder.mkdir(parents=True)
            folder = options.folder.resolve()
        else:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="marginwatch-soak-")))
        described = machine.describe() | {"date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC"}
        try:
            result = asyncio.run(run_in(plan, folder))
        except (asyncio.CancelledError, KeyboardInterrupt):
            print("\nstopped before the end; nothing was judged")
            return STOPPED
        except (RuntimeError, OSError, aiohttp.ClientError) as error:
            what = f"{type(error).__name__}: {error}"
            print(f"\nDid not hold:\n- the run was not completed: {what}\n{last_words(folder)}")
            return 1
    promises = verdicts.judge(result, plan)
    if result["ended"]:
        promises.append(
            verdicts.promise("both processes live to the end", f"ended: {result['ended']}", is_kept=False)
        )
    print(f"\n{verdicts.table(promises)}\n")
    if "end" in result:
        print(f"{verdicts.usage_table(result['end'])}\n")
    print(f"{described['processor']}, {described['cores']} cores, {described['python']}, {described['date']}")
    if options.json is not None:
        options.json.write_bytes(
            msgspec.json.encode({"machine": described, "promises": promises, "result": result})
        )
    missed = [one for one in promises if one["is_kept"] is False]
    if missed:
        print("\nDid not hold:")
        for one in missed:
            print(f"- {one['promise']}: {one['measured']}")
        for line in (
            *result.get("truth", {}).get("wrong", ()),
            *result.get("truth", {}).get("also_left_out", ()),
        ):
            print(f"  {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
