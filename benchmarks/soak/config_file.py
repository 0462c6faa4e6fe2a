"""The monitor's configuration file for the accounts of a simulated exchange, written as an owner would write it."""

import json
from pathlib import Path
from typing import Any

from benchmarks.soak.plan import Plan


def write_config(folder: Path, exchange: dict[str, Any], plan: Plan) -> tuple[Path, dict[str, str]]:
    """Write ``marginwatch.toml`` and return its path, and the environment that holds the keys.

    Parameters
    ----------
    folder : Path
        Where; data and token go there too.
    exchange : dict
        The first line of ``marginwatch sim --json``.
    plan : Plan
        Limits and intervals.
    """
    public = ", ".join(f"{name} = {json.dumps(url)}" for name, url in exchange["public"].items())
    urls = f'{{ rest = "{exchange["rest"]}", private = "{exchange["private"]}", public = {{ {public} }} }}'
    lines = [
        "[service]",
        "port = 0",
        'data_dir = "data"',
        'log_format = "json"',
        "[limits]",
        f"share_of_limit = {plan.share_of_limit}",
        f"ban_wait_s = {plan.ban_wait_s}",
        "[collect]",
        *(f"{name} = {value}" for name, value in plan.collect.items()),
    ]
    secrets: dict[str, str] = {}
    for number, account in enumerate(exchange["accounts"]):
        key, secret = f"SOAK_KEY_{number}", f"SOAK_SECRET_{number}"
        secrets |= {key: account["api_key"], secret: account["api_secret"]}
        lines += [
            "[[account]]",
            f"id = {json.dumps(account['id'])}",
            'venue = "bybit"',
            f"urls = {urls}",
            f'api_key = "env:{key}"',
            f'api_secret = "env:{secret}"',
            f'desk = "{account["id"].rpartition("-")[0] or "desk"}"',
        ]
    path = folder / "marginwatch.toml"
    path.write_text("\n".join(lines) + "\n")
    return path, secrets
