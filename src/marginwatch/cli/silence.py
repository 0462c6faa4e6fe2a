"""``marginwatch silence``: alerts that shall not be told for a while: add, list, end."""

from typing import Annotated
from urllib.parse import quote

import typer

from marginwatch.cli.options import (
    AuthorOption,
    ConfigOption,
    CsvOption,
    JsonOption,
    TokenOption,
    UrlOption,
)


def silence(context: typer.Context) -> int:
    """Keep alerts from being told for a while; they are judged and shown all the same.

    When a silence ends, whatever it held back and still fires is told.
    """
    from marginwatch.cli.supervision import FINE
    from marginwatch.errors import ConfigError

    if context.invoked_subcommand is None:
        raise ConfigError("silence: say what: add, list or end (see marginwatch silence --help)")
    return FINE


def add(
    matchers: Annotated[
        list[str],
        typer.Argument(
            metavar="MATCHER...",
            help="What an alert's labels must meet, all of them: account=mm-1, severity!=critical, symbol=~BTC.*",
        ),
    ],
    how_long: Annotated[str, typer.Option("--for", metavar="TIME", help="How long: 30m, 2h, 3d.")],
    comment: Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why; everybody sees it.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    author: AuthorOption = None,
    json: JsonOption = False,
) -> int:
    """Silence alerts whose labels meet all matchers, from now on."""
    from marginwatch.cli.alert_table import silence_words
    from marginwatch.cli.authorship import author_of, duration_of
    from marginwatch.cli.output import write_json
    from marginwatch.cli.service_client import find_token, send, service_url
    from marginwatch.cli.supervision import FINE
    from marginwatch.terminal.texts import printable
    from marginwatch.web.alert_replies import SilenceRow
    from marginwatch.web.bodies import matchers_of, require_said

    body = {
        "matchers": matchers,
        "author": author_of(author),
        "comment": comment,
        "for_s": duration_of("--for", how_long),
    }
    require_said(author_of(author), comment, is_needed=True)
    matchers_of(tuple(matchers))
    made = send(
        service_url(url, config), "POST", "/api/v1/silences", find_token(token, config), body, SilenceRow
    )
    if json:
        write_json(made)
    else:
        typer.echo(printable(silence_words(made)))
        typer.echo(f"End it with: marginwatch silence end {made.silence_id}")
    return FINE


def list_(
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show the silences that hold now or will, with who said so and why."""
    from marginwatch.cli.alert_table import SILENCE_COLUMNS
    from marginwatch.cli.output import Form, form_of, write_csv, write_json, write_table
    from marginwatch.cli.service_client import fetch, find_token, service_url
    from marginwatch.cli.supervision import FINE
    from marginwatch.web.alert_replies import SilenceRow, SilencesReply

    form = form_of(json, csv)
    reply = fetch(service_url(url, config), "/api/v1/silences", find_token(token, config), SilencesReply)
    if form is Form.JSON:
        write_json(reply)
    elif form is Form.CSV:
        write_csv(SilenceRow, reply.rows)
    else:
        notes = [] if reply.rows else ["Nothing is silenced."]
        write_table(f"Silences · {len(reply.rows)} · times are UTC", SILENCE_COLUMNS, reply.rows, notes)
    return FINE


def end(
    silence_id: Annotated[str, typer.Argument(metavar="ID", help="Of the silence; silence list shows it.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> int:
    """End a silence now; what it held back and still fires is told."""
    from marginwatch.cli.service_client import fetch_body, find_token, service_url
    from marginwatch.cli.supervision import FINE
    from marginwatch.terminal.texts import printable

    path = f"/api/v1/silences/{quote(silence_id, safe='')}"
    fetch_body(service_url(url, config), path, find_token(token, config), "DELETE")
    typer.echo(printable(f"{silence_id} is over; what it held back and still fires is told now"))
    return FINE
