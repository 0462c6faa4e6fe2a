"""``marginwatch demo``: everything against simulated exchanges, with no key and no account."""

from typing import Annotated

import typer


def demo(
    accounts: Annotated[int, typer.Option(min=1, max=10_000, help="How many simulated accounts.")] = 12,
    seed: Annotated[int, typer.Option(help="The same seed plays the same market.")] = 42,
    scenario: Annotated[
        str,
        typer.Option(
            help="What the market does: calm, crash, calm-then-crash, squeeze, depeg …, or a day such as 2020-03-12."
        ),
    ] = "calm-then-crash",
    market: Annotated[
        str, typer.Option(help="What moves coins while it is calm: model, or history (recorded days).")
    ] = "model",
    duration: Annotated[
        float | None, typer.Option(min=0.1, metavar="SECONDS", help="Stop by itself after so long.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Of the dashboard and the API; 0 takes a free one.")
    ] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the dashboard.")] = False,
    json_: Annotated[
        bool, typer.Option("--json", help="No picture; print one JSON object at the end.")
    ] = False,
) -> int:
    """Watch simulated accounts through a calm market and a crash; needs no key."""
    import sys

    import msgspec

    from marginwatch.cli.browser import open_page
    from marginwatch.daemon import run_loop
    from marginwatch.demo.show import play, terminal
    from marginwatch.demo.stage import Plot
    from marginwatch.errors import ConfigError
    from marginwatch.logs import configure_logs
    from marginwatch.sim.moves import MARKET_SOURCES
    from marginwatch.sim.scenario import SCENARIOS

    if scenario not in SCENARIOS:
        raise ConfigError(f"--scenario: {scenario!r} is not a scenario; known are {', '.join(SCENARIOS)}")
    if market not in MARKET_SOURCES:
        raise ConfigError(f"--market: {market!r} moves nothing; known are {', '.join(MARKET_SOURCES)}")
    # The picture shows what a log would say; only defects are worth a line across it.
    configure_logs("console", "error")
    plot = Plot(n_accounts=accounts, seed=seed, scenario=scenario, market=market, port=port)
    # Who pipes the picture away or wants JSON is a program.
    is_watched = sys.stdout.isatty() and not no_browser and not json_
    on_start = open_page if is_watched else None
    tally = run_loop(play(plot, duration, None if json_ else terminal(), on_start=on_start))
    if json_:
        sys.stdout.write(msgspec.json.encode(tally).decode() + "\n")
    return 0
