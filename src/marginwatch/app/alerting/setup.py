"""Rules and ways to people, as one configuration wants them."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from marginwatch.config.durations import seconds_of
from marginwatch.config.settings import Config
from marginwatch.config.table import Complaints, nearest
from marginwatch.errors import ConfigError
from marginwatch.model.severity import Severity
from marginwatch.notify.reading import read_notification
from marginwatch.notify.settings import NotifySetup
from marginwatch.rules.definition import Rule
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import GUIDES, check_suppressed, default_rules, read_rules, rule_file
from marginwatch.rules.rulebook import RuleSettings

SETTLE_S = 15.0
"""How long a restored alert stands as it was while prices and heavy measures of its subject are on their way."""


class AlertSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What is watched for, and who is told.

    Parameters
    ----------
    rules : tuple of Rule
        In force, the built-in ones first.
    rule_settings : RuleSettings
        What holds for all rules.
    notification : NotifySetup
        Routes, channels and what holds alerts back.
    folder : Path
        What relative paths of channels start from.
    day_zone : str
        IANA name of the zone in which a day begins.
    """

    rules: tuple[Rule, ...]
    rule_settings: RuleSettings
    notification: NotifySetup
    folder: Path
    day_zone: str = "UTC"


def alert_setup(config: Config) -> AlertSetup:
    """Return what ``config`` says about alerts.

    Raises
    ------
    ConfigError
        One line for each thing that is wrong, with file, line, key and remedy.
    """
    complaints = Complaints(config.path, config.lines)
    folder = config.path.absolute().parent
    rules = _rules_in_force(complaints, config, folder)
    notification = read_notification(complaints, config, folder)
    _check_routes(complaints, rules, notification)
    complaints.raise_if_any()
    alerts = config.alerts
    return AlertSetup(
        rules=rules,
        rule_settings=RuleSettings(
            unknown_after_s=seconds_of(alerts.unknown_after),
            unknown_severity=Severity.of_word(alerts.unknown_severity),
            settle_s=SETTLE_S,
        ),
        notification=notification,
        folder=folder,
        day_zone=alerts.day_zone,
    )


def rules_in_force(config: Config) -> tuple[Rule, ...]:
    """Return the rules that ``config`` wants: built-in ones, those of its rule files, its own. A later one of a name replaces.

    Raises
    ------
    ConfigError
        One line for each thing that is wrong, with file, line, key and remedy.
    """
    complaints = Complaints(config.path, config.lines)
    rules = _rules_in_force(complaints, config, config.path.absolute().parent)
    complaints.raise_if_any()
    return rules


def _rules_in_force(complaints: Complaints, config: Config, folder: Path) -> tuple[Rule, ...]:
    found = {rule.name: rule for rule in default_rules()}
    for name in config.alerts.disable:
        if name not in found:
            complaints.refuse(
                ("alerts", "disable"),
                f"[alerts] disable: there is no built-in rule {name!r}; {nearest(name, list(found))}",
            )
    wanted = config.alerts.default_rules
    found = {name: rule for name, rule in found.items() if wanted and name not in config.alerts.disable}
    for name in config.alerts.rule_files:
        try:
            found |= {rule.name: rule for rule in rule_file(name if name == GUIDES else folder / name)}
        except ConfigError as error:
            complaints.refuse(("alerts", "rule_files"), str(error))
    found |= {rule.name: rule for rule in read_rules(complaints, config.rules, MEASURES)}
    check_suppressed(complaints, tuple(found.values()))
    return tuple(found.values())


def _check_routes(complaints: Complaints, rules: Sequence[Rule], notification: NotifySetup) -> None:
    known = [route.name for route in (*notification.routes, notification.default_route)]
    for rule in rules:
        if rule.route is not None and rule.route not in known:
            complaints.refuse(
                ("rule",),
                f"{rule.origin}: rule {rule.name!r} wants route {rule.route!r}, which is not there;"
                f" {nearest(rule.route, known)}",
            )
