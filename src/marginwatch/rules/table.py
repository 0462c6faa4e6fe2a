"""The ``[[rule]]`` table as it is written."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

Word: TypeAlias = Literal["info", "warning", "high", "critical"]
Name: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
        description="1 to 64 letters, digits, '-', '_' and '.', the first a letter or a digit",
    ),
]
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=600)]


class RuleTable(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[rule]]`` table; :class:`marginwatch.rules.definition.Rule` says what each key means.

    ``above`` or ``below`` with ``severity`` is a rule of one step; ``steps`` are tables with ``severity``, ``above`` or
    ``below``, and ``clear_below`` or ``clear_above``. Durations are texts such as ``5m``. ``watch_missing`` tells whether
    missing data are told; by default they are, unless the rule is informational.
    """

    name: Name
    measure: str
    above: float | None = None
    below: float | None = None
    clear_below: float | None = None
    clear_above: float | None = None
    severity: Word = "warning"
    steps: list[dict[str, Any]] = msgspec.field(default_factory=list[dict[str, Any]])
    change_over: str | None = None
    relative: bool = False
    magnitude: bool = False
    for_: str = msgspec.field(default="0s", name="for")
    keep_firing_for: str = "0s"
    repeat_every: str | None = None
    only: list[str] = msgspec.field(default_factory=list[str])
    at_least: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    labels: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    route: str | None = None
    message: Text | None = None
    action: Text | None = None
    suppresses: list[str] = msgspec.field(default_factory=list[str])
    watch_missing: bool | None = None


class StepTable(msgspec.Struct, frozen=True, kw_only=True):
    """One of ``steps``: a severity, where it begins, where it is left again."""

    severity: Word
    above: float | None = None
    below: float | None = None
    clear_below: float | None = None
    clear_above: float | None = None
