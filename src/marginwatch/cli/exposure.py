"""``marginwatch exposure``: long, short, net and gross, by group and in all."""

from typing import TYPE_CHECKING, Annotated

import typer

from marginwatch.cli.options import (
    AccountOption,
    AssetOption,
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
    from marginwatch.web.replies import ExposureReply

ByOption = Annotated[
    str | None,
    typer.Option(
        "--by", metavar="GROUP", help="asset (if left out), account, desk, tag, venue or portfolio."
    ),
]


def exposure(
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    book: BookOption = None,
    by: ByOption = None,
    asset: AssetOption = None,
    account: AccountOption = None,
    desk: DeskOption = None,
    venue: VenueOption = None,
    sort: SortOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show long, short, net and gross exposure by asset, account, desk, tag, venue or in all.

    A filter (--asset, --account, --desk, --venue) also chooses the group.
    """
    from marginwatch.cli.output import form_of
    from marginwatch.cli.source import Source
    from marginwatch.cli.supervision import FINE, UNREACHABLE
    from marginwatch.web.replies import ExposureReply, exposure_reply, narrowed

    form = form_of(json, csv)
    dimension, name = _group(by, asset=asset, account=account, desk=desk, venue=venue)
    source = Source(config=config, url=url, token=token, book=book)
    reply = source.read(
        "/api/v1/exposure",
        ExposureReply,
        lambda frame: exposure_reply(frame, dimension, name),
        by=dimension,
        name=name,
    )
    reply = narrowed(reply, sort, name=name)
    _show(dimension, reply, form)
    return UNREACHABLE if reply.portfolio.n_accounts and not reply.portfolio.n_included else FINE


def _group(by: str | None, **filters: str | None) -> tuple[str, str | None]:
    """Return the dimension and the one name wanted of it.

    Raises
    ------
    ConfigError
        If two filters, or a filter and another group, are given: exposure is summed in one dimension at a time.
    """
    from marginwatch.errors import ConfigError

    given = [(dimension, name) for dimension, name in filters.items() if name is not None]
    if len(given) > 1:
        raise ConfigError(
            "exposure takes one of --asset, --account, --desk and --venue; it is summed in one dimension at a time"
        )
    if given and by not in (None, given[0][0]):
        raise ConfigError(f"exposure by {by} has no --{given[0][0]}; leave out one of the two")
    return given[0] if given else (by or "asset", None)


def _show(by: str, reply: "ExposureReply", form: object) -> None:
    from marginwatch.cli import exposure_tables as tables
    from marginwatch.cli.output import Form, write_csv, write_json, write_table
    from marginwatch.cli.views import assumption_notes, complain_about, headline, notes_on
    from marginwatch.risk.table_rows import ExposureRow, PortfolioSummary

    left_out = reply.portfolio.not_included
    if form is Form.JSON:
        write_json(reply)
        return
    if form is Form.CSV:
        is_whole = by == "portfolio"
        write_csv(
            PortfolioSummary if is_whole else ExposureRow, [reply.portfolio] if is_whole else reply.rows
        )
        complain_about(left_out)
        return
    if by != "portfolio":
        columns = tables.ASSET_COLUMNS if by == "asset" else tables.GROUP_COLUMNS
        write_table(headline(f"Exposure by {by}", reply, len(reply.rows)), columns, reply.rows)
    if reply.opposing:
        write_table("Opposing accounts", tables.OPPOSITION_COLUMNS, reply.opposing)
    write_table(
        "In all", tables.PORTFOLIO_COLUMNS, [reply.portfolio], [*notes_on(left_out), *assumption_notes(reply)]
    )
