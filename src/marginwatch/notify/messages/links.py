"""Addresses of the dashboard's pages."""

from urllib.parse import quote

from marginwatch.model.alert import Alert


def dashboard_link(public_url: str | None, alert: Alert | None = None) -> str | None:
    """Return where the dashboard shows what an alert is about: its account, else the alert itself; its first page without one.

    None without ``public_url``: a link that only works on the monitor's own machine would mislead.
    """
    if not public_url:
        return None
    if alert is None:
        return f"{public_url.rstrip('/')}/#/"
    account = alert.subject.account_id or (alert.subject.name if alert.subject.scope == "account" else None)
    page = f"accounts/{quote(account, safe='')}" if account else f"alerts/{quote(alert.alert_id, safe='')}"
    return f"{public_url.rstrip('/')}/#/{page}"
