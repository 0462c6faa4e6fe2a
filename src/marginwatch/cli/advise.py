"""``marginwatch advise``: transfers or hedges that would help, before and after; nothing executes them."""

from typing import TYPE_CHECKING, Annotated

import typer

from marginwatch.cli.options import (
    BookOption,
    ConfigOption,
    CsvOption,
    DeskOption,
    JsonOption,
    TokenOption,
    UrlOption,
)

if TYPE_CHECKING:
    from marginwatch.cli.output import Form
    from marginwatch.risk.frame import Frame
    from marginwatch.risk.heavy.advice import AdviceWish
    from marginwatch.web.risk_replies import AdviceReply

KINDS = ("transfers", "hedge")


def advise(
    what: Annotated[str, typer.Argument(metavar="transfers|hedge", help="What is asked for.")],
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    book: BookOption = None,
    usage: Annotated[
        float | None,
        typer.Option(
            "--usage", help="Transfers: largest maintenance margin usage, such as 0.5 (if left out)."
        ),
    ] = None,
    distance: Annotated[
        float | None,
        typer.Option("--distance", help="Transfers: smallest distance to liquidation, such as 0.2."),
    ] = None,
    target_usd: Annotated[
        float | None, typer.Option("--target-usd", help="Hedge: beta-weighted delta to leave; 0 if left out.")
    ] = None,
    coins: Annotated[
        str | None,
        typer.Option("--coins", metavar="A,B", help="Hedge: with perpetuals of these; BTC,ETH if left out."),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option("--account", metavar="ID", help="Hedge: this account; may be repeated."),
    ] = None,
    desk: DeskOption = None,
    trade_on: Annotated[
        str | None,
        typer.Option("--trade-on", metavar="ID", help="Hedge: place new positions on this account."),
    ] = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show the smallest transfers that bring every account to a target, or three ways to hedge; nothing executes them."""
    from marginwatch.cli.output import form_of
    from marginwatch.cli.source import Source
    from marginwatch.cli.views import part_exit_code
    from marginwatch.errors import ConfigError
    from marginwatch.risk.heavy.asked import Asked
    from marginwatch.web.names import require_known
    from marginwatch.web.risk_replies import AdviceReply, advice_reply

    if what not in KINDS:
        raise ConfigError(f"advise: {what[:40]!r} is unknown; there is: {', '.join(KINDS)}")
    form = form_of(json, csv)
    wish = _wish(usage, distance, target_usd, coins, account, desk, trade_on)
    is_usual = not any((usage, distance, target_usd, coins, account, desk, trade_on))
    source = Source(
        config=config,
        url=url,
        token=token,
        book=book,
        asked=Asked(parts=("advice",), wish=wish),
        wants_closes=what == "hedge",
        is_reckoned_here=not is_usual,
    )

    def build(frame: "Frame") -> AdviceReply:
        for name in [*(account or ()), trade_on]:
            require_known(frame, account=name)
        require_known(frame, desk=desk)
        return advice_reply(frame)

    reply = source.read("/api/v1/advice", AdviceReply, build)
    _show(what, reply, form)
    return part_exit_code(reply.basis)


def _wish(
    usage: float | None,
    distance: float | None,
    target_usd: float | None,
    coins: str | None,
    account: list[str] | None,
    desk: str | None,
    trade_on: str | None,
) -> "AdviceWish":
    from marginwatch.errors import ConfigError
    from marginwatch.model.ids import AccountId
    from marginwatch.risk.advice.settings import HedgeSettings, TransferTarget
    from marginwatch.risk.heavy.advice import AdviceWish

    if account and desk is not None:
        raise ConfigError("advise takes --account or --desk, not both")
    try:
        target = TransferTarget()
        if usage is not None or distance is not None:
            target = TransferTarget(usage=usage, distance=distance)
        hedge = HedgeSettings(target_usd=target_usd or 0.0)
        if coins is not None:
            named = tuple(one.strip().upper() for one in coins.split(",") if one.strip())
            hedge = HedgeSettings(target_usd=target_usd or 0.0, coins=named)
    except ValueError as error:
        raise ConfigError(f"advise: {error}") from None
    return AdviceWish(
        target=target,
        hedge=hedge,
        accounts=tuple(AccountId(one) for one in account) if account else None,
        desk=desk,
        trade_on=None if trade_on is None else AccountId(trade_on),
    )


def _show(what: str, reply: "AdviceReply", form: "Form") -> None:
    from marginwatch.cli import advise_tables as tables
    from marginwatch.cli.output import Form, write_csv, write_json
    from marginwatch.cli.views import complain_about, part_notes, write_notes

    if form is Form.JSON:
        write_json(reply)
    elif form is Form.CSV:
        shape, rows = tables.lines(what, reply)
        write_csv(shape, rows)
        complain_about(reply.not_included)
    else:
        (tables.show_transfers if what == "transfers" else tables.show_hedges)(reply)
        write_notes(reply, part_notes(reply.basis))
