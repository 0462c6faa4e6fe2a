"""The simulator's README names every fault and every command of the remote control, and none that does not exist."""

import json
import re
from pathlib import Path

import pytest

import marginwatch.sim.bybit
from marginwatch.sim.bybit import orders_given
from marginwatch.sim.bybit.control import Control
from marginwatch.sim.faults import FaultPlan

README = (Path(marginwatch.sim.bybit.__file__).parent / "README.md").read_text()
CURLS = re.findall(r"\$CONTROL/(\w+)(?:\?\S+)?(?: +-d '(.*)')?", README)

NEED_MORE = {"advance", "mode", "amend", "margin", "hedging"}
"""What this exchange cannot do as it stands: its time runs by itself, its accounts are in cross margin."""


def test_every_fault_is_described() -> None:
    table = README.partition("## Faults")[2].partition("## In a test")[0]
    named = set(
        re.findall(
            r"`([a-z_]+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if "|" in line)
        )
    )
    assert named == set(FaultPlan.__struct_fields__) - {"codes"}
    assert "`retcode.10016`" in table


async def test_every_command_is_described_and_answers(server, exchange, http) -> None:
    control = Control(server, "token")
    await control.start()
    paths = {path for path, _ in CURLS}
    served = {resource.canonical for resource in control._runner.app.router.resources()}
    assert {f"/{path}" for path in paths} == served
    name = next(account.name for account in exchange.accounts() if account.parent_uid != "0")
    for path, body in CURLS:
        data = body.replace("mm-btc-1", name) or None
        url = f"{control.url}/{path}" + (f"?account={name}" if path == "truth" else "")
        async with http.request(
            "POST" if data else "GET", url, data=data, headers={"Authorization": "Bearer token"}
        ) as reply:
            answer = await reply.json()
        assert reply.status == 200 or path in NEED_MORE, (path, answer)
    await control.stop()


@pytest.mark.parametrize("body", [body for _, body in CURLS if body])
def test_the_bodies_are_json_of_known_fields(body) -> None:
    known = {
        name
        for kind in vars(orders_given).values()
        if isinstance(kind, type)
        for name in getattr(kind, "__struct_fields__", ())
    }
    assert json.loads(body).keys() <= known
