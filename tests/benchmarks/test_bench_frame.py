"""The benchmark of the frame runs, and measures what it says."""

import json
import runpy
from pathlib import Path


def test_small_run_measures_everything(capsys):
    module = runpy.run_path(str(Path(__file__).resolve().parents[2] / "benchmarks" / "bench_frame.py"))
    module["main"](["--accounts", "30", "--positions", "5", "--instruments", "20", "--rounds", "2", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["positions"], found["lane_accounts"]) == (150, 25)
    for name in ("frame_ms", "numpy_totals_ms", "dict_loop_ms", "lane_us", "apply_us"):
        assert found[name] > 0.0
