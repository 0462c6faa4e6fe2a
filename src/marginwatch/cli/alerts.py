"""``marginwatch alerts``: what fires, what is pending or unknown, who was told; and ``alerts ack``."""

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlencode

import typer

from marginwatch.cli.options import (
    AccountOption,
    AuthorOption,
    ConfigOption,
    CsvOption,
    JsonOption,
    TokenOption,
    UrlOption,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from marginwatch.model.secret import Secret
    from marginwatch.model.severity import Severity
    from marginwatch.web.alert_replies import AlertRow, AlertsReply

ACK_USUAL = "2h"
NAMED_MAX = 10


def alerts(
    context: typer.Context,
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="firing, pending, unknown or resolved.")
    ] = None,
    severity: Annotated[
        str | None,
        typer.Option(
            "--severity", metavar="SEVERITY", help="So severe or worse: info, warning, high, critical."
        ),
    ] = None,
    account: AccountOption = None,
    rule: Annotated[str | None, typer.Option("--rule", metavar="NAME", help="Only of this rule.")] = None,
    recent: Annotated[
        int, typer.Option("--recent", min=0, max=1_000, metavar="N", help="How many resolved ones to show.")
    ] = 20,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on", metavar="SEVERITY", help="Exit code 1 while anything so severe or worse fires."
        ),
    ] = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show what fires, is pending or unknown, and has resolved lately, with who was told and who takes care of it.

    Asks the running service that is configured here, or that of --url.
    """
    if context.invoked_subcommand is not None:
        refuse_misplaced(context)
        return 0
    from marginwatch.cli.alert_table import ALERT_COLUMNS, alert_notes, alerts_title
    from marginwatch.cli.output import Form, form_of, write_csv, write_json, write_table
    from marginwatch.cli.service_client import fetch, find_token, service_url
    from marginwatch.cli.supervision import FINE, NOT_FINE
    from marginwatch.web.alert_replies import AlertRow, AlertsReply

    form = form_of(json, csv)
    limit = None if fail_on is None else severity_of("--fail-on", fail_on)
    where = service_url(url, config)
    key = find_token(token, config)
    wanted = {"state": state, "severity": severity, "account": account, "rule": rule, "recent": str(recent)}
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    reply = fetch(where, f"/api/v1/alerts?{query}", key, AlertsReply)
    if form is Form.JSON:
        write_json(reply)
    elif form is Form.CSV:
        write_csv(AlertRow, reply.rows)
    else:
        write_table(alerts_title(reply), ALERT_COLUMNS, reply.rows, alert_notes(reply), is_dense=True)
    if limit is None:
        return FINE
    # Whatever rows are shown: a filter must not hide what the exit code is asked about.
    return NOT_FINE if firing(where, key, limit.word).rows else FINE


def refuse_misplaced(context: typer.Context) -> None:
    """Raise for options before a command of its own: they would be taken for that command's and do nothing.

    Raises
    ------
    ConfigError
        With where to put them.
    """
    from marginwatch.errors import ConfigError

    defaults = {parameter.name: parameter.default for parameter in context.command.params}
    given = [name for name, value in context.params.items() if value != defaults.get(name)]
    if given:
        raise ConfigError(f"put the options behind {context.invoked_subcommand}: they belong to it")


def severity_of(name: str, word: str) -> "Severity":
    """Return the severity of a word given as an option.

    Raises
    ------
    ConfigError
        If there is none of that word.
    """
    from marginwatch.errors import ConfigError
    from marginwatch.model.severity import Severity

    try:
        return Severity.of_word(word.lower())
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None


def firing(url: str, token: "Secret", severity: str = "info") -> "AlertsReply":
    """Return the alerts of a service that fire and are so severe or worse."""
    from marginwatch.cli.service_client import fetch
    from marginwatch.web.alert_replies import AlertsReply

    return fetch(url, f"/api/v1/alerts?state=firing&severity={severity}", token, AlertsReply)


def acknowledge(
    which: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="The alert's id or key; or a subject or account of which one fires."
        ),
    ],
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    comment: Annotated[str, typer.Option("--comment", metavar="TEXT", help="What you are doing.")] = "",
    how_long: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long it is not told again: 30m, 2h, 1d.")
    ] = ACK_USUAL,
    rule: Annotated[str | None, typer.Option("--rule", metavar="NAME", help="Only of this rule.")] = None,
    is_all: Annotated[
        bool, typer.Option("--all", help="Everything that fires of that subject or account.")
    ] = False,
    author: AuthorOption = None,
    json: JsonOption = False,
) -> int:
    """Say that you take care of an alert: it is not told again, unless it gets more severe or the time is over."""
    from marginwatch.cli.authorship import author_of, duration_of
    from marginwatch.cli.output import write_json
    from marginwatch.cli.service_client import find_token, send, service_url
    from marginwatch.cli.supervision import FINE
    from marginwatch.terminal.alert_words import clock
    from marginwatch.terminal.texts import printable
    from marginwatch.web.alert_replies import AcknowledgementRow

    where, key = service_url(url, config), find_token(token, config)
    body = {"author": author_of(author), "comment": comment, "for_s": duration_of("--for", how_long)}
    for row in the_ones(which, rule, firing(where, key).rows, is_all=is_all):
        path = f"/api/v1/alerts/{quote(row.alert_id, safe='')}/ack"
        given = send(where, "POST", path, key, body, AcknowledgementRow)
        if json:
            write_json(given)
            continue
        typer.echo(
            printable(
                f"{row.subject}, {row.rule} ({given.severity}): {given.author} takes care of it"
                f" until {clock(given.until_ns)} UTC; above {given.severity} it is told again"
            )
        )
    return FINE


def the_ones(
    which: str, rule: str | None, rows: "tuple[AlertRow, ...]", *, is_all: bool
) -> "Sequence[AlertRow]":
    """Return the alert of an id or a key, or the only one of a subject or account, or all of those.

    Raises
    ------
    ConfigError
        If none fires, or several do and not all are wanted; then with their ids.
    """
    from marginwatch.errors import ConfigError

    name = which.casefold()
    found = [row for row in rows if which in (row.alert_id, row.key)]
    found = found or [
        row for row in rows if name in (row.subject.casefold(), (row.account_id or "").casefold())
    ]
    found = [row for row in found if rule in (None, row.rule)]
    if len(found) == 1 or (found and is_all):
        return found
    lines = [
        f"  {row.alert_id}  {row.severity} {row.subject}, {row.rule}" for row in (found or rows)[:NAMED_MAX]
    ]
    if found:
        head = f"{which!r} has {len(found)} alerts that fire; name one by its id or --rule, or take --all:"
    elif rows:
        head = f"no alert {which!r} fires; these do:"
    else:
        head = f"no alert {which!r} fires; nothing does"
    more = len(found or rows) - NAMED_MAX
    raise ConfigError("\n".join([head, *lines, *([f"  and {more} more"] if more > 0 else [])]))
