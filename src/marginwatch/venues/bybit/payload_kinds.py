"""Which kind of payload a file holds, told by its shape alone."""

from collections.abc import Mapping
from typing import Any, Final, cast

from marginwatch.errors import ConfigError, ProtocolError

KINDS: Final = (
    "rest position",
    "rest position (contract v3)",
    "rest wallet-balance",
    "rest account-info",
    "rest coin-greeks",
    "rest option-asset-info",
    "rest collateral-info",
    "rest collateral-tiers",
    "rest borrow-tiers",
    "rest fee-rate",
    "rest transaction-log",
    "rest closed-pnl",
    "rest execution",
    "rest open-orders",
    "rest tickers",
    "rest instruments",
    "rest risk-limit",
    "rest risk-limit (v2)",
    "rest query-api",
    "rest sub-members",
    "rest system-status",
    "ws position",
    "ws wallet",
    "ws execution",
    "ws order",
    "ws greeks",
    "ws tickers",
    "ws tickers sequence",
    "ws control",
    "error",
    "ws error",
)
"""What ``--kind`` may say."""

_ROW_KINDS: Final = (
    # In this order: an order names a positionIdx too, and a position a riskLimitValue.
    ({"orderStatus"}, "rest open-orders"),
    ({"positionIdx", "size"}, "rest position"),
    ({"execId"}, "rest execution"),
    ({"coin", "accountType"}, "rest wallet-balance"),
    ({"collateralRatioList"}, "rest collateral-tiers"),
    ({"positionTiersRatioList"}, "rest borrow-tiers"),
    ({"currency", "marginCollateral"}, "rest collateral-info"),
    ({"totalDelta", "baseCoin"}, "rest coin-greeks"),
    ({"transactionTime", "currency"}, "rest transaction-log"),
    ({"closedPnl", "avgEntryPrice"}, "rest closed-pnl"),
    ({"riskLimitValue", "maintenanceMargin"}, "rest risk-limit"),
    ({"baseCoin", "quoteCoin"}, "rest instruments"),
    ({"takerFeeRate"}, "rest fee-rate"),
    ({"symbol", "lastPrice"}, "rest tickers"),
    ({"symbol", "markPrice", "indexPrice"}, "rest tickers"),
    ({"serviceTypes", "state"}, "rest system-status"),
)
"""Keys that a row must have → kind."""

_RESULT_KINDS: Final = (
    ({"marginMode"}, "rest account-info"),
    ({"unifiedMarginStatus"}, "rest account-info"),
    ({"result"}, "rest option-asset-info"),
    ({"readOnly", "userID"}, "rest query-api"),
    ({"subMembers"}, "rest sub-members"),
)

_TOPIC_KINDS: Final = {
    "position": "ws position",
    "wallet": "ws wallet",
    "execution": "ws execution",
    "order": "ws order",
    "greeks": "ws greeks",
    "tickers": "ws tickers",
}


def check_kind(kind: str | None) -> None:
    """Raise unless ``kind`` is one that we know, or None.

    Raises
    ------
    ConfigError
        Naming those that there are.
    """
    if kind is not None and kind not in KINDS:
        raise ConfigError(f"--kind {kind[:60]!r} is unknown; for bybit it is one of: {', '.join(KINDS)}")


def kind_of(payload: object) -> str:
    """Return the kind of a payload.

    Parameters
    ----------
    payload : object
        Decoded JSON: a reply, a frame, a row, or a list of frames or rows.

    Raises
    ------
    ProtocolError
        If its shape is not one of Bybit's; say the kind with ``--kind``.
    """
    if isinstance(payload, list):
        return _kind_of_list(cast("list[object]", payload))
    if isinstance(payload, Mapping):
        return _kind_of_object(cast("Mapping[str, Any]", payload))
    raise ProtocolError(f"the payload is {type(payload).__name__}, not an object or a list")


def has_failed(payload: Mapping[str, Any]) -> bool:
    """Return whether a reply is a refusal."""
    for name in ("retCode", "ret_code"):
        if name in payload and payload[name] not in (0, "0", None):
            return True
    return payload.get("success") is False


def _kind_of_list(items: list[object]) -> str:
    first = items[0] if items else None
    if not isinstance(first, Mapping):
        raise ProtocolError("the payload is a list without objects in it; say what it is with --kind")
    first_object = cast("Mapping[str, Any]", first)
    if "topic" not in first_object:
        return _kind_of_object(first_object)
    kind = _kind_of_object(first_object)
    return "ws tickers sequence" if kind == "ws tickers" else kind


def _kind_of_object(payload: Mapping[str, Any]) -> str:
    topic = payload.get("topic")
    if isinstance(topic, str):
        kind = _TOPIC_KINDS.get(topic.partition(".")[0])
        if kind is None:
            raise ProtocolError(f"topic {topic[:60]!r} is not one that is read")
        return kind
    if has_failed(payload):
        return "ws error" if "op" in payload or "success" in payload else "error"
    if "op" in payload or "success" in payload:
        return "ws control"
    if "result" in payload and ("retCode" in payload or "ret_code" in payload or "retMsg" in payload):
        return _kind_of_result(payload["result"])
    if (kind := _row_kind(payload)) is not None:
        return kind
    return _kind_of_result(payload)


def _kind_of_result(result: object) -> str:
    if isinstance(result, list):
        # Only the retired v2 replies have their rows here.
        return "rest risk-limit (v2)"
    if not isinstance(result, Mapping):
        raise ProtocolError("the reply has no result; say what it is with --kind")
    fields = cast("Mapping[str, Any]", result)
    rows = fields.get("list")
    if isinstance(rows, list):
        return _kind_of_rows(cast("list[object]", rows))
    for keys, kind in _RESULT_KINDS:
        if keys <= fields.keys():
            return kind
    raise ProtocolError("the shape of the result is not one that is known; say what it is with --kind")


def _kind_of_rows(rows: list[object]) -> str:
    if not rows:
        return "rest position"  # Any list kind would do: nothing is in it.
    for row in rows:
        if isinstance(row, Mapping) and (kind := _row_kind(cast("Mapping[str, Any]", row))) is not None:
            return kind
    raise ProtocolError("the rows of the list are of no shape that is known; say what they are with --kind")


def _row_kind(row: Mapping[str, Any]) -> str | None:
    return next((kind for keys, kind in _ROW_KINDS if keys <= row.keys()), None)
