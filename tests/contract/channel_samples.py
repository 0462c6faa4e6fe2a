"""For each kind of channel that speaks HTTP: how to configure it, what its platform answers, and what it holds at most."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.notify.channels.platform import Heard, Reply

SECRET = "s3cr3tS3cr3tS3cr3t"
"""Part of every secret below: it may be seen nowhere but in requests."""


@dataclass(frozen=True)
class Sample:
    """One kind.

    ``keys`` are those of its table without name and type, ``secrets`` the values behind its references, ``good`` an
    answer of success, ``is_within`` whether a request is within the platform's limit. ``address`` is the key of its
    address. Channels that send data instead of words take any status of success and leave nothing out.
    """

    keys: dict[str, Any]
    secrets: dict[str, str]
    good: Reply
    is_within: Callable[[Heard], bool]
    address: str = "base_url"
    is_words: bool = True


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


SAMPLES = {
    "telegram": Sample(
        keys={"token": "env:X", "chat": -100},
        secrets={"token": f"123456:{SECRET}"},
        good=Reply({"ok": True, "result": {"message_id": 1, "chat": {"id": -100}}}),
        is_within=lambda heard: 0 < utf16(heard.json()["text"]) <= 4096,
    ),
    "slack": Sample(
        keys={"webhook": "env:X"},
        secrets={"webhook": f"https://hooks.slack.com/services/T0/B0/{SECRET}"},
        good=Reply("ok"),
        is_within=lambda heard: len(heard.json()["blocks"]) <= 50 and len(heard.body.decode()) <= 13_200,
    ),
    "line": Sample(
        keys={"token": "env:X", "to": "U" + "0" * 32},
        secrets={"token": SECRET},
        good=Reply({"sentMessages": [{"id": "461230966842064897", "quoteToken": "q"}]}),
        is_within=lambda heard: 0 < utf16(heard.json()["messages"][0]["text"]) <= 5_000,
    ),
    "wecom": Sample(
        keys={"webhook": "env:X"},
        secrets={"webhook": SECRET},
        good=Reply({"errcode": 0, "errmsg": "ok"}),
        is_within=lambda heard: 0 < len(heard.json()["markdown"]["content"].encode()) <= 4_096,
    ),
    "feishu": Sample(
        keys={"webhook": "env:X", "secret": "env:Y"},
        secrets={"webhook": f"https://open.feishu.cn/open-apis/bot/v2/hook/{SECRET}", "secret": f"Y{SECRET}"},
        good=Reply({"code": 0, "msg": "success", "data": {}}),
        is_within=lambda heard: len(heard.body) <= 20_000,
    ),
    "dingtalk": Sample(
        keys={"webhook": "env:X", "secret": "env:Y"},
        secrets={"webhook": SECRET, "secret": f"SEC{SECRET}"},
        good=Reply({"errcode": 0, "errmsg": "ok"}),
        is_within=lambda heard: len(heard.body) <= 20_000,
    ),
    "webhook": Sample(
        keys={"signing_key": "env:X"},
        secrets={"signing_key": SECRET},
        good=Reply("thanks"),
        is_within=lambda heard: isinstance(heard.json(), dict),
        address="url",
        is_words=False,
    ),
    "alertmanager": Sample(
        keys={"bearer_token": "env:X"},
        secrets={"bearer_token": SECRET},
        good=Reply(""),
        is_within=lambda heard: isinstance(heard.json(), list),
        address="url",
        is_words=False,
    ),
}
