import pytest

from marginwatch.errors import ConfigError
from marginwatch.sim.faults import CodeFault, FaultPlan, Faults, parse_faults
from marginwatch.sim.faults import plan as plan_module


def test_a_list_is_read_with_its_units() -> None:
    plan = parse_faults(
        "drop=0.01, duplicate=2%,disconnect=30s,delay=5ms..50ms,latency=1s,half_open=2m,clock_skew=-1.5s"
    )
    assert plan == FaultPlan(
        drop=0.01,
        duplicate=0.02,
        disconnect=30.0,
        delay=(0.005, 0.05),
        latency=(1.0, 1.0),
        half_open=120.0,
        clock_skew=-1.5,
    )
    assert parse_faults("") == FaultPlan()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dorp=0.1", "'dorp' is not a fault; known are ban, ban_for, clock_skew, close"),
        ("drop", "drop needs a value, such as drop=0.01"),
        ("delay", "such as delay=5ms..50ms"),
        ("drop=1.5", "between 0 and 1"),
        ("drop=nan", "between 0 and 1"),
        ("drop=often", "'drop=often': it is not a number"),
        ("disconnect=30", "with a unit"),
        ("disconnect=-3s", "not negative"),
        ("delay=50ms..5ms", "from the shorter to the longer"),
        ("drop=0.1,drop=0.2", "drop is given twice"),
    ],
)
def test_a_bad_list_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match="faults") as caught:
        parse_faults(text)
    assert said in str(caught.value)


def test_the_same_seed_gives_the_same_fates() -> None:
    plan = parse_faults("drop=0.2,duplicate=0.2,reorder=0.2,malformed=0.1,truncate=0.05,delay=1ms..9ms")
    first, second = (Faults(plan, seed=4).for_socket() for _ in range(2))
    fates = [first.frame_fate() for _ in range(500)]
    assert fates == [second.frame_fate() for _ in range(500)]
    other = Faults(plan, seed=5).for_socket()
    assert fates != [other.frame_fate() for _ in range(500)]
    assert {fate.copies for fate in fates} == {0, 1, 2}
    assert {fate.damage for fate in fates} == {None, "malformed", "truncate"}


def test_chances_come_out_about_as_asked() -> None:
    dice = Faults(parse_faults("drop=0.3"), seed=1).for_socket()
    lost = sum(dice.frame_fate().copies == 0 for _ in range(5000))
    assert 1350 < lost < 1650


def test_faults_stop_and_start_at_run_time() -> None:
    faults = Faults(parse_faults("drop=1,rest_error=1,latency=1s,clock_skew=3s"))
    dice = faults.for_socket()
    assert dice.frame_fate().copies == 0
    assert faults.rest_fault() == "error"
    faults.stop()
    assert dice.frame_fate().copies == 1
    assert (faults.rest_fault(), faults.rest_latency_s(), faults.clock_skew_s) == (None, 0.0, 0.0)
    faults.start()
    assert faults.clock_skew_s == 3.0


def test_rest_faults_share_one_throw() -> None:
    faults = Faults(parse_faults("rest_error=0.2,rest_busy=0.2,rest_limited=0.2"), seed=2)
    seen = [faults.rest_fault() for _ in range(1000)]
    assert set(seen) == {None, "error", "busy", "limited"}
    assert 300 < seen.count(None) < 500


def test_codes_name_a_number_endpoints_and_a_chance() -> None:
    plan = parse_faults("retcode.10016@/v5/position/*=2%, retcode.-1=0.5,drop=0.1")
    assert plan.codes == (CodeFault(10016, "/v5/position/*", 0.02), CodeFault(-1, "*", 0.5))
    assert plan.drop == 0.1
    for text in (
        "retcode.x=1",
        "retcode.10016@position=1",
        "retcode.1=1s",
        "retcode.1=1,retcode.1=1",
        "codes=1",
    ):
        with pytest.raises(ConfigError, match="faults"):
            parse_faults(text)


def test_every_fault_of_the_list_can_be_set_and_is_described() -> None:
    described = {
        line.split()[0] for line in plan_module.__doc__.splitlines() if line[:1].isalpha() and "  " in line
    }
    for name in FaultPlan.__struct_fields__:
        if name != "codes":
            assert name in described
            values = ("0.5", "30s", "5s..6s")
            plans = [p for value in values if (p := read(f"{name}={value}")) is not None]
            assert plans, name
            assert getattr(plans[-1], name) != getattr(FaultPlan(), name)


def read(text: str) -> FaultPlan | None:
    try:
        return parse_faults(text)
    except ConfigError:
        return None


def test_the_doomed_are_the_planned_share_and_the_same_again() -> None:
    plan = parse_faults("revoke=5%,revoke_after=20s..30s")
    uids = [str(100 + number) for number in range(1000)]
    dooms = Faults(plan, seed=3).dooms(uids)
    assert dooms == Faults(plan, seed=3).dooms(reversed(uids))
    assert len(dooms) == 50
    assert all(20 <= doom.after_s <= 30 for doom in dooms.values())
    assert {doom.how for doom in dooms.values()} == {"revoked", "expired", "bound elsewhere"}
    assert dooms.keys() != Faults(plan, seed=4).dooms(uids).keys()


def test_a_new_plan_counts_at_once_for_sockets_that_are_open() -> None:
    faults = Faults(seed=1)
    dice = faults.for_socket()
    assert dice.frame_fate().copies == 1
    faults.plan = parse_faults("drop=1,slow_reader=2s")
    assert (dice.frame_fate().copies, dice.reading_s()) == (0, 2.0)
