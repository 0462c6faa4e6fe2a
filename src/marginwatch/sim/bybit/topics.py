"""Names of private topics: which exist, which may stand together, and which pushes they carry."""

from typing import Final

ALL_IN_ONE: Final = frozenset({"position", "execution", "execution.fast", "order", "wallet", "greeks"})
CATEGORISED: Final = frozenset(
    f"{family}.{category}"
    for family, categories in {
        "position": ("linear", "inverse", "option"),
        "execution": ("spot", "linear", "inverse", "option"),
        "execution.fast": ("spot", "linear", "inverse", "option"),
        "order": ("spot", "linear", "inverse", "option"),
    }.items()
    for category in categories
)
ENDS_ORDERS: Final = frozenset({"dcp.future", "dcp.option", "dcp.spot", "dcp"})
"""Topics of disconnection protection: when the last socket with one dies, Bybit cancels orders. A monitor never
asks for them; the simulator counts those who do."""


def is_known(topic: str) -> bool:
    """Return whether a private topic exists."""
    return topic in ALL_IN_ONE or topic in CATEGORISED or topic in ENDS_ORDERS


def family_of(topic: str) -> str:
    """Return the topic without its category."""
    return topic.rpartition(".")[0] if topic in CATEGORISED else topic


def mixes_forms(topics: list[str]) -> bool:
    """Return whether a request asks for a topic both as a whole and by category, which Bybit refuses."""
    whole = {topic for topic in topics if topic in ALL_IN_ONE}
    return any(family_of(topic) in whole for topic in topics if topic in CATEGORISED)
