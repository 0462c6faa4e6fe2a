"""What all sessions share: collaborators handed down, no state of their own but the plan."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from marginwatch.clock import Clock
from marginwatch.collect.connection_queue import ConnectionQueue
from marginwatch.collect.planning import Intervals
from marginwatch.collect.ports import VenuePort
from marginwatch.collect.price_wishes import PriceWishes
from marginwatch.collect.settings import CollectSettings
from marginwatch.collect.socket import Connector
from marginwatch.collect.socket_places import SocketPlaces
from marginwatch.collect.timers import Timers
from marginwatch.collect.uid_registry import UidRegistry
from marginwatch.model.events import EventSink
from marginwatch.model.ids import AccountId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined


@dataclass(slots=True)
class Services:
    """For all sessions of all venues."""

    sink: EventSink
    clock: Clock
    timers: Timers
    settings: CollectSettings
    connect: Connector
    on_quarantine: Callable[[Quarantined], None]
    on_notice: Callable[[Notice], None]
    needs_second_look: Callable[[AccountId], bool]
    evict: Callable[[AccountId, AccountId], None]
    """Stop the first account, for the second one, earlier in the configuration, is the same one."""
    sweep_places: asyncio.Semaphore
    places: SocketPlaces = field(default_factory=SocketPlaces)
    """For private sockets; shared price sockets are few and come out of its reserve."""
    uids: UidRegistry = field(default_factory=UidRegistry)
    chance: random.Random = field(default_factory=random.Random)


@dataclass(slots=True)
class VenueServices:
    """For all sessions of one venue."""

    port: VenuePort
    private_queue: ConnectionQueue
    wishes: PriceWishes
    intervals: Intervals
