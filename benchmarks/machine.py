"""What a figure was measured on: processor, interpreter and library versions."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("picows", "msgspec", "uvloop", "numpy", "aiohttp", "ccxt", "orjson", "pybit", "websocket-client")


def processor_model() -> str:
    """Return the processor's name as the system gives it, or the architecture where it gives none."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def library_versions() -> dict[str, str | None]:
    """Return the installed version of each library that takes part; None where it is not installed."""
    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def describe() -> dict[str, object]:
    """Return the machine, the interpreter and the libraries as plain values for JSON."""
    return {
        "processor": processor_model(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {sys.version.split()[0]}",
        "libraries": library_versions(),
    }


def pin_to_core(core: int) -> bool:
    """Keep this process on one core where the system allows it.

    Parameters
    ----------
    core : int
        Index into the cores that this process may use, counted modulo their number.

    Returns
    -------
    bool
        False where the system has no such call or only one core is allowed.
    """
    if not hasattr(os, "sched_setaffinity"):
        return False
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return False
    os.sched_setaffinity(0, {allowed[core % len(allowed)]})
    return True
