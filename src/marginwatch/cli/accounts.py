"""``marginwatch accounts``: every account by danger."""

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


def accounts(
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
    """Show the accounts by danger, with margin, health and age of data."""
    from marginwatch.cli.account_table import COLUMNS
    from marginwatch.cli.output import form_of
    from marginwatch.cli.source import Source
    from marginwatch.cli.views import show_rows
    from marginwatch.risk.heavy.asked import Asked
    from marginwatch.risk.table_rows import AccountRow
    from marginwatch.web.replies import AccountsReply, accounts_reply, narrowed

    form = form_of(json, csv)
    wanted = {"account": account, "desk": desk, "venue": venue}
    reply = Source(
        config=config, url=url, token=token, book=book, asked=Asked(parts=("distance", "levels"))
    ).read("/api/v1/accounts", AccountsReply, lambda frame: accounts_reply(frame, **wanted), **wanted)
    return show_rows("Accounts", narrowed(reply, sort), AccountRow, COLUMNS, form)
