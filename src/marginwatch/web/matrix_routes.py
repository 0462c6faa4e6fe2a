"""The route of exposure by coin and account."""

from typing import Annotated, Literal

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import Parameter

from marginwatch.web.large_replies import large_reply
from marginwatch.web.matrix_replies import MatrixReply, matrix_reply

Groups = Annotated[Literal["account", "desk"], Parameter(description="What the groups are.")]
Many = Annotated[int, Parameter(ge=1, le=100)]


@get("/api/v1/exposure/matrix")
async def matrix(
    state: State, by: Groups = "account", assets: Many = 30, accounts: Many = 60
) -> Response[MatrixReply]:
    """Return what each of the largest groups, ``account`` or ``desk``, holds of each of the largest coins."""
    return await large_reply(state, lambda frame: matrix_reply(frame, by, assets, accounts))


MATRIX_ROUTES = (matrix,)
