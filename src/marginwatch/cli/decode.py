"""``marginwatch decode``: one recorded exchange message to our model, offline."""

import codecs

import typer

PAYLOAD_BYTES_MAX = 256 * 1024 * 1024
"""Far more than a reply of an exchange; what is longer is a device or a mistake."""


def decode(
    venue: str = typer.Argument(help="Whose message it is: bybit."),
    file: str = typer.Argument(help="File with the message as on the wire; - reads standard input."),
    kind: str | None = typer.Option(
        None, "--kind", help="What it is, such as 'rest position'; needed only where its shape does not tell."
    ),
    instruments: str | None = typer.Option(
        None, "--instruments", help="File with a reply of the instruments endpoint, for contract data."
    ),
    json_: bool = typer.Option(False, "--json", help="One line of JSON instead of indented JSON."),
) -> None:
    """Decode one recorded exchange message to our model, offline."""
    import msgspec

    from marginwatch.errors import ConfigError, ProtocolError
    from marginwatch.venues.bybit.decode import decode_payload
    from marginwatch.venues.decoded import view_of

    if venue != "bybit":
        raise ConfigError(f"decode: the venue {venue[:40]!r} is unknown; there is: bybit")
    body = _read(file)
    contracts = None if instruments is None else _read(instruments)
    try:
        view = view_of(decode_payload(body, kind, contracts))
    except ProtocolError as error:
        raise ProtocolError(f"{file}: {error}") from None
    text = msgspec.json.encode(view)
    typer.echo((text if json_ else msgspec.json.format(text, indent=2)).decode())


def _read(file: str) -> bytes:
    import sys
    from pathlib import Path

    from marginwatch.errors import ConfigError

    try:
        if file != "-":
            with Path(file).open("rb") as opened:
                body = opened.read(PAYLOAD_BYTES_MAX + 1)
        elif sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison]  # it was closed before the start
            raise ConfigError("-: standard input is closed")
        else:
            body = sys.stdin.buffer.read(PAYLOAD_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(body) > PAYLOAD_BYTES_MAX:
        raise ConfigError(f"{file}: longer than 256 MiB; this is not one message")
    # Editors put this mark before UTF-8 texts; no exchange sends it.
    return body.removeprefix(codecs.BOM_UTF8)
