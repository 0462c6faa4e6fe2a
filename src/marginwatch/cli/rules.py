"""``marginwatch rules``: the rules in force, and rules tried on a series written by hand."""

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import typer

from marginwatch.cli.options import ConfigOption, CsvOption, JsonOption, TokenOption, UrlOption

if TYPE_CHECKING:
    from marginwatch.web.alert_replies import RuleRow


def rules(context: typer.Context) -> int:
    """Show the rules in force, or try rules on a series written by hand."""
    from marginwatch.cli.supervision import FINE
    from marginwatch.errors import ConfigError

    if context.invoked_subcommand is None:
        raise ConfigError("rules: say what: list or test (see marginwatch rules --help)")
    return FINE


def list_(
    config: ConfigOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    rule: Annotated[str | None, typer.Option("--rule", metavar="NAME", help="Only this rule.")] = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> int:
    """Show every rule in force: measure, limits, where it comes from; of a service (--url) also how far it is from firing."""
    from marginwatch.cli.output import Form, form_of, write_csv, write_json, write_table
    from marginwatch.cli.rule_table import columns_for, rules_title
    from marginwatch.cli.service_client import fetch, find_token
    from marginwatch.cli.supervision import FINE
    from marginwatch.web.alert_replies import RuleRow, RulesReply

    form = form_of(json, csv)
    if url is not None:
        query = "" if rule is None else f"?{urlencode({'rule': rule})}"
        reply = fetch(url, f"/api/v1/rules{query}", find_token(token, config), RulesReply)
    else:
        reply = RulesReply(taken_at_ns=_now_ns(), rows=_configured(config, rule))
    if form is Form.JSON:
        write_json(reply)
    elif form is Form.CSV:
        write_csv(RuleRow, reply.rows)
    else:
        write_table(rules_title(reply), columns_for(reply.rows), reply.rows, is_dense=True)
    return FINE


def _now_ns() -> int:
    from marginwatch.clock import SystemClock

    return SystemClock().now_ns()


def _configured(config: str | None, rule: str | None) -> "tuple[RuleRow, ...]":
    """Return the rules that a configuration wants; without one, those that come along."""
    from pathlib import Path

    from marginwatch.app.alerting.setup import rules_in_force
    from marginwatch.cli.service_client import DEFAULT_CONFIG
    from marginwatch.config.loader import load
    from marginwatch.rules.reading import default_rules
    from marginwatch.web.alert_rows import require_rule, rule_row

    if config is None and not Path(DEFAULT_CONFIG).exists():
        found = default_rules()
    else:
        found = rules_in_force(load(config or DEFAULT_CONFIG, needs_accounts=False))
    require_rule(rule, found, ())
    return tuple(rule_row(one) for one in found if rule in (None, one.name))


def try_rules(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Rules, series and expectations, in TOML.")],
    show: Annotated[
        bool, typer.Option("--show", help="Show every change of alerts too; a help in writing expectations.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Try rules on a series written by hand; exit code 1 if anything comes otherwise than expected.

    docs/testing-rules.md explains the file.
    """
    from marginwatch.cli.output import write_json
    from marginwatch.cli.rule_trial import report_of, write_report
    from marginwatch.cli.supervision import FINE, NOT_FINE
    from marginwatch.rules.measures.registry import MEASURES
    from marginwatch.rules.trying.document import read_trial
    from marginwatch.rules.trying.trial import run

    trial = read_trial(file, MEASURES)
    report = report_of(file, trial, run(trial, MEASURES))
    if json:
        write_json(report)
    else:
        write_report(report, is_showing=show)
    return FINE if report.ok else NOT_FINE
