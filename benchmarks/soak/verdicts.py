"""What had to hold, what was measured, and the table of it."""

from typing import Any

from benchmarks.report import Row, grid, number, verdict
from benchmarks.soak.plan import TIME_LIMIT_RATIO, Plan
from benchmarks.soak.stage import MONITOR, SIMULATOR

GROWTH_MAX = 0.05
"""Memory is flat if its trend after the warm-up (the first third) adds at most this part in the rest of the faults."""

CORES_MAX = 1.0

Result = dict[str, Any]


def promise(words: str, measured: str, is_kept: bool | None) -> Row:
    """Return one line of the verdict; None where a run of this size cannot tell."""
    return {"promise": words, "measured": measured, "is_kept": is_kept}


def judge(result: Result, plan: Plan) -> list[Row]:
    """Return every promise with what was measured; phases that were not reached are missed promises."""
    return [
        *_durations(result, plan),
        *_truth(result, plan),
        *_manners(result, plan),
        *_resources(result, plan),
    ]


def _durations(result: Result, plan: Plan) -> list[Row]:
    rows: list[Row] = []
    phases = (
        ("picture", "complete REST picture", "calls ÷ budget"),
        ("streams", "all accounts stream", "the socket quota"),
    )
    for name, what, ideal in phases:
        phase = result.get(name, {})
        if not phase.get("is_complete"):
            rows.append(promise(f"{what} in time", "not reached", is_kept=False))
            continue
        ratio = phase["ratio"]
        is_kept = None if ratio is None or not plan.is_timed else ratio <= TIME_LIMIT_RATIO
        measured = f"{phase['seconds']:.1f} s of {phase['ideal_s']:.1f} s"
        measured += f" = {ratio:.3f} ×" if ratio is not None else ", one window"
        rows.append(promise(f"{what} within {TIME_LIMIT_RATIO} × ({ideal})", measured, is_kept))
    return rows


def _truth(result: Result, plan: Plan) -> list[Row]:
    end = result.get("truth")
    if end is None:
        return [promise("book equals truth at the end", "not reached", is_kept=False)]
    named = sorted(end["stopped"]) == end["doomed"] and not end["also_left_out"]
    share = round(0.05 * plan.accounts)
    return [
        promise(
            "book equals truth for all survivors",
            f"{end['survivors']} accounts, {end['rows']} rows after {end['seconds']:.0f} s",
            end["is_true"],
        ),
        promise(
            "not included are the accounts with dead keys, and no other",
            f"{len(end['stopped'])} of {len(end['doomed'])}, {len(end['also_left_out'])} others",
            named and len(end["doomed"]) == share,
        ),
        promise(
            "each of them says why",
            f"{len(set(end['stopped'].values()))} reasons",
            all(end["stopped"].values()),
        ),
    ]


def _manners(result: Result, plan: Plan) -> list[Row]:
    end = result.get("end")
    if end is None:
        return [promise("limits respected", "not reached", is_kept=False)]
    share, counts, rows = plan.share_of_limit, end["counts"], []
    for name, words in (
        ("calls", "REST calls of the address"),
        ("sockets", "new sockets of the address"),
        ("endpoint", "calls of any account and endpoint"),
    ):
        limit = end["limits"][name]
        most, peak = share * limit["limit"] + 1e-9, limit["peak"]
        measured = f"{number(peak, 0 if limit['limit'] > 1 else 2)} of {number(limit['limit'], 0)}"
        rows.append(promise(f"{words}: never above {share:.0%} of the limit", measured, peak <= most))
    writes = counts.get("writes", 0) + counts.get("dcp", 0)
    rows.append(promise("nothing written at the exchange", f"{writes} writes", writes == 0))
    return rows


def _resources(result: Result, plan: Plan) -> list[Row]:
    faults, end = result.get("faults"), result.get("end")
    if faults is None or end is None:
        return [promise("memory flat", "not reached", is_kept=False)]
    stuck, memory = faults["stuck"], end["memory"][MONITOR]
    rows = [promise("frames never stop", f"stuck at {stuck} of {len(faults['seen'])} looks", stuck == 0)]
    if memory is None:
        rows.append(promise("memory flat", "not measured", is_kept=None))
    else:
        words = f"memory of the monitor grows by at most {GROWTH_MAX:.0%} under faults once warm"
        measured = f"{memory.growth:+.1%} ({memory.slope_mib_min:+.2f} MiB/min at {memory.last_mib:.0f} MiB)"
        rows.append(promise(words, measured, memory.growth <= GROWTH_MAX if plan.is_timed else None))
    cores = end["cores"]["faults"][SIMULATOR]
    rows.append(
        promise(
            "the simulator uses at most one core under faults",
            f"{number(cores, 2)} cores at {faults['pushes_per_s']:,.0f} messages/s",
            cores <= CORES_MAX if cores is not None and plan.is_timed else None,
        )
    )
    return rows


def table(promises: list[Row]) -> str:
    """Return the verdict as Markdown."""
    rows = [
        (str(one["promise"]), str(one["measured"]), verdict(one["is_kept"]))  # type: ignore[arg-type]
        for one in promises
    ]
    return grid(("Promise", "measured", ""), rows)


def usage_table(end: Result) -> str:
    """Return what both processes used in each phase, in cores, as Markdown."""
    rows = [
        (phase, number(used[SIMULATOR], 2), number(used[MONITOR], 2), _load(end["load"][phase]))
        for phase, used in end["cores"].items()
    ]
    return grid(("Phase", "simulator", "monitor", "load average"), rows)


def _load(load: tuple[float, float] | None) -> str:
    return "–" if load is None else f"{load[0]:.1f} to {load[1]:.1f}"
