"""The route of tables as files."""

import asyncio
import weakref
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath, Parameter, QueryParameter
from litestar.response import Stream

from marginwatch.errors import ConfigError
from marginwatch.web.access.places import Places, Who, who_of
from marginwatch.web.exports.parquet_form import NoParquetError, require_parquet
from marginwatch.web.exports.sending import MEDIA, Export, Form, file_of
from marginwatch.web.exports.tables import TABLES, Asked, Chunks
from marginwatch.web.names import as_written, require_heard_of
from marginwatch.web.reading import last_frame

Name = Annotated[str | None, Parameter(max_length=512)]
Moment = Annotated[int | None, Parameter(ge=0, le=2**63 - 1)]
Confidence = Annotated[float | None, Parameter(gt=0.5, lt=1.0)]

ROWS_DEFAULT = 10_000
ROWS_MAX = 200_000
Limit = Annotated[int | None, Parameter(ge=1, le=ROWS_MAX)]

AT_ONCE = Places(in_all=8, each_session=3, each_address=6, viewers=6)
"""Of files that are being made and sent: each holds a copy of the picture as long as somebody reads it."""

BUSY = "too many files are being made and sent: {}, or ask again when it is through"


@get("/api/v1/export/{file:str}")
async def export(
    request: Request[Any, Any, State],
    state: State,
    file: FromPath[str],
    account: Name = None,
    desk: Name = None,
    venue: Name = None,
    asset: Name = None,
    by: Name = None,
    name: Name = None,
    scenario: Name = None,
    method: Name = None,
    confidence: Confidence = None,
    horizon: Name = None,
    alert_state: Annotated[str | None, QueryParameter(name="state", max_length=16)] = None,
    severity: Name = None,
    rule: Name = None,
    channel: Name = None,
    key: Name = None,
    from_ns: Moment = None,
    to_ns: Moment = None,
    limit: Limit = None,
) -> Response[Any]:
    """Return a table as a file: ``accounts.csv``, ``positions.parquet``, ``alerts.json`` and so on, with the filters of its route.

    CSV is safe to open in a spreadsheet: no text in it is a formula. Parquet has typed columns and needs pyarrow, without
    which the answer is 501. Of what is stored the newest ``limit`` rows, 10,000 by default.
    """
    given = {
        "account": as_written(state, account),
        "desk": desk,
        "venue": venue,
        "asset": asset,
        "by": by,
        "name": name,
        "scenario": scenario,
        "method": method,
        "confidence": confidence,
        "horizon": horizon,
        "state": alert_state,
        "severity": severity,
        "rule": rule,
        "channel": channel,
        "key": key,
        "from_ns": from_ns,
        "to_ns": to_ns,
        "limit": limit,
    }
    asked = {filter_name: value for filter_name, value in given.items() if value is not None}
    table, form = _named(file)
    kind = TABLES[table]
    if unknown := sorted(asked.keys() - kind.filters):
        known = ", ".join(sorted(kind.filters)) or "nothing"
        raise ConfigError(f"{table} cannot be filtered by {unknown[0]!r}; it can by: {known}")
    if form == "parquet":
        try:
            await asyncio.to_thread(require_parquet)
        except NoParquetError as error:
            raise HTTPException(status_code=501, detail=str(error)) from None
    frame = last_frame(state)
    asked.setdefault("limit", ROWS_DEFAULT)
    made = Export(table, form, kind.shape, frame.sequence, frame.at_ns)
    transfers: Transfers = state["exports"]
    chunks = await transfers.begun(_heard_of(state, asked, kind.rows(state, asked)), who_of(request.scope))
    headers = {"Content-Disposition": f'attachment; filename="{made.file_name}"'}
    return Stream(file_of(made, chunks), media_type=MEDIA[form], headers=headers)


async def _heard_of(state: State, asked: Asked, chunks: Chunks) -> Chunks:
    """Yield the same rows; raise instead of none of an account that there is not."""
    has_rows = False
    async for some in chunks:
        has_rows = has_rows or bool(some)
        yield some
    require_heard_of(state, asked.get("account"), has_rows=has_rows)


def _named(file: str) -> tuple[str, Form]:
    """Return table and form of a file's name.

    Raises
    ------
    ConfigError
        If it is none.
    """
    table, _, ending = file.rpartition(".")
    if table not in TABLES:
        raise ConfigError(f"there is no table {file[:64]!r} to export; there is: {', '.join(TABLES)}")
    for form in ("csv", "json", "parquet"):
        if ending == form:
            return table, form
    raise ConfigError(f"there is no form {ending[:16]!r}; there is: csv, json, parquet")


class Transfers:
    """Whose files are being made and sent.

    Parameters
    ----------
    places : Places
        So many at a time.
    """

    def __init__(self, places: Places = AT_ONCE) -> None:
        self._places = places
        self._open: list[Who | None] = []

    @property
    def n_open(self) -> int:
        """How many files there are."""
        return len(self._open)

    async def begun(self, chunks: Chunks, who: Who | None = None) -> Chunks:
        """Return the same rows, the first of them made already: what is wrong with a question is an answer of its own.

        Raises
        ------
        HTTPException
            429 if too many are open.
        """
        if (refusal := self._places.refusal(self._open, who)) is not None:
            detail = BUSY.format(refusal)
            raise HTTPException(status_code=429, detail=detail, headers={"Retry-After": "5"})
        # Made before anything else, and counted until nobody has it any more: what is never begun never ends either.
        first: list[Sequence[msgspec.Struct]] = []
        rows = _with_first(first, chunks)
        self._open.append(who)
        weakref.finalize(rows, self._open.remove, who)
        if (some := await anext(chunks, None)) is not None:
            first.append(some)
        return rows


async def _with_first(first: list[Sequence[msgspec.Struct]], chunks: Chunks) -> Chunks:
    while first:
        yield first.pop()
    async for some in chunks:
        yield some


EXPORT_ROUTES = (export,)
