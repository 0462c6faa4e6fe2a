"""The soak at a tiny size, and the referee's judgement by itself: a referee that sees no difference proves nothing."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.soak.__main__ import main
from benchmarks.soak.compare import differences
from benchmarks.soak.gauge import memory_of
from benchmarks.soak.phases import calls_per_second, quota_s, sockets_at_once
from benchmarks.soak.plan import Plan, fault_list, passing_codes
from benchmarks.soak.verdicts import judge

from marginwatch.sim.faults import FaultPlan, parse_faults

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("soak")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.soak", "--size", "tiny"),
            *("--json", str(folder / "result.json"), "--folder", str(folder / "run")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads((folder / "result.json").read_text())


def test_a_tiny_soak_keeps_every_promise_that_time_does_not_decide(soaked: tuple[str, dict]) -> None:
    text, found = soaked
    assert {one["is_kept"] for one in found["promises"]} == {True, None}
    for one in found["promises"]:
        assert one["promise"] in text
    truth = found["result"]["truth"]
    assert truth["is_true"]
    assert truth["rows"] > 2 * truth["survivors"]
    assert sorted(truth["stopped"]) == truth["doomed"]
    assert len(truth["doomed"]) == 2


def test_everything_did_go_wrong(soaked: tuple[str, dict]) -> None:
    result = soaked[1]["result"]
    mishaps = result["faults"]["mishaps"]
    assert mishaps["crash"] == 1
    assert sum(number for name, number in mishaps.items() if name.startswith("keys ")) >= 2
    assert {"ban", "freeze", "mode_change", "pushes"} <= mishaps.keys()
    assert result["end"]["sessions"]["connects"] > 40
    assert result["picture"]["calls"] >= 40 * 7


def test_a_soak_that_is_stopped_leaves_nobody_behind(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "benchmarks.soak", "--size", "tiny", "--folder", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith("3 "):
                break
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        pids = children.read_text().split() if children.exists() else []
        running.terminate()
        assert "nothing was judged" in running.stdout.read()
        assert running.wait(30) == 130
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert "stopped" in (folder / "monitor.log").read_text().splitlines()[-1]


def test_no_fault_of_the_simulator_is_left_out_and_none_but_revoke_kills_a_key() -> None:
    plan = parse_faults(fault_list(Plan(), 1.2))
    untouched = [
        name for name in FaultPlan.__struct_fields__ if getattr(plan, name) == getattr(FaultPlan(), name)
    ]
    assert untouched == []
    assert len(plan.codes) == len(passing_codes(60.0)) > 20
    assert not {10003, 10004, 10005, 10010, 10018, 10028, 33004} & {one.code for one in plan.codes}
    assert {10000, 10001, 10002, 10006, 10016, 131001} <= {one.code for one in plan.codes}
    assert plan.ban_for == 20.0


BOOK = {
    "a": {
        "positions": {"BTCUSDT/0": ("0.5", "60000.1"), "ETHUSDT/2": ("-3", "3000")},
        "coins": {"USDT": "10.5"},
    },
    "b": {"positions": {}, "coins": {"BTC": "0", "USDC": "-1"}},
}


def truth_of(**changes: Any) -> dict[str, Any]:
    row = {"symbol": "BTCUSDT", "position_idx": 0, "side": "Buy", "size": "0.50", "entry_price": "60000.1"}
    short = {
        "symbol": "ETHUSDT",
        "position_idx": 2,
        "side": "Sell",
        "size": "3",
        "entry_price": "3000.000000004",
    }
    flat = {"symbol": "XRPUSDT", "position_idx": 0, "side": "", "size": "0", "entry_price": None}
    return {
        "a": {
            "positions": [{**row, **changes}, short, flat],
            "wallet": {
                "coins": [{"coin": "USDT", "wallet_balance": "10.50"}, {"coin": "XRP", "wallet_balance": "0"}]
            },
        },
        "b": {"positions": [], "wallet": {"coins": [{"coin": "USDC", "wallet_balance": "-1"}]}},
    }


def test_a_true_book_is_seen_as_true() -> None:
    assert differences(BOOK, truth_of(), ["a", "b"]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"size": "0.51"},
        {"side": "Sell"},
        {"entry_price": "60000.2"},
        {"position_idx": 1},
        {"symbol": "BTCUSDC"},
    ],
)
def test_every_kind_of_untruth_is_seen(change: dict[str, Any]) -> None:
    assert [line.split()[0] for line in differences(BOOK, truth_of(**change), ["a", "b"])] == ["a"]


def test_missing_rows_coins_and_accounts_are_seen() -> None:
    lacking = copy.deepcopy(BOOK)
    del lacking["a"]["positions"]["ETHUSDT/2"]
    lacking["b"]["coins"]["USDC"] = None
    lines = differences(lacking, truth_of(), ["a", "b", "c"])
    assert [line.split()[0] for line in lines] == ["a", "b", "c"]
    assert "ETHUSDT/2: ours nothing, theirs -3 at 3000.00000000" in lines[0]


def test_the_trend_of_memory_is_that_after_the_warm_up() -> None:
    rising = [(float(at), 100.0 if at < 100 else 100.0 + 0.1 * (at - 100)) for at in range(0, 301, 2)]
    found = memory_of(rising)
    assert found is not None
    assert found.slope_mib_min == pytest.approx(6.0)
    assert found.growth == pytest.approx(0.2)
    level = memory_of([(float(at), 50.0 + min(at, 60)) for at in range(0, 301, 2)])
    assert level is not None
    assert level.growth == pytest.approx(0.0)
    assert memory_of(rising[:5]) is None


def test_quotas_are_those_of_the_exchange_at_our_share() -> None:
    plan = Plan(share_of_limit=0.9)
    assert calls_per_second(plan) == 108.0
    assert sockets_at_once(plan) == 450
    assert [quota_s(plan, sockets) for sockets in (450, 451, 900, 901)] == [0.0, 300.0, 300.0, 600.0]


def test_a_phase_that_was_not_reached_is_a_promise_not_kept() -> None:
    assert {one["is_kept"] for one in judge({}, Plan())} == {False}


def test_one_call_too_many_or_one_write_is_seen(soaked: tuple[str, dict]) -> None:
    result, plan = copy.deepcopy(soaked[1]["result"]), Plan(accounts=40, is_timed=False)
    result["end"]["limits"]["calls"]["peak"] = 541
    result["end"]["counts"]["writes"] = 1
    result["end"]["memory"]["monitor"] = None
    missed = [one["promise"] for one in judge(result, plan) if one["is_kept"] is False]
    assert missed == [
        "REST calls of the address: never above 90% of the limit",
        "nothing written at the exchange",
    ]


@pytest.mark.parametrize("argument", ["--accounts=5", "--minutes=0", "--share=1.5", "--folder=tests"])
def test_a_number_out_of_range_is_a_usage_error(argument: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([argument]) == 2
    assert argument.partition("=")[0] in capsys.readouterr().err
