"""The limit of open files: told once, kept clear of, and survived."""

import errno
import subprocess
import sys
from collections.abc import Callable

from marginwatch.collect.socket_places import RESERVE, SocketPlaces, is_exhausted, open_files_max
from marginwatch.errors import ConnectivityError
from marginwatch.model.account import AccountSpec
from marginwatch.model.notice import Notice

Spec = Callable[..., AccountSpec]


async def test_accounts_beyond_the_limit_are_polled_and_one_notice_says_what_is_needed(
    desk, make_spec: Spec
) -> None:
    reserve = RESERVE + desk.settings.sweeps_at_once
    desk.files_max = 12
    specs = [make_spec(f"a{number}") for number in range(5)]
    fleet = await desk.start(*specs)
    await desk.clock.advance(10)
    states = [desk.state(spec.account_id) for spec in specs]
    assert (states.count("streaming"), states.count("polling")) == (3, 2)
    assert fleet.progress().n_waiting_for_socket == 2
    (notice,) = desk.notices
    assert (notice.kind, notice.account_id) == ("open_files", None)
    assert f"ulimit -n {reserve + 5}" in notice.message
    assert "2 accounts are polled" in notice.message
    # A place that becomes free is used.
    gone = next(spec for spec, state in zip(specs, states, strict=True) if state == "streaming")
    await fleet.apply([spec for spec in specs if spec is not gone])
    await desk.clock.advance(10)
    assert [desk.state(spec.account_id) for spec in specs if spec is not gone].count("streaming") == 3
    assert len(desk.notices) == 1


async def test_where_there_is_room_nothing_is_said(desk, make_spec: Spec) -> None:
    desk.files_max = 8
    await desk.start(make_spec("a"), make_spec("b"))
    await desk.clock.advance(5)
    assert (desk.state("a"), desk.state("b"), desk.notices) == ("streaming", "streaming", [])


async def test_running_out_is_told_once_for_all_accounts_and_again_only_after_it_was_over(
    desk, make_spec: Spec
) -> None:
    connect, errors = desk.wire.connect, [OSError(errno.EMFILE, "Too many open files")]

    async def failing(url: str, owner: object, timeout_s: float) -> object:
        if errors:
            raise ConnectivityError("the socket could not be opened") from errors[0]
        return await connect(url, owner, timeout_s)

    desk.wire.connect = failing
    await desk.start(*(make_spec(f"a{number}") for number in range(4)))
    await desk.clock.advance(30)
    assert [notice.kind for notice in desk.notices] == ["open_files"]
    assert "ulimit -n" in desk.notices[0].message
    assert desk.state("a0") == "polling"
    errors.clear()
    await desk.clock.advance(90)
    assert desk.state("a0") == "streaming"


def test_a_tiny_limit_still_leaves_most_of_it() -> None:
    told: list[Notice] = []
    places = SocketPlaces(64, 64, told.append)
    assert places.n_places == 16
    places.expect(16)
    assert told == []
    assert SocketPlaces(1000, 64, told.append).n_places == 1000 - 64 - RESERVE
    assert SocketPlaces(None, 64, told.append).n_places is None


def test_only_the_lack_of_files_counts_as_such() -> None:
    error = ConnectivityError("x")
    error.__cause__ = OSError(errno.ECONNREFUSED, "refused")
    assert not is_exhausted(error)
    error.__cause__.__cause__ = OSError(errno.ENFILE, "file table overflow")
    assert is_exhausted(error)


def test_the_limit_is_read_from_the_system() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300));"
        "from marginwatch.collect.socket_places import open_files_max; print(open_files_max())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "300"
    assert open_files_max() is None or open_files_max() > 0
