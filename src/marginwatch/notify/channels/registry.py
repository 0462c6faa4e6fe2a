"""All kinds of channels by the word that configuration calls them."""

from collections.abc import Mapping
from types import MappingProxyType

from marginwatch.notify.channels.alertmanager.manifest import KIND as ALERTMANAGER
from marginwatch.notify.channels.apprise.manifest import KIND as APPRISE
from marginwatch.notify.channels.base import ChannelKind
from marginwatch.notify.channels.dingtalk.manifest import KIND as DINGTALK
from marginwatch.notify.channels.email.manifest import KIND as EMAIL
from marginwatch.notify.channels.feishu.manifest import KIND as FEISHU
from marginwatch.notify.channels.inbox.manifest import KIND as INBOX
from marginwatch.notify.channels.line.manifest import KIND as LINE
from marginwatch.notify.channels.slack.manifest import KIND as SLACK
from marginwatch.notify.channels.telegram.manifest import KIND as TELEGRAM
from marginwatch.notify.channels.webhook.manifest import KIND as WEBHOOK
from marginwatch.notify.channels.wecom.manifest import KIND as WECOM

KINDS: Mapping[str, ChannelKind] = MappingProxyType(
    {
        one.kind: one
        for one in (
            ALERTMANAGER,
            APPRISE,
            DINGTALK,
            EMAIL,
            FEISHU,
            INBOX,
            LINE,
            SLACK,
            TELEGRAM,
            WEBHOOK,
            WECOM,
        )
    }
)
"""Kind → what its manifest states."""
