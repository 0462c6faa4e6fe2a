"""Which routes and channels an alert goes to."""

from collections.abc import Mapping

from marginwatch.model.alert import Alert
from marginwatch.notify.settings import NotifySetup, Route

FIELD = "\x1f"
"""Between the parts of a group's name: no label holds it."""


def labels_of(alert: Alert) -> Mapping[str, str]:
    """Return the labels that matchers see: the alert's own, with its severity as it is now."""
    return {**alert.labels, "rule": alert.rule, "severity": alert.severity.word}


def routes_of(alert: Alert, setup: NotifySetup) -> tuple[Route, ...]:
    """Return the routes of an alert: never none.

    The route that its rule names, if there is one of that name; else the first that matches, and further ones as long as
    each is continued; else the default route, so that nothing goes nowhere because a matcher is missing.
    """
    if alert.route is not None:
        named = tuple(route for route in (*setup.routes, setup.default_route) if route.name == alert.route)
        if named:
            return named
    labels = labels_of(alert)
    found: list[Route] = []
    for route in setup.routes:
        if all(matcher.matches(labels) for matcher in route.matchers):
            found.append(route)
            if not route.is_continued:
                break
    return tuple(found) or (setup.default_route,)


def first_channels(alert: Alert, setup: NotifySetup) -> dict[str, Route]:
    """Return the channels that are told at once, each with the first route that leads there.

    Channels for which the alert is too mild are left out. What concerns a channel itself goes to all others, whatever
    the routes say: the failing one cannot tell it. Only where there is no other it waits in that one.
    """
    routes = routes_of(alert, setup)
    names = [(name, route) for route in routes for name in route.channels]
    if alert.subject.scope == "channel":
        others = [name for name in setup.channels if name != alert.subject.name]
        names = [(name, routes[0]) for name in others or setup.channels]
    found: dict[str, Route] = {}
    for name, route in names:
        if (channel := setup.channels.get(name)) is None or name in found:
            continue
        if alert.severity >= channel.min_severity or alert.subject.scope == "channel":
            found[name] = route
    return found


def group_of(alert: Alert, route: Route) -> str:
    """Return the name of the group that an alert belongs to on a route."""
    labels = labels_of(alert)
    return FIELD.join([route.name, *(labels.get(label, "") for label in route.group_by)])
