"""``marginwatch positions``: every open position."""

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


def positions(
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    book: BookOption = None,
    account: AccountOption = None,
    desk: DeskOption = None,
    asset: AssetOption = None,
    venue: VenueOption = None,
    sort: SortOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show the open positions of all accounts."""
    from marginwatch.cli.output import form_of
    from marginwatch.cli.position_table import COLUMNS
    from marginwatch.cli.source import Source
    from marginwatch.cli.views import show_rows
    from marginwatch.risk.heavy.asked import Asked
    from marginwatch.risk.table_rows import PositionRow
    from marginwatch.web.replies import PositionsReply, narrowed, positions_reply

    form = form_of(json, csv)
    wanted = {"account": account, "desk": desk, "venue": venue, "asset": asset}
    source = Source(config=config, url=url, token=token, book=book, asked=Asked(parts=("distance",)))
    reply = source.read(
        "/api/v1/positions",
        PositionsReply,
        lambda frame: positions_reply(frame, account=account, desk=desk, venue=venue, asset=asset),
        **wanted,
    )
    return show_rows("Positions", narrowed(reply, sort), PositionRow, COLUMNS, form)
