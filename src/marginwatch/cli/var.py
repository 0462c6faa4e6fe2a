"""``marginwatch var``: value at risk and expected shortfall, where they come from, and whether to believe them."""

from typing import TYPE_CHECKING, Annotated

import typer

from marginwatch.cli.options import (
    BookOption,
    ConfigOption,
    CsvOption,
    JsonOption,
    SortOption,
    TokenOption,
    UrlOption,
)

if TYPE_CHECKING:
    from marginwatch.risk.var.settings import VarSettings
    from marginwatch.web.risk_replies import VarReply


def var(
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    book: BookOption = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="GROUP", help="asset (if left out), account, desk or portfolio."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            "--method", metavar="NAME", help="filtered (if left out), historical, normal, cornish-fisher."
        ),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option("--confidence", min=0.5, max=1.0, help="Such as 0.95; 0.99 if left out.")
    ] = None,
    horizon: Annotated[
        str | None, typer.Option("--horizon", metavar="TIME", help="1h, 1d (if left out), 10d …")
    ] = None,
    sort: SortOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show value at risk and expected shortfall, what each asset, account or desk contributes, and the backtest.

    A reading of accounts fetches price histories first, which takes some seconds.
    """
    from marginwatch.cli.output import Form, form_of, write_csv, write_json
    from marginwatch.cli.source import Source
    from marginwatch.cli.views import complain_about, part_exit_code
    from marginwatch.risk.heavy.asked import Asked
    from marginwatch.risk.heavy_rows import VarRow
    from marginwatch.web.replies import narrowed
    from marginwatch.web.risk_replies import VarReply, var_reply

    form = form_of(json, csv)
    asked = Asked(parts=("value_at_risk",), var_settings=_settings(method, confidence, horizon))
    source = Source(config=config, url=url, token=token, book=book, asked=asked, wants_closes=True)
    reply = source.read(
        "/api/v1/var",
        VarReply,
        lambda frame: var_reply(frame, by=by, method=method, confidence=confidence, horizon=horizon),
        by=by,
        method=method,
        confidence=None if confidence is None else str(confidence),
        horizon=horizon,
    )
    reply = narrowed(reply, sort, VarRow)
    if form is Form.JSON:
        write_json(reply)
    elif form is Form.CSV:
        write_csv(VarRow, reply.rows)
        complain_about(reply.not_included)
    else:
        _show(reply, by or "asset")
    return part_exit_code(reply.basis)


def _settings(method: str | None, confidence: float | None, horizon: str | None) -> "VarSettings":
    """Return what is asked for.

    Raises
    ------
    ConfigError
        If it cannot be reckoned.
    """
    from marginwatch.errors import ConfigError
    from marginwatch.risk.var.settings import VarMethod, VarSettings
    from marginwatch.web.risk_replies import horizon_seconds

    usual = VarSettings()
    if method is not None and method not in list(VarMethod):
        raise ConfigError(f"--method: {method!r} is unknown; there is: {', '.join(VarMethod)}")
    try:
        return VarSettings(
            method=usual.method if method is None else VarMethod(method),
            confidence=confidence or usual.confidence,
            horizon_s=horizon_seconds(horizon, usual.horizon_s),
        )
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _show(reply: "VarReply", by: str) -> None:
    from marginwatch.cli import var_tables as tables
    from marginwatch.cli.output import write_table
    from marginwatch.cli.views import headline, part_notes, write_notes

    write_table(
        headline("Value at risk", reply, len(reply.whole)), tables.WHOLE_COLUMNS, tables.beside(reply)
    )
    if by != "portfolio" and reply.rows:
        columns = tables.ASSET_COLUMNS if by == "asset" else tables.PART_COLUMNS
        rows = tables.with_bars(reply.rows[: tables.PARTS_SHOWN_MAX])
        write_table(tables.part_title(by, reply.rows[0]), columns, rows)
    write_notes(reply, [*part_notes(reply.basis), *tables.correlation_notes(reply.correlations)])
