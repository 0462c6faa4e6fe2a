"""``marginwatch margin``: usage, margins beside the venue's, distance to liquidation, and the ladder of the desk."""

from typing import TYPE_CHECKING

from marginwatch.cli.options import (
    AccountOption,
    BookOption,
    ConfigOption,
    CsvOption,
    DeskOption,
    JsonOption,
    SortOption,
    TokenOption,
    UrlOption,
    VenueOption,
)

if TYPE_CHECKING:
    from marginwatch.cli.output import Form
    from marginwatch.web.risk_replies import MarginReply


def margin(
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    book: BookOption = None,
    account: AccountOption = None,
    desk: DeskOption = None,
    venue: VenueOption = None,
    sort: SortOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show margins, ours beside the venue's, the distance of each account to liquidation, and who is liquidated first."""
    from marginwatch.cli.output import form_of
    from marginwatch.cli.source import Source
    from marginwatch.cli.views import exit_code
    from marginwatch.risk.heavy.asked import Asked
    from marginwatch.risk.table_rows import AccountRow
    from marginwatch.web.replies import narrowed
    from marginwatch.web.risk_replies import MarginReply, margin_reply

    form = form_of(json, csv)
    wanted = {"account": account, "desk": desk, "venue": venue}
    source = Source(
        config=config, url=url, token=token, book=book, asked=Asked(parts=("distance", "chances", "levels"))
    )
    reply = source.read("/api/v1/margin", MarginReply, lambda frame: margin_reply(frame, **wanted), **wanted)
    reply = narrowed(reply, sort, AccountRow)
    _show(reply, form)
    return exit_code(reply)


def _show(reply: "MarginReply", form: "Form") -> None:
    from marginwatch.cli import margin_tables as tables
    from marginwatch.cli.output import Form, write_csv, write_json, write_table
    from marginwatch.cli.views import complain_about, headline, write_notes
    from marginwatch.risk.table_rows import AccountRow

    if form is Form.JSON:
        write_json(reply)
    elif form is Form.CSV:
        write_csv(AccountRow, reply.rows)
        complain_about(reply.not_included)
    else:
        n = len(reply.rows)
        write_table(
            headline("Margins", reply, n), tables.MARGIN_COLUMNS, reply.rows, tables.estimate_notes(reply)
        )
        write_table(
            "Distance to liquidation", tables.DISTANCE_COLUMNS, reply.rows, tables.basis_notes(reply.basis)
        )
        for direction, title in (("down", "Who is liquidated first as BTC falls"), ("up", "And as it rises")):
            rungs = [row for row in reply.ladder if row.direction == direction]
            if rungs:
                shown = rungs[: tables.RUNGS_SHOWN_MAX]
                write_table(title, tables.LADDER_COLUMNS, shown, tables.more_rungs(len(rungs)))
        write_notes(reply)
