"""Which read routes are topics, how often each is made anew for its subscribers, and upon what."""

import inspect
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import KwargDefinition
from litestar.types import ControllerRouterHandler

from marginwatch.errors import ConfigError
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.parts import Heavy, Part
from marginwatch.web.alert_ports import AlertModel

Version = Callable[[Frame, State], Hashable]

LIMITS = ("gt", "ge", "lt", "le", "min_length", "max_length", "pattern")


def of_frame(frame: Frame, state: State) -> Hashable:
    """Return what changes with every frame."""
    del state
    return frame.sequence


def of_part(*parts: Callable[[Heavy], Part[Any]]) -> Version:
    """Return what changes when one of these measures does, or becomes too old, or what counts changes."""

    def version(frame: Frame, state: State) -> Hashable:
        del state
        held = [
            (part(frame.heavy).at_ns, part(frame.heavy).held_at(frame.at_ns).value is None) for part in parts
        ]
        return (*held, frame.inclusion.tobytes(), frame.rows.unvalued.tobytes())

    return version


def of_alerts(frame: Frame, state: State) -> Hashable:
    """Return what changes when an alert comes, goes or rises, when somebody is told, and when somebody does something.

    Not with its value, which moves with every frame.
    """
    del frame
    model: AlertModel | None = state["alerting"]
    if model is None:
        return ()
    return model.version_of_alerts(), model.version_of_people(), model.version_of_told()


def of_people(state: State) -> Hashable:
    """Return what changes when somebody acknowledges or silences."""
    model: AlertModel | None = state["alerting"]
    return None if model is None else model.version_of_people()


def of_nobody(state: State) -> Hashable:
    """Return what never changes."""
    del state


@dataclass(frozen=True)
class Pace:
    """How a read route is a topic.

    Parameters
    ----------
    every_s : float
        Seconds between two of its documents at least.
    version : callable
        Of a frame and the application's state: while it returns the same, the document is not made anew.
    prompt : callable
        Of the application's state: once it returns something else, somebody waits for the document, and it is made
        however often and at whatever cost it was before.
    at_least_every_s : float or None
        When it is made anew nevertheless, for it depends on more than frames.
    path : str or None
        Of the route, if it is not ``/api/v1/`` and the topic's name.
    words : mapping of str to str
        What may follow the topic's name, where the route's argument is called otherwise.
    """

    every_s: float = 0.25
    version: Version = of_frame
    prompt: Callable[[State], Hashable] = of_nobody
    at_least_every_s: float | None = None
    path: str | None = None
    words: Mapping[str, str] = field(default_factory=dict[str, str])


PACES: Mapping[str, Pace] = {
    "overview": Pace(),
    "summary": Pace(),
    "exposure": Pace(),
    "matrix": Pace(every_s=1.0, path="/api/v1/exposure/matrix"),
    "margin": Pace(every_s=1.0),
    "stress": Pace(version=of_part(lambda of: of.stress, lambda of: of.cascades)),
    "var": Pace(version=of_part(lambda of: of.value_at_risk)),
    "levels": Pace(version=of_part(lambda of: of.levels)),
    "calendars": Pace(version=of_part(lambda of: of.calendars)),
    "advice": Pace(version=of_part(lambda of: of.advice)),
    "alerts": Pace(every_s=0.5, version=of_alerts, prompt=of_people, at_least_every_s=2.0),
    "rules": Pace(every_s=2.0, at_least_every_s=2.0),
    "silences": Pace(every_s=0.5, version=of_alerts, prompt=of_people, at_least_every_s=5.0),
    "health": Pace(every_s=1.0, at_least_every_s=2.0),
    "account": Pace(every_s=0.5, path="/api/v1/accounts/{account_id:str}", words={"account": "account_id"}),
}
"""Name of the topic → how its route is read. A line here makes a topic of a read route."""


class Document:
    """A read route that can be subscribed to; its parameters are what may follow the topic's name.

    Parameters
    ----------
    route : HTTPRouteHandler
        Its reply is the document.
    pace : Pace
        How often.
    """

    def __init__(self, route: HTTPRouteHandler, pace: Pace) -> None:
        self.pace = pace
        self._function: Callable[..., Any] = route.fn
        self._arguments = _arguments(route.fn)
        for word, argument in pace.words.items():
            kind = next(kind for name, kind in self._arguments.values() if name == argument)
            self._arguments = {one: held for one, held in self._arguments.items() if held[0] != argument} | {
                word: (argument, kind)
            }

    def takes(self, word: str) -> bool:
        """Return whether this may follow the topic's name."""
        return word in self._arguments

    def reply(self, state: State, arguments: Mapping[str, Any]) -> Any | Awaitable[Any]:
        """Return what the route answers, or something to wait for; it raises what the route does."""
        return self._function(state=state, **arguments)

    def arguments(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Return what follows a topic's name as the route takes it.

        Raises
        ------
        ConfigError
            If it is not what the route takes.
        """
        found: dict[str, Any] = {}
        for word, text in asked.items():
            if word not in self._arguments:
                known = ", ".join(self._arguments) or "nothing"
                raise ConfigError(f"{word!r} cannot be asked for here; there is: {known}")
            argument, kind = self._arguments[word]
            try:
                found[argument] = msgspec.convert(text, kind, strict=False)
            except msgspec.ValidationError as error:
                raise ConfigError(f"{word}: {error}") from None
        return found


def _arguments(function: Callable[..., Any]) -> dict[str, tuple[str, Any]]:
    """Return for each word that a route takes its argument, and the type of it with its limits."""
    hints = get_type_hints(function, include_extras=True)
    found: dict[str, tuple[str, Any]] = {}
    for argument in inspect.signature(function).parameters:
        if argument in ("state", "request"):
            continue
        kind, word, limits = hints[argument], argument, dict[str, Any]()
        if get_origin(kind) is Annotated:
            kind, *extras = get_args(kind)
            for one in extras:
                if isinstance(one, KwargDefinition):
                    word = getattr(one, "query", None) or getattr(one, "name", None) or word
                    given = {name: getattr(one, name, None) for name in LIMITS}
                    limits |= {name: limit for name, limit in given.items() if limit is not None}
        kind = _said(kind)
        found[word] = (argument, Annotated[kind, msgspec.Meta(**limits)] if limits else kind)
    return found


def _said(kind: Any) -> Any:
    """Return the type of what is said, where a route allows that nothing is."""
    kinds = [one for one in get_args(kind) if one is not type(None)]
    return kinds[0] if len(kinds) == 1 and type(None) in get_args(kind) else kind


def documents(routes: Iterable[ControllerRouterHandler]) -> dict[str, Document]:
    """Return every document that the routes of an application allow, by the name of its topic."""
    reads = [one for one in routes if isinstance(one, HTTPRouteHandler) and "GET" in one.http_methods]
    there = {path: route for route in reads for path in route.paths}
    return {
        name: Document(there[path], pace)
        for name, pace in PACES.items()
        if (path := pace.path or f"/api/v1/{name}") in there
    }
