"""More messages than a channel may send become fewer; what is critical goes first and is not one among others."""

from collections.abc import Sequence

import msgspec

from marginwatch.notify.stages.grouping import Draft
from marginwatch.notify.stages.superseding import Item


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent now, in this order, and what has to wait.

    Parameters
    ----------
    now : tuple of Draft
        One message each; critical ones first.
    later : tuple of Draft
        There is no room for these yet.
    """

    now: tuple[Draft, ...]
    later: tuple[Draft, ...] = ()


def packed(drafts: Sequence[Draft], *, room: int, reserved: int, items_max: int, digest_max: int) -> Packed:
    """Return what to send with the room that there is.

    Critical drafts go first, one message each. If there are more of them than there is room, the last of the room takes
    the rest in messages of critical alerts alone: they are never kept waiting, even beyond the limit. Others may use
    what is not reserved; where that is not enough for one message each, all become as few as possible.

    Parameters
    ----------
    drafts : sequence of Draft
        Most urgent first.
    room : int
        Messages that may be sent now, the reserved ones among them.
    reserved : int
        Of these, kept for critical alerts.
    items_max : int
        Items in one message that has room for what each says.
    digest_max : int
        Items in one message that stands for many: of most only the headline.
    """
    critical, room = _critical(drafts, room, items_max)
    others = [one for draft in drafts if not draft.is_critical for one in _split(draft, items_max)]
    free = max(0, room - reserved)
    if len(others) <= free:
        return Packed(now=(*critical, *others))
    alone = [draft for draft in others if draft.is_alone]
    company = [draft for draft in others if not draft.is_alone]
    digests = _joined([item for draft in company for item in draft.items], digest_max)
    wanted = [*digests, *alone]
    return Packed(now=(*critical, *wanted[:free]), later=tuple(wanted[free:]))


def _critical(drafts: Sequence[Draft], room: int, items_max: int) -> tuple[list[Draft], int]:
    found = [draft for draft in drafts if draft.is_critical]
    if len(found) <= max(room, 1):
        return found, max(0, room - len(found))
    own, rest = found[: max(room - 1, 0)], found[max(room - 1, 0) :]
    company = [item for draft in rest if not draft.is_alone for item in draft.items]
    return [*own, *_joined(company, items_max), *(draft for draft in rest if draft.is_alone)], 0


def _joined(items: Sequence[Item], items_max: int) -> list[Draft]:
    return [Draft(items=tuple(items[at : at + items_max])) for at in range(0, len(items), items_max)]


def _split(draft: Draft, items_max: int) -> list[Draft]:
    return [draft] if len(draft.items) <= items_max else _joined(draft.items, items_max)
