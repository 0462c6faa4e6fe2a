"""What somebody takes care of already."""

from collections.abc import Mapping

from marginwatch.model.alert import Acknowledgement, Alert


def acknowledgement_of(alert: Alert, acknowledged: Mapping[str, Acknowledgement]) -> Acknowledgement | None:
    """Return the acknowledgement that quiets an alert: of this occurrence, at its severity or a higher one."""
    given = acknowledged.get(alert.alert_id)
    return given if given is not None and alert.severity <= given.severity else None
