"""Read the configuration file: parse, check every table, resolve secrets, and tell all that is wrong at once."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, cast

from marginwatch.config.accounts import read_accounts
from marginwatch.config.lines import key_lines
from marginwatch.config.masking import shown
from marginwatch.config.scenarios import read_scenarios
from marginwatch.config.sections import (
    SECTIONS,
    read_alerts,
    read_collect,
    read_prices,
    read_risk,
    read_section,
    read_service,
)
from marginwatch.config.settings import Config, LimitSettings, ServiceSettings
from marginwatch.config.table import Complaints, nearest
from marginwatch.errors import ConfigError

CONFIG_BYTES_MAX = 32 * 1024 * 1024
"""Ten thousand accounts take about 5 MB."""

ALL_DISABLED = "every account is disabled: nothing is watched until one of them has enabled = true"

LISTS = ("account", "scenario", "rule", "route", "channel", "mute", "inhibit")


def load(path: Path | str, *, needs_accounts: bool = True) -> Config:
    """Return the configuration in ``path``, with secrets resolved.

    Parameters
    ----------
    path : Path or str
        A TOML file; relative paths inside it start from its folder.
    needs_accounts : bool, default=True
        False for a command that reads none of them.

    Raises
    ------
    ConfigError
        One line for each thing that is wrong, with file, line, key and remedy. Also if accounts are needed and there is
        none, or none of the enabled ones has its secrets.
    """
    file = Path(path)
    complaints, document = read_document(file, (*SECTIONS, *LISTS))
    folder = file.absolute().parent
    service = read_service(complaints, document, folder)
    limits = read_section(complaints, document, "limits", LimitSettings)
    prices = read_prices(complaints, document)
    collect = read_collect(complaints, document)
    risk = read_risk(complaints, document)
    alerts = read_alerts(complaints, document)
    lists = {name: read_tables(complaints, document, name) for name in LISTS}
    accounts, refused = read_accounts(complaints, lists["account"], folder)
    scenarios = read_scenarios(complaints, lists["scenario"])
    if accounts and not refused and not any(spec.is_enabled for spec in accounts):
        complaints.warn(("account", 0), ALL_DISABLED)
    complaints.raise_if_any()
    if needs_accounts and not lists["account"]:
        raise ConfigError(f"{file}: there is no [[account]] to watch; marginwatch.example.toml shows one")
    if needs_accounts and refused and not any(spec.is_enabled for spec in accounts):
        raise ConfigError("\n".join(account.reason for account in refused))
    return Config(
        path=file,
        service=service,
        limits=limits,
        prices=prices,
        collect=collect,
        risk=risk,
        accounts=accounts,
        refused=refused,
        warnings=complaints.warnings,
        scenarios=scenarios,
        alerts=alerts,
        rules=tuple(lists["rule"]),
        routes=tuple(lists["route"]),
        channels=tuple(lists["channel"]),
        mutes=tuple(lists["mute"]),
        inhibits=tuple(lists["inhibit"]),
        lines=dict(complaints.lines),
    )


def load_watched(path: Path | str) -> Config:
    """Return the configuration in ``path``, for a command that is of no use without an account to read.

    Raises
    ------
    ConfigError
        As :func:`load`, and if every account is disabled; a service may wait for one to be enabled, a reading may not.
    """
    config = load(path)
    if not config.refused and not any(spec.is_enabled for spec in config.accounts):
        raise ConfigError(f"{config.path}: {ALL_DISABLED}")
    return config


def load_service(path: Path | str) -> ServiceSettings:
    """Return the ``[service]`` table alone, for a command that only needs to reach the running service.

    Raises
    ------
    ConfigError
        If the file is unreadable or that table is wrong; other tables are not judged.
    """
    file = Path(path)
    complaints, document = read_document(file, (*SECTIONS, *LISTS))
    service_only = Complaints(file, complaints.lines)
    service = read_service(service_only, document, file.absolute().parent, has_store=False)
    service_only.raise_if_any()
    return service


def read_document(
    file: Path,
    known: Sequence[str],
    what: str = "the configuration",
    remedy: str = "name it with -c PATH",
) -> tuple[Complaints, Mapping[str, Any]]:
    """Return a TOML file, parsed, and where to complain about it; a name that is not among ``known`` is refused there.

    ``what`` it is and the ``remedy`` are told where it cannot be read.

    Raises
    ------
    ConfigError
        If it cannot be read or is no TOML.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(CONFIG_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError(f"{file}: cannot read {what}: {error.strerror}; {remedy}") from error
    except ValueError as error:
        # A NUL in a name.
        raise ConfigError(f"{str(file)!r}: cannot read {what}: {error}; {remedy}") from error
    if len(content) > CONFIG_BYTES_MAX:
        raise ConfigError(f"{file}: longer than 32 MiB; this is not {what}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: not UTF-8; save the file as UTF-8") from None
    text = text.replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _refuse_syntax(file, text, str(error))
    except RecursionError:
        raise ConfigError(f"{file}: nested too deep; this is not {what}") from None
    complaints = Complaints(file, key_lines(text))
    for name in document:
        if name not in known:
            complaints.refuse(
                (name,), f"there is no table or key {shown(name)}; {nearest(name, list(known))}"
            )
    return complaints, document


def _refuse_syntax(file: Path, text: str, message: str) -> NoReturn:
    """Raise the parser's complaint with its line in our form.

    A key given twice is told as such, for the parser only says that it cannot overwrite a value.
    """
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(found.group(1)) if found and found.group(1) else text.count("\n") + 1
    problem = message[: found.start()] if found else message
    if "overwrite" in problem or "twice" in problem:
        key = text.split("\n")[line - 1].split("=", maxsplit=1)[0].strip()
        raise ConfigError(
            f"{file}:{line}: {key if shown(key) == repr(key) else shown(key)} is given twice in one table; remove one of them"
        )
    raise ConfigError(f"{file}:{line}: not valid TOML: {problem}; mend that line")


def read_tables(complaints: Complaints, document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the ``[[name]]`` tables of a document; what is written otherwise is refused."""
    given: object = document.get(name, [])
    if isinstance(given, list):
        tables = cast("list[object]", given)
        if all(isinstance(table, dict) for table in tables):
            return cast("list[dict[str, Any]]", tables)
    complaints.refuse((name,), f"{name!r} must be written as [[{name}]] with double brackets, one for each")
    return []
