"""What the routes of heavy measures answer: the frozen parts of one frame, each with its age or the reason for none."""

from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy_rows import DistanceBasis, LadderRow
from marginwatch.risk.table_rows import AccountRow, NotIncluded
from marginwatch.risk.tables import account_rows, distance_basis, ladder_rows, not_included
from marginwatch.web.names import require_known
from marginwatch.web.replies import Reply, n_included
from marginwatch.web.selection import select


class MarginReply(Reply, frozen=True, kw_only=True):
    """Margins and distances by account, the ladders of the desk, and what distances rest on."""

    n_included: int | None = None
    rows: tuple[AccountRow, ...]
    ladder: tuple[LadderRow, ...]
    basis: DistanceBasis
    not_included: tuple[NotIncluded, ...]


def margin_reply(
    frame: Frame, *, account: str | None = None, desk: str | None = None, venue: str | None = None
) -> MarginReply:
    """Return margins, distances and ladders of a frame, of all accounts or those of the given names.

    Raises
    ------
    ConfigError
        If a name occurs nowhere.
    """
    require_known(frame, account=account, desk=desk, venue=venue)
    rows = select(account_rows(frame), account_id=account, desk=desk, venue=venue)
    shown = {row.account_id for row in rows}
    return MarginReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        n_included=n_included(frame),
        rows=tuple(rows),
        ladder=tuple(row for row in ladder_rows(frame) if row.account_id in shown),
        basis=distance_basis(frame),
        not_included=tuple(not_included(frame)),
    )
