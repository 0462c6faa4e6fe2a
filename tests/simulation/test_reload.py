"""A changed configuration at run time: nobody vanishes silently, and a change that does nothing is said to do nothing."""

from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from marginwatch.config.settings import RefusedAccount
from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.risk.tables import account_rows, not_included

GONE = "marginwatch.toml:12: api_secret: the variable MM is not set; set it"


def refused(spec: Any, **changes: Any) -> RefusedAccount:
    blank = {"api_key": Secret(""), "api_secret": Secret("")}
    return RefusedAccount(spec=msgspec.structs.replace(spec, **{**blank, **changes}), reason=GONE)


def left_out(service: Any) -> dict[str, tuple[str, str]]:
    entries = not_included(service.engine.run_frame())
    return {entry.account_id: (entry.state, entry.reason) for entry in entries if entry.kind == "account"}


@pytest.mark.parametrize("new_venue", [None, "bybit@elsewhere"])
async def test_a_running_account_that_is_refused_stays_in_sight(
    set_stage: Any, until: Any, new_venue: str | None
) -> None:
    async with set_stage(61, n_accounts=3) as stage:
        first, *others = [stage.spec(info) for info in stage.exchange.accounts()]
        async with stage.watched(stage.config([first, *others])) as service:
            await until(service.is_complete, 40, service.statuses)
            venue = {} if new_venue is None else {"venue": new_venue}
            config = msgspec.structs.replace(stage.config(others), refused=(refused(first, **venue),))
            with capture_logs() as lines:
                await service.reload(config)
                await service.reload(config)
            assert left_out(service) == {first.account_id: ("stopped", GONE)}
            assert len(account_rows(service.engine.run_frame())) == 3
            assert len([line for line in lines if line.get("kind") == "account_refused"]) == 1

            await service.reload(stage.config([first, *others]))
            await until(
                lambda: service.is_complete() and not left_out(service), 20, lambda: left_out(service)
            )

            await service.reload(config)
            await service.reload(stage.config(others))
            assert len(account_rows(service.engine.run_frame())) == 2


async def test_a_change_that_needs_a_restart_is_named(set_stage: Any) -> None:
    async with set_stage(62, n_accounts=1) as stage, stage.watched(stage.config()) as service:
        with capture_logs() as lines:
            await service.reload(stage.config(share=0.5, poll_s=3.0))
            await service.reload(service.config)
        (line,) = [line for line in lines if "tables" in line]
        assert line["tables"] == ["limits", "collect"]


async def test_accounts_that_cannot_be_used_leave_the_old_ones_in_force(set_stage: Any, until: Any) -> None:
    async with set_stage(63, n_accounts=2) as stage, stage.watched(stage.config()) as service:
        await until(service.is_complete, 40, service.statuses)
        before = service.config
        twice = [stage.spec(info) for info in stage.exchange.accounts()] * 2
        with pytest.raises(ConfigError, match="stands twice"):
            await service.reload(stage.config(twice))
        assert service.config is before
        assert [one.account_id for one in service.statuses()] == [one.account_id for one in before.accounts]
