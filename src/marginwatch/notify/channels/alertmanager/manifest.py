"""What an Alertmanager is called and needs."""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.alertmanager.channel import AlertmanagerChannel
from marginwatch.notify.channels.alertmanager.config import AlertmanagerTable
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return AlertmanagerChannel(cast("AlertmanagerTable", table), secrets, context)


KIND: Final = ChannelKind(
    kind="alertmanager",
    table=AlertmanagerTable,
    secrets=("password", "bearer_token"),
    build=_build,
    messages_per_minute=600.0,
    text_max=1_000_000,
    documents=(
        "https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml (read 2026-11-21)",
        "https://prometheus.io/docs/alerting/latest/clients/ (read 2026-11-21)",
    ),
)
"""An Alertmanager."""
