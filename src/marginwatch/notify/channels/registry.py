"""All kinds of channels by the word that configuration calls them."""

from collections.abc import Mapping
from types import MappingProxyType

from marginwatch.notify.channels.base import ChannelKind
from marginwatch.notify.channels.inbox.manifest import KIND as INBOX
from marginwatch.notify.channels.telegram.manifest import KIND as TELEGRAM

KINDS: Mapping[str, ChannelKind] = MappingProxyType({one.kind: one for one in (INBOX, TELEGRAM)})
"""Kind → what its manifest states."""
