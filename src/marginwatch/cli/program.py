"""The table of commands, and the program that imports only the one it is asked for."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence

import typer

from marginwatch import __version__
from marginwatch.cli.file_limit import raise_file_limit
from marginwatch.cli.supervision import supervised

COMMANDS: Mapping[str, str] = {
    "demo": "Watch simulated accounts through a calm market and a crash; needs no key.",
    "run": "Run the service: watch the configured accounts until stopped.",
    "check": "Check the configuration, every key and what each account answers.",
    "decode": "Decode one recorded exchange message to our model, offline.",
    "top": "Watch a running service live on this terminal: overview, accounts, alerts.",
    "accounts": "Show the accounts by danger, with margin, health and age of data.",
    "positions": "Show the open positions of all accounts.",
    "exposure": "Show long, short, net and gross exposure by asset, desk, tag, venue or in all.",
    "margin": "Show margins, distance to liquidation, and who is liquidated first.",
    "stress": "Show what scenarios would do, and the worst that each coin could.",
    "var": "Show value at risk and expected shortfall, and where they come from.",
    "alerts": "Show what fires, what is pending or unknown, and who was told; alerts ack.",
    "silence": "Keep alerts from being told for a while: silence add, list, end.",
    "rules": "Show the rules in force, or try rules on a written series: rules list, test.",
    "replay": "Show what rules would have found in recorded history.",
    "advise": "Show transfers or hedges that would help; nothing executes them.",
    "export": "Write the whole book to a file: export book.",
    "web": "Set the passwords of the dashboard: web set-password.",
    "sim": "Run a simulated exchange that exchange clients can connect to.",
}
"""Command → its line in ``--help``. ``cli/<command>.py`` holds a function of the same name."""

SUBCOMMANDS: Mapping[str, Mapping[str, str]] = {
    "alerts": {"ack": "acknowledge"},
    "silence": {"add": "add", "list": "list_", "end": "end"},
    "rules": {"list": "list_", "test": "try_rules"},
    "web": {"set-password": "set_password"},
}
"""Command → its own commands → the functions of ``cli/<command>.py`` that they are. Its function of the same name is what
happens without one."""

DESCRIPTION = "One live, honest risk picture over every exchange account a desk has. Read-only."


def run_program(argv: Sequence[str] | None = None) -> int:
    """Run the command named in ``argv`` and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    return supervised(lambda: _invoke(arguments))


def _invoke(arguments: list[str]) -> int:
    raise_file_limit()
    program = build_program(command_in(arguments))
    result: object = program(arguments or ["--help"], prog_name="marginwatch", standalone_mode=False)
    return result if isinstance(result, int) else 0


def command_in(arguments: Sequence[str]) -> str | None:
    """Return the command named in ``arguments``: the first word, since global options take no value."""
    return next((word for word in arguments if not word.startswith("-")), None)


def build_program(wanted: str | None) -> typer.Typer:
    """Return the program with the real function of ``wanted`` and a stand-in with the help line of each other.

    Importing all commands would take several times the 150 ms in which ``--help`` must answer.
    """
    program = typer.Typer(
        name="marginwatch",
        help=DESCRIPTION,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_global_options)
    for name, line in COMMANDS.items():
        if name == wanted and name in SUBCOMMANDS:
            program.add_typer(_group(name), name=name, short_help=line)
            continue
        function = load_command(name) if name == wanted else _stand_in
        program.command(name, help=None if name == wanted else line, short_help=line)(function)
    return program


def _group(name: str) -> typer.Typer:
    """Return a command that has commands of its own."""
    module = importlib.import_module(f"marginwatch.cli.{name}")
    group = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
    group.callback()(getattr(module, name))
    for word, function in SUBCOMMANDS[name].items():
        command = getattr(module, function)
        line = (command.__doc__ or "").strip().partition("\n")[0]
        group.command(word, short_help=line)(command)
    return group


def load_command(name: str) -> Callable[..., int | None]:
    """Import ``cli/<name>.py`` and return its function of that name."""
    module = importlib.import_module(f"marginwatch.cli.{name}")
    function: Callable[..., int | None] = getattr(module, name)
    return function


def _stand_in() -> None:
    raise AssertionError("a stand-in only lends its help line; the wanted command is imported before")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"marginwatch {__version__}")
        raise typer.Exit


def _global_options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    del version  # handled by its callback before any command
