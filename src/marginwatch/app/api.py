"""The API of a running service: what its routes read is fitted to the service here, once for every program that serves it."""

from marginwatch.app.service import Service
from marginwatch.model.secret import Secret
from marginwatch.web.app import create_app
from marginwatch.web.gate import Gate


def api_of(service: Service, token: Secret) -> Gate:
    """Return the API of a started service.

    Parameters
    ----------
    service : Service
        Whose frames, stored history and alerts are answered from.
    token : Secret
        What programs must show.
    """
    return create_app(service, token, history=service.store, alerting=service.alerting)
