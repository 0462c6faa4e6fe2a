"""``marginwatch web``: who may come into the dashboard: set-password."""

from typing import Annotated

import typer

from marginwatch.cli.options import ConfigOption


def web(context: typer.Context) -> int:
    """Say who may come into the dashboard of the service."""
    from marginwatch.cli.supervision import FINE
    from marginwatch.errors import ConfigError

    if context.invoked_subcommand is None:
        raise ConfigError("web: say what: set-password (see marginwatch web --help)")
    return FINE


def set_password(
    role: Annotated[
        str,
        typer.Option(
            metavar="operator|viewer", help="A viewer reads; an operator also acknowledges, silences, tests."
        ),
    ],
    remove: Annotated[bool, typer.Option("--remove", help="Take the role's password away instead.")] = False,
    password_file: Annotated[
        str | None,
        typer.Option(
            "--password-file", metavar="FILE", help="Read the password from its first line; - is stdin."
        ),
    ] = None,
    config: ConfigOption = None,
) -> int:
    """Set the password of a role: typed twice unseen, or read from a file or a pipe.

    A running service takes it up at once and ends the sessions of that role. With the first password, everybody must sign
    in, on this machine too.
    """
    import sys

    from marginwatch.cli.service_client import DEFAULT_CONFIG
    from marginwatch.cli.supervision import FINE
    from marginwatch.cli.typed_password import read_password
    from marginwatch.config.loader import load_service
    from marginwatch.errors import ConfigError
    from marginwatch.web.access.passwords import ROLES, Role, hash_password, read_hashes, write_password

    wanted: Role | None = next((one for one in ROLES if one == role), None)
    if wanted is None:
        raise ConfigError(f"--role: {role!r} is no role; there are operator and viewer")
    if remove and password_file is not None:
        raise ConfigError("--remove takes the password away; leave --password-file out")
    path = load_service(config or DEFAULT_CONFIG).password_file
    # A file that cannot be used is told before anything is typed.
    read_hashes(path)
    hashed = None if remove else hash_password(read_password(wanted, password_file))
    had_one = write_password(path, wanted, hashed)
    if remove:
        said = f"the {role} has no password any more" if had_one else f"the {role} had no password"
        if not read_hashes(path):
            said += (
                '; nobody has one now: on this machine nobody need sign in, unless [service] login = "always"'
            )
    else:
        said = f"the {role} has a {'new ' if had_one else ''}password, kept as a hash in {path}"
    sys.stdout.write(f"{said}\n")
    return FINE
