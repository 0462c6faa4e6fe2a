"""The route of one account."""

from collections.abc import Sequence
from typing import Annotated

from litestar import get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import Parameter

from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.ids import AccountId
from marginwatch.model.risk_history import ModelErrorSample
from marginwatch.risk.frame import Frame
from marginwatch.web.account_ports import AccountModel
from marginwatch.web.account_replies import AccountDetail, account_detail, code_of
from marginwatch.web.ports import BreakRecord, History
from marginwatch.web.reading import frame_of

BREAKS_SHOWN = 50
ERRORS_SHOWN = 24 * 30
"""Hourly samples of each figure: a month."""

NO_HISTORY = "this service keeps no history"

FIGURES = ("maintenance_margin", "adjusted_equity")

AccountName = Annotated[str, Parameter(max_length=128)]


@get("/api/v1/accounts/{account_id:str}")
async def account(state: State, account_id: AccountName) -> AccountDetail:
    """Return everything about one account; 404 with the most similar name if there is none."""
    return await detail_of(state, account_id)


async def detail_of(state: State, account_id: str) -> AccountDetail:
    """Return everything about one account, of the latest frame.

    Raises
    ------
    HTTPException
        404 if there is no such account, 503 while there is no picture.
    """
    history: History | None = state["history"]
    accounts: AccountModel | None = state["accounts"]
    name = _known(frame_of(state), account_id)
    breaks: Sequence[BreakRecord] = ()
    errors: list[ModelErrorSample] = []
    problem = NO_HISTORY if history is None else None
    try:
        if accounts is not None:
            breaks = await accounts.breaks(name, BREAKS_SHOWN)
        elif history is not None:
            breaks = await history.breaks(account_id=name, limit=BREAKS_SHOWN)
        if accounts is not None:
            for figure in FIGURES:
                errors += await accounts.model_errors(name, figure, ERRORS_SHOWN)
    except ConnectivityError as error:
        # A database that is away must not hide an account that is in danger.
        breaks, errors, problem = (), [], str(error)
    # What was read took a while, and a frame is good for two intervals only: the newest, without a pause.
    frame = frame_of(state)
    _known(frame, name)
    return account_detail(frame, code_of(frame, name), accounts, breaks, errors, problem)


def _known(frame: Frame, account_id: str) -> AccountId:
    try:
        spec = frame.book.specs[code_of(frame, account_id)]
    except ConfigError as error:
        raise HTTPException(status_code=404, detail=str(error)) from error
    if spec is None:
        raise AssertionError("a row found by its name has an account")
    return spec.account_id


ACCOUNT_ROUTES = (account,)
