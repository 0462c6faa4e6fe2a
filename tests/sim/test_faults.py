import pytest

from marginwatch.errors import ConfigError
from marginwatch.sim.faults import FaultPlan, Faults, parse_faults


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
        ("dorp=0.1", "'dorp' is not a fault; known are clock_skew, close"),
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
