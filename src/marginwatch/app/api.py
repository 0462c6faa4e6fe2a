"""The API of a running service: what its routes read is fitted to the service here, once for every program that serves it."""

from marginwatch.app.health import LiveHealth
from marginwatch.app.live_accounts import LiveAccounts
from marginwatch.app.service import Service
from marginwatch.clock import SystemClock
from marginwatch.config.sections import is_loopback
from marginwatch.config.settings import ServiceSettings
from marginwatch.model.secret import Secret
from marginwatch.web.access.access import Access
from marginwatch.web.access.passwords import Passwords
from marginwatch.web.access.sessions import Sessions
from marginwatch.web.app import create_app
from marginwatch.web.gate import Gate


def api_of(service: Service, access: Access) -> Gate:
    """Return the API of a started service.

    Parameters
    ----------
    service : Service
        Whose frames, stored history and alerts are answered from.
    access : Access
        Who may come in.
    """
    return create_app(
        service,
        access,
        history=service.store,
        alerting=service.alerting,
        equity=service.equity,
        of_accounts=LiveAccounts(service),
        health=LiveHealth(service),
        whatif=service.heavy,
    )


def access_of(settings: ServiceSettings, token: Secret) -> Access:
    """Return who may come in by these settings.

    Parameters
    ----------
    settings : ServiceSettings
        Where the service listens, keeps its data, and whom it asks to sign in.
    token : Secret
        What programs must show.

    Raises
    ------
    ConfigError
        If the files of passwords or sessions cannot be used.
    """
    clock = SystemClock()
    return Access(
        token,
        passwords=Passwords(settings.password_file),
        sessions=Sessions(settings.sessions_file, clock, settings.session_days),
        is_local=is_loopback(settings.host),
        login=settings.login,
        clock=clock,
    )
