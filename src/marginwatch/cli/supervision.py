"""The one top-level handler: whatever goes wrong becomes one line on stderr and an exit code."""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import cast

import typer

from marginwatch.errors import ConfigError, MarginwatchError, ProtocolError
from marginwatch.terminal.texts import printable

FINE = 0
NOT_FINE = 1
USAGE = 2
UNREACHABLE = 3
INTERRUPTED = 130


def exit_code_of(error: MarginwatchError) -> int:
    """Return 2 for what the caller gave us (configuration, undecodable input), 3 for what we could not reach."""
    return USAGE if isinstance(error, ConfigError | ProtocolError) else UNREACHABLE


def supervised(command: Callable[[], int]) -> int:
    """Run ``command`` and return its exit code; never raises and never prints a traceback.

    A reader that goes away (``| head``) is no error. Set ``MARGINWATCH_DEBUG=1`` to see the traceback of a defect.
    """
    _prepare_output()
    stdout = sys.stdout
    try:
        code = command()
        sys.stdout.flush()
    except MarginwatchError as error:
        return _complain(str(error), exit_code_of(error))
    except typer.TyperException as error:
        return _complain(f"{error.format_message()} (see marginwatch --help)", USAGE)
    except typer.Exit as stop:
        return stop.exit_code
    except SystemExit as stop:
        if sys.stdout is stdout and not isinstance(stop.__context__, BrokenPipeError):
            raise
        # typer answers a closed pipe by wrapping stdout and leaving with 1, rich by leaving with 1.
        sys.stdout = stdout
        _discard_output()
        return FINE
    except BrokenPipeError:
        _discard_output()
        return FINE
    except OSError as error:
        # Such as a full disk behind stdout; what is still buffered would fail again at exit.
        _discard_output()
        return _complain(f"the system refuses: {error}", UNREACHABLE)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("MARGINWATCH_DEBUG"):
            traceback.print_exc()
        return _complain(f"defect in marginwatch: {type(error).__name__}: {error}", UNREACHABLE)
    return code


def _complain(message: str, code: int) -> int:
    """Write each line of ``message`` on its own: a configuration tells all that is wrong with it at once.

    The exit code is told even where nobody can be written to: stderr may be closed or full.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        for line in message.split("\n"):
            if words := line.split():
                sys.stderr.write(f"marginwatch: {printable(' '.join(words))}\n")
        sys.stderr.flush()
    return code


def _prepare_output() -> None:
    """Make stdout carry any text: UTF-8 to files and pipes, a ``?`` on a terminal that knows no better.

    A closed stdout or stderr becomes one that goes nowhere, as for a daemon.
    """
    for name in ("stdout", "stderr"):
        if cast("object", getattr(sys, name)) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # lives as long as we do
    if (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
        reconfigure(encoding=sys.stdout.encoding if sys.stdout.isatty() else "utf-8", errors="replace")


def _discard_output() -> None:
    """Point stdout at nothing, so that the interpreter's own flush at exit stays quiet too."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
