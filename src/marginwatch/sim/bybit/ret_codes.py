"""The texts that go with retCodes which the simulator does not earn by itself but can be told to give.

Documents: v5/error (2026-07); texts not printed there as seen in clients, or plain ones of ours.
"""

TEXTS: dict[int, str] = {
    -2015: "Your api key has expired.",
    -1: "request expired, o(0), now, diff",
    429: "System level frequency protection.",
    5004: "Server Timeout",
    10000: "Server Timeout",
    10001: "Request parameter error.",
    10002: "invalid request, please check your server timestamp or recv_window param.",
    10003: "API key is invalid.",
    10004: "Error sign, please check your signature generation algorithm.",
    10005: "Permission denied, please check your API key permissions.",
    10006: "Too many visits. Exceeded the API Rate Limit.",
    10007: "User authentication failed.",
    10008: "Common banned, please check your account mode.",
    10009: "The service is restricted in your region.",
    10010: "Unmatched IP, please check your API key's bound IP addresses.",
    10014: "Invalid duplicate request.",
    10016: "Server error.",
    10017: "Route not found.",
    10018: "Exceeded the IP Rate Limit.",
    10019: "Websocket trade service is restarting.",
    10020: "Not supported, please upgrade to a unified account.",
    10024: "Compliance rules triggered.",
    10027: "Transactions are banned.",
    10028: "The API can only be accessed by unified account users.",
    10029: "The requested symbol is invalid, please check symbol whitelist.",
    10403: "Exceed IP rate limit.",
    10404: "op type is not found.",
    10429: "System level frequency protection.",
    20001: "Repeat auth.",
    20003: "Too frequent requests under the same session.",
    20006: "reqId is duplicated.",
    33004: "Your api key has expired.",
    100028: "The API cannot be accessed by unified account users.",
    110018: "User id is illegal.",
    110031: "No risk limit info.",
    110063: "Settlement in progress.",
    110067: "Unified account is not supported.",
    110077: "Portfolio margin mode is not supported.",
    110088: "Please upgrade to a unified trading account.",
    131001: "Asset service error.",
    131002: "Asset parameter error.",
    131003: "Internal error.",
    500010: "The subaccount does not belong to the parent account.",
    500011: "The uid is not of a unified account.",
    3100116: "Order quantity below the lower limit.",
    3100181: "UID can not be null.",
    3100197: "Temporarily banned due to the upgrade to a unified account.",
    3100326: "BaseCoin is required.",
    3500002: "Current user is not an institutional user.",
    3500153: "No permission to operate these UIDs.",
}
"""retCode → ``retMsg``: every code that a client which only reads can meet."""


def text_of(code: int, *, now_ms: int) -> str:
    """Return the ``retMsg`` of a code; clients read the skew of their clock from that of 10002."""
    text = TEXTS.get(code, "Unknown error.")
    if code == 10002:
        return f"{text} req_timestamp[{now_ms - 60_000}],server_timestamp[{now_ms}],recv_window[5000]"
    return text
