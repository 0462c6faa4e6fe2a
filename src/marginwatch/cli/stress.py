"""``marginwatch stress``: what scenarios would do, the worst that each coin could, and deaths that cause deaths."""

from typing import TYPE_CHECKING, Annotated

import typer

from marginwatch.cli.options import (
    AccountOption,
    BookOption,
    ConfigOption,
    CsvOption,
    JsonOption,
    SortOption,
    TokenOption,
    UrlOption,
)

if TYPE_CHECKING:
    from marginwatch.web.risk_replies import StressReply

ByOption = Annotated[
    str | None,
    typer.Option("--by", metavar="GROUP", help="portfolio (if left out), desk, account or asset."),
]
ScenarioOption = Annotated[
    str | None, typer.Option("--scenario", metavar="NAME", help="Only this one; by group else the worst.")
]
CascadeOption = Annotated[
    bool, typer.Option("--cascade", help="Every round of deaths that cause deaths; not as CSV.")
]


def stress(
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    book: BookOption = None,
    by: ByOption = None,
    scenario: ScenarioOption = None,
    account: AccountOption = None,
    cascade: CascadeOption = False,
    sort: SortOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show what scenarios would do to everything, a desk, an account or a coin, and the worst that each coin could."""
    from marginwatch.cli.output import Form, form_of, write_csv, write_json
    from marginwatch.cli.source import Source
    from marginwatch.cli.views import complain_about, part_exit_code
    from marginwatch.errors import ConfigError
    from marginwatch.risk.heavy.asked import Asked
    from marginwatch.risk.heavy_rows import StressRow
    from marginwatch.web.replies import narrowed
    from marginwatch.web.risk_replies import StressReply, stress_reply

    form = form_of(json, csv)
    if cascade and form is Form.CSV:
        raise ConfigError("--cascade has no CSV: amounts by coin fit no columns; use --json")
    asked = Asked(parts=("stress", "cascades"))
    source = Source(config=config, url=url, token=token, book=book, asked=asked)
    wanted = {"by": by, "scenario": scenario, "account": account}
    reply = source.read("/api/v1/stress", StressReply, lambda frame: stress_reply(frame, **wanted), **wanted)
    reply = narrowed(reply, sort, StressRow)
    if form is Form.JSON:
        write_json(reply)
    elif form is Form.CSV:
        write_csv(StressRow, reply.rows)
        complain_about(reply.not_included)
    elif cascade:
        _show_cascades(reply)
    else:
        _show(reply)
    return part_exit_code(reply.cascade_basis if cascade else reply.basis)


def _show(reply: "StressReply") -> None:
    from marginwatch.cli import stress_tables as tables
    from marginwatch.cli.output import write_table
    from marginwatch.cli.views import headline, part_notes, write_notes

    is_whole = all(row.scope == "portfolio" for row in reply.rows)
    columns = tables.WHOLE_COLUMNS if is_whole else tables.PART_COLUMNS
    rows = tables.with_bars(reply.rows)
    write_table(headline("Stress", reply, len(rows)), columns, rows, part_notes(reply.basis))
    worst = [row for row in reply.worst if row.account_id is None or not is_whole]
    if worst:
        shown = worst[: tables.WORST_SHOWN_MAX]
        write_table("Worst case by coin: to nothing, or doubled", tables.WORST_COLUMNS, shown)
    if is_whole and any(row.is_caused for row in reply.cascades):
        write_table("Deaths that cause deaths", tables.CASCADE_COLUMNS, tables.around_causes(reply.cascades))
    write_notes(reply)


def _show_cascades(reply: "StressReply") -> None:
    from marginwatch.cli import stress_tables as tables
    from marginwatch.cli.output import write_table
    from marginwatch.cli.views import headline, part_notes, write_notes

    rows = reply.cascades
    title = headline("Deaths that cause deaths", reply, len(rows))
    write_table(title, tables.CASCADE_COLUMNS, rows, part_notes(reply.cascade_basis))
    write_notes(reply)
