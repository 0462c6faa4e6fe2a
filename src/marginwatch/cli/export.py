"""``marginwatch export``: a whole book as one file, to keep, to send, or to try things out on."""

from typing import Annotated

import typer

from marginwatch.cli.options import ConfigOption, TokenOption, UrlOption

OutputOption = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write; standard output if left out."),
]


def export(
    what: Annotated[str, typer.Argument(metavar="book", help="What to write: book.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    output: OutputOption = None,
) -> int:
    """Write everything held, owed and quoted to a file that other commands read with --book; no secret is in it."""
    from marginwatch.cli.supervision import FINE
    from marginwatch.errors import ConfigError

    if what != "book":
        raise ConfigError(f"export: {what[:40]!r} cannot be exported; there is: book")
    _write(_from_service(url, token, config) if url is not None else _read_once(config), output)
    return FINE


def _from_service(url: str, token: str | None, config: str | None) -> bytes:
    from marginwatch.cli.service_client import fetch_body, find_token

    return fetch_body(url, "/api/v1/book", find_token(token, config))


def _read_once(config: str | None) -> bytes:
    import asyncio

    from marginwatch.app.reading import gather_once
    from marginwatch.bookfile.writing import encode
    from marginwatch.cli.source import configuration_here, watched
    from marginwatch.cli.waiting import WaitingLine

    loaded = watched(configuration_here(config))
    with WaitingLine() as waiting:
        return encode(asyncio.run(gather_once(loaded, waiting)))


def _write(body: bytes, output: str | None) -> None:
    import sys
    from pathlib import Path

    from marginwatch.errors import ConfigError

    if output is None:
        sys.stdout.write(body.decode() + "\n")
        return
    try:
        Path(output).write_bytes(body + b"\n")
    except OSError as error:
        raise ConfigError(f"--output: cannot write {output} ({error.strerror}); choose another") from None
