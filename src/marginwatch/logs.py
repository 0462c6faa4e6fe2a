"""Structured logs for people or for machines, in which no secret comes out, whoever put it in."""

import logging
import re
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from marginwatch.model.secret import Secret

HIDDEN = "***"
SECRET_FIELD = re.compile(
    r"(?:^|[_.-])(?:api[_-]?key|secret|token|pass(?:word|phrase|wd)?|authorization|cookie|credentials?"
    r"|signature|sign|private[_-]?key)(?:$|[_.-])",
    re.IGNORECASE,
)
"""Names of fields whose value is not shown, whatever it is: ``api_key``, ``X-BAPI-SIGN``, ``db_password``."""

DEPTH_MAX = 6
_RUN = re.compile(r"[A-Za-z0-9]+")
_RUN_AS_SHOWN = re.compile(r"\\[nrt]|[A-Za-z0-9]+")
"""A line break inside a secret is shown as ``\\n``, whose letter is no part of the run after it."""
_RUN_LENGTH_MIN = 12
_TEXT_LENGTH_MIN = 4


class Scrubber:
    """Strikes known secrets out of finished lines, wherever in them they stand.

    Keys are one long run of letters and digits, so a line is cut into such runs and each is looked up: the cost does
    not grow with the number of accounts. Secrets without such a run (``pass-word``) are searched for one by one.
    """

    def __init__(self) -> None:
        self._runs: set[str] = set()
        self._texts: set[str] = set()

    def learn(self, secrets: Iterable[Secret | None]) -> None:
        """Add secrets; those of a reload join the earlier ones."""
        for secret in secrets:
            for line in secret.reveal().splitlines() if secret is not None else ():
                runs = [run for run in _RUN.findall(line) if len(run) >= _RUN_LENGTH_MIN]
                self._runs.update(runs)
                if not runs and len(line.strip()) >= _TEXT_LENGTH_MIN:
                    self._texts.add(line.strip())

    def scrub(self, text: str) -> str:
        """Return ``text`` with every known secret replaced by ``***``."""
        for secret in self._texts:
            text = text.replace(secret, HIDDEN)
        if not self._runs:
            return text
        return _RUN_AS_SHOWN.sub(lambda run: HIDDEN if run.group() in self._runs else run.group(), text)


def hide_secret_fields(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace secrets and the values of key-like fields, at any depth; a structlog processor."""
    del logger, method
    return {name: HIDDEN if SECRET_FIELD.search(name) else _shown(value) for name, value in event.items()}


def _shown(value: object, depth: int = 0) -> object:
    if isinstance(value, Secret) or depth > DEPTH_MAX:
        return HIDDEN
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        return {
            str(name): HIDDEN if SECRET_FIELD.search(str(name)) else _shown(inner, depth + 1)
            for name, inner in fields.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(inner, depth + 1) for inner in cast("Iterable[object]", value)]
    return value


def configure_logs(
    log_format: str = "console", log_level: str = "info", stream: TextIO | None = None
) -> Scrubber:
    """Set up the logs of this process, those of libraries included.

    Parameters
    ----------
    log_format : {'console', 'json'}
        Lines for people, or one JSON object a line.
    log_level : {'debug', 'info', 'warning', 'error'}
        The least that is written. Libraries are heard from ``warning`` on.
    stream : text file or None
        Where to; None is stderr, for stdout belongs to the answer of a command.

    Returns
    -------
    Scrubber
        Tell it the secrets of the configuration, at the start and after each reload.
    """
    target = sys.stderr if stream is None else stream
    level = logging.getLevelNamesMapping()[log_level.upper()]
    scrubber = Scrubber()
    before = _processors_before_rendering()
    render = _renderer(log_format, is_terminal=target.isatty())

    def scrubbed(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return scrubber.scrub(str(render(logger, method, event)))

    structlog.configure(
        processors=[*before, scrubbed],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,  # a logger made at import time must follow this configuration too
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, scrubbed],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)
    return scrubber


def hear_interpreter() -> None:
    """Let what the interpreter writes itself be lines of the log: warnings, errors that end a thread, errors nobody could catch.

    For a program of its own, after :func:`configure_logs`: a reader of JSON lines finds no others, and no secret comes out there.
    """
    logging.captureWarnings(True)
    log = structlog.get_logger(__name__)

    def in_thread(told: threading.ExceptHookArgs) -> None:
        error = told.exc_value
        if error is not None and not isinstance(error, SystemExit):
            log.error("an error ended a thread", thread=told.thread and told.thread.name, exc_info=error)

    def uncaught(told: "sys.UnraisableHookArgs") -> None:
        # Of what it arose in only the kind is shown: to describe it may fail once more.
        kind = type(told.object).__name__
        log.error(told.err_msg or "an error that nobody could catch", of=kind, exc_info=told.exc_value)

    threading.excepthook, sys.unraisablehook = in_thread, uncaught


def _processors_before_rendering() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # Plain text: the prettier tracebacks show local variables, and those may be secrets.
        structlog.processors.format_exc_info,
        hide_secret_fields,
    ]


def _renderer(log_format: str, *, is_terminal: bool) -> Any:  # two renderers without a common public type
    if log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=is_terminal, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )
