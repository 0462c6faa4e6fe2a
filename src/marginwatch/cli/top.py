"""``marginwatch top``: a running service on the terminal, live."""

from typing import Annotated

import typer

from marginwatch.cli.options import AuthorOption, ConfigOption, TokenOption, UrlOption


def top(
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    every: Annotated[
        float,
        typer.Option(
            "--every", min=0.2, max=60.0, metavar="SECONDS", help="How often figures are asked for."
        ),
    ] = 1.0,
    author: AuthorOption = None,
) -> int:
    """Watch a running service live: overview, accounts and alerts; ? shows the keys.

    Asks the service that is configured here, or that of --url. Nothing but acknowledgements and silences can be changed.
    """
    import sys

    from marginwatch.cli.service_client import fetch, find_token, service_url
    from marginwatch.cli.supervision import FINE
    from marginwatch.errors import ConfigError
    from marginwatch.web.replies import SummaryReply

    where, key = service_url(url, config), find_token(token, config)
    # Before the screen is taken: whoever is refused shall read why in the usual place.
    fetch(where, "/api/v1/summary", key, SummaryReply)
    # The screen is drawn on stderr, as most programs that take the whole of it do.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise ConfigError("top needs a terminal; programs read marginwatch accounts --json and alerts --json")
    from marginwatch.top.app import TopApp

    program = TopApp(where, key, every_s=every, author=author or _login())
    program.run()
    if program.defect is not None:
        raise program.defect
    return FINE


def _login() -> str:
    """Return the login's name, or nothing: the forms ask for it then."""
    from marginwatch.cli.authorship import author_of
    from marginwatch.errors import ConfigError

    try:
        return author_of(None)
    except ConfigError:
        return ""
