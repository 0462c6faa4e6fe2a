"""The shared public sockets of one purpose: topics are spread over as few of them as their bounds allow."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import structlog

from marginwatch.collect.public_socket import PublicSocket
from marginwatch.collect.services import Services
from marginwatch.collect.supervisor import supervise

log = structlog.get_logger(__name__)

Shared = TypeVar("Shared", bound=PublicSocket[Any])


class SocketGroup(Generic[Shared]):
    """Sockets by category.

    Parameters
    ----------
    what : str
        What they carry, for the log.
    open_socket : callable
        Makes the socket of a category.
    services : Services
        Shared collaborators.
    """

    def __init__(self, what: str, open_socket: Callable[[str], Shared], services: Services) -> None:
        self._what = what
        self._open_socket = open_socket
        self._services = services
        settings = services.settings
        self._sockets_max = max(1, int(settings.share_of_limit * settings.public_sockets_max))
        self._sockets: dict[str, list[Shared]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def sockets(self) -> tuple[Shared, ...]:
        """All of them."""
        return tuple(socket for group in self._sockets.values() for socket in group)

    def place(self, topics: Mapping[str, set[str]]) -> None:
        """Follow these topics, by category, and no others."""
        # In an order that does not depend on how texts hash: the same run opens the same sockets.
        for category in dict.fromkeys((*self._sockets, *topics)):
            self._place(category, topics.get(category, set()))

    def _place(self, category: str, topics: set[str]) -> None:
        group = self._sockets.setdefault(category, [])
        placed: set[str] = set()
        for socket in group:
            socket.leave(set(socket.topics - topics))
            placed |= socket.topics
        for topic in sorted(topics - placed):
            socket = next((one for one in group if one.fits(topic)), None)
            if socket is None:
                if len(group) >= self._sockets_max:
                    log.warning("no socket left for a topic", category=category, topic=topic)
                    continue
                socket = self._open(category)
                group.append(socket)
            socket.follow({topic})

    def _open(self, category: str) -> Shared:
        socket = self._open_socket(category)
        task = asyncio.create_task(supervise(f"{self._what} {category}", socket.run, self._services.clock))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return socket

    async def stop(self) -> None:
        """Close them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._sockets.clear()
