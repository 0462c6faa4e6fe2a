"""The configuration in each channel's README is one that works, and its steps name every key that must be there."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.notify.channels.platform import context

from marginwatch.config.table import Complaints, read_table
from marginwatch.model.secret import Secret
from marginwatch.notify.channels import registry

FOLDER = Path(registry.__file__).parent
SECRETS = {
    ("telegram", "token"): "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11",
    ("slack", "webhook"): "https://hooks.slack.com/services/T0/B0/X0",
}
ANY_SECRET = "0123456789abcdef"


def examples(kind: str) -> list[dict[str, Any]]:
    blocks = re.findall(r"```toml\n(.*?)```", (FOLDER / kind / "README.md").read_text(), re.DOTALL)
    return [table for block in blocks for table in tomllib.loads(block).get("channel", [])]


@pytest.mark.parametrize("kind", ["telegram", "slack", "line", "wecom", "feishu", "dingtalk"])
async def test_examples_are_read_and_built(kind: str) -> None:
    manifest = registry.KINDS[kind]
    found = examples(kind)
    assert found
    required = {field.name for field in msgspec.structs.fields(manifest.table) if field.required}
    for table in found:
        complaints = Complaints(Path("example.toml"), {})
        keys = read_table(complaints, ("channel", 0), table, manifest.table)
        complaints.raise_if_any()
        assert required <= set(keys)
        given = {key: SECRETS.get((kind, key), ANY_SECRET) for key in manifest.secrets if keys.get(key)}
        assert all(str(keys[key]).startswith("env:") for key in given)
        async with context() as made:
            built = manifest.build(
                manifest.table(**keys), {key: Secret(value) for key, value in given.items()}, made
            )
            await built.close()
