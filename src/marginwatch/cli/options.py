"""Options that several commands share, so that they mean and are called the same everywhere."""

from typing import Annotated

import typer

ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Configuration; marginwatch.toml of this folder if left out."
    ),
]
UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="Ask a running service instead, such as http://127.0.0.1:8600."
    ),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        help="Token of that service: env:NAME, file:PATH or the token itself; else MARGINWATCH_TOKEN or the file in data_dir.",
    ),
]
BookOption = Annotated[
    str | None,
    typer.Option(
        "--book", metavar="FILE", help="Read a book file instead of accounts; see marginwatch export book."
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON object, totals and what they leave out included.")
]
CsvOption = Annotated[bool, typer.Option("--csv", help="Rows as CSV.")]
AccountOption = Annotated[str | None, typer.Option("--account", metavar="ID", help="Only this account.")]
DeskOption = Annotated[str | None, typer.Option("--desk", metavar="NAME", help="Only this desk.")]
AssetOption = Annotated[str | None, typer.Option("--asset", metavar="COIN", help="Only this coin.")]
VenueOption = Annotated[str | None, typer.Option("--venue", metavar="VENUE", help="Only this venue.")]
SortOption = Annotated[
    str | None,
    typer.Option("--sort", metavar="FIELD", help="Order by this field of the JSON rows; -FIELD descending."),
]
AuthorOption = Annotated[
    str | None,
    typer.Option(
        "--author", metavar="NAME", help="Who you are, for everybody to see; your login if left out."
    ),
]
